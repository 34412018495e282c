import { PlusOutlined } from '@ant-design/icons';
import { Button, Typography } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { AccessKey } from '@/api/model';
import { useAccessKeys } from '@/api/shared/useAccessKeys';
import { Can } from '@/session/Can';
import { permission } from '@/session/permissions';
import { type Column, DataTable } from '@/ui/DataTable';
import { Moment } from '@/ui/Moment';
import { PageHeader } from '@/ui/PageHeader';
import { State } from '@/ui/State';
import { useListState } from '@/ui/useListState';
import { AddAccessKeyModal } from './components/AddAccessKeyModal';
import { KeyActions } from './components/KeyActions';

export default function AccessKeysPage() {
  const { t } = useTranslation();
  const list = useListState();
  const query = useAccessKeys(list.paging);
  const [adding, setAdding] = useState(false);

  const columns: Column<AccessKey>[] = [
    { key: 'key', title: t('accessKeys.key'), render: (row) => <Typography.Text copyable className="hb-mono">{row.access_key}</Typography.Text> },
    { key: 'user', title: t('accessKeys.user'), render: (row) => row.username },
    { key: 'role', title: t('accessKeys.role'), render: (row) => t(`ui.role.${row.role}`) },
    { key: 'status', title: t('accessKeys.status'), render: (row) => <State of="account" value={row.enabled ? 'enabled' : 'disabled'} /> },
    { key: 'description', title: t('accessKeys.description'), render: (row) => <span className="hb-clip" title={row.description}>{row.description || '–'}</span> },
    { key: 'created', title: t('accessKeys.createdAt'), render: (row) => <Moment at={row.created_at} /> },
    { key: 'actions', title: t('ui.actions'), actions: true, render: (row) => <KeyActions accessKey={row} /> },
  ];

  return (
    <>
      <PageHeader
        title={t('accessKeys.title')}
        description={t('accessKeys.about')}
        actions={<Can do={permission.accessKeysWrite}><Button type="primary" icon={<PlusOutlined />} onClick={() => setAdding(true)} data-testid="add-access-key">{t('accessKeys.add')}</Button></Can>}
      />
      <DataTable query={query} rowKey={(row) => row.id} columns={columns} list={list} empty={t('accessKeys.empty')} label={t('accessKeys.title')} />
      <AddAccessKeyModal open={adding} onClose={() => setAdding(false)} />
    </>
  );
}
