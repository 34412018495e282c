import { PlusOutlined } from '@ant-design/icons';
import { Button } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { EnrolmentToken } from '@/api/model';
import { useEnrolmentTokens } from '@/api/shared/useEnrolmentTokens';
import { Can } from '@/session/Can';
import { permission } from '@/session/permissions';
import { ConfirmButton } from '@/ui/ConfirmButton';
import { type Column, DataTable } from '@/ui/DataTable';
import { Moment } from '@/ui/Moment';
import { PageHeader } from '@/ui/PageHeader';
import { State } from '@/ui/State';
import { useListState } from '@/ui/useListState';
import { useNotices } from '@/ui/useNotices';
import { useRevokeToken } from './api/useRevokeToken';
import { IssueTokenModal } from './components/IssueTokenModal';

export default function EnrolmentsPage() {
  const { t } = useTranslation();
  const list = useListState();
  const query = useEnrolmentTokens(list.paging);
  const revoke = useRevokeToken();
  const notices = useNotices();
  const [issuing, setIssuing] = useState(false);

  const columns: Column<EnrolmentToken>[] = [
    { key: 'name', title: t('enrolments.name'), render: (row) => <strong>{row.name}</strong> },
    { key: 'state', title: t('enrolments.state'), render: (row) => <State of="token" value={row.state} /> },
    { key: 'created_by', title: t('enrolments.createdBy'), render: (row) => row.created_by },
    { key: 'created_at', title: t('enrolments.createdAt'), render: (row) => <Moment at={row.created_at} /> },
    { key: 'expires_at', title: t('enrolments.expiresAt'), render: (row) => <Moment at={row.expires_at} /> },
    {
      key: 'actions', title: t('ui.actions'), actions: true,
      render: (row) => row.state === 'active' && (
        <Can do={permission.enrolmentsWrite}>
          <ConfirmButton
            danger
            action={t('enrolments.revoke')}
            question={t('enrolments.revokeQuestion', { name: row.name })}
            explanation={t('enrolments.revokeExplanation')}
            onConfirm={() => revoke.mutateAsync(row.id, { onError: notices.problem, onSuccess: () => notices.success(t('enrolments.revoked', { name: row.name })) })}
          />
        </Can>
      ),
    },
  ];

  return (
    <>
      <PageHeader
        title={t('enrolments.title')}
        description={t('enrolments.description')}
        actions={<Can do={permission.enrolmentsWrite}><Button type="primary" icon={<PlusOutlined />} onClick={() => setIssuing(true)} data-testid="issue-token">{t('enrolments.issue')}</Button></Can>}
      />
      <DataTable query={query} rowKey={(row) => row.id} columns={columns} list={list} empty={t('enrolments.empty')} label={t('enrolments.title')} />
      <IssueTokenModal open={issuing} onClose={() => setIssuing(false)} />
    </>
  );
}
