import { PlusOutlined } from '@ant-design/icons';
import { Button } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { User } from '@/api/model';
import { useUsers } from '@/api/shared/useUsers';
import { Can } from '@/session/Can';
import { permission } from '@/session/permissions';
import { surface } from '@/surface';
import { type Column, DataTable } from '@/ui/DataTable';
import { Moment } from '@/ui/Moment';
import { PageHeader } from '@/ui/PageHeader';
import { State } from '@/ui/State';
import { useListState } from '@/ui/useListState';
import { ResetPasswordModal } from './components/ResetPasswordModal';
import { UserActions } from './components/UserActions';
import { UserForm } from './components/UserForm';

export default function UsersPage() {
  const { t } = useTranslation();
  const list = useListState();
  const query = useUsers(list.paging);
  const [editing, setEditing] = useState<User | 'new' | null>(null);
  const [resetting, setResetting] = useState<User | null>(null);
  const allTenants = surface() === 'portal';

  const columns: Column<User>[] = [
    { key: 'username', title: t('users.username'), render: (row) => <><strong>{row.username}</strong>{row.nickname && <span className="hb-sub">{row.nickname}</span>}</> },
    { key: 'role', title: t('users.role'), render: (row) => t(`ui.role.${row.role}`) },
    ...(allTenants ? [{ key: 'tenant', title: t('users.tenant'), render: (row: User) => row.tenant_name }] : []),
    { key: 'email', title: t('users.email'), render: (row) => row.email ?? '–' },
    { key: 'status', title: t('users.status'), render: (row) => <State of="account" value={row.enabled ? 'enabled' : 'disabled'} /> },
    { key: 'totp', title: t('users.totp'), render: (row) => t(row.totp_enabled ? 'ui.yes' : 'ui.no') },
    { key: 'created', title: t('users.createdAt'), render: (row) => <Moment at={row.created_at} /> },
    { key: 'actions', title: t('ui.actions'), actions: true, render: (row) => <UserActions user={row} onEdit={setEditing} onReset={setResetting} /> },
  ];

  return (
    <>
      <PageHeader
        title={t('users.title')}
        description={t(allTenants ? 'users.descriptionAll' : 'users.description')}
        actions={<Can do={permission.usersWrite}><Button type="primary" icon={<PlusOutlined />} onClick={() => setEditing('new')} data-testid="add-user">{t('users.add')}</Button></Can>}
      />
      <DataTable query={query} rowKey={(row) => row.id} columns={columns} list={list} empty={t('users.empty')} label={t('users.title')} />
      <UserForm subject={editing} onClose={() => setEditing(null)} />
      <ResetPasswordModal user={resetting} onClose={() => setResetting(null)} />
    </>
  );
}
