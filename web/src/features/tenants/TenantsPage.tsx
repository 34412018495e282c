import { PlusOutlined } from '@ant-design/icons';
import { Button } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Tenant } from '@/api/model';
import { useTenants } from '@/api/shared/useTenants';
import { type Column, DataTable } from '@/ui/DataTable';
import { Moment } from '@/ui/Moment';
import { PageHeader } from '@/ui/PageHeader';
import { State } from '@/ui/State';
import { useListState } from '@/ui/useListState';
import { AddTenantModal } from './components/AddTenantModal';
import { RenameTenantModal } from './components/RenameTenantModal';
import { TenantActions } from './components/TenantActions';

export default function TenantsPage() {
  const { t } = useTranslation();
  const list = useListState();
  const query = useTenants(list.paging);
  const [adding, setAdding] = useState(false);
  const [renaming, setRenaming] = useState<Tenant | null>(null);

  const columns: Column<Tenant>[] = [
    { key: 'name', title: t('tenants.name'), render: (row) => <><strong>{row.name}</strong><span className="hb-sub hb-mono">{row.id}</span></> },
    { key: 'scene', title: t('tenants.scene'), render: (row) => t(`tenants.scenes.${row.scene}`, { defaultValue: row.scene }) },
    { key: 'status', title: t('tenants.status'), render: (row) => <State of="account" value={row.enabled ? 'enabled' : 'disabled'} /> },
    { key: 'users', title: t('tenants.users'), render: (row) => <span className="hb-number">{row.users}</span> },
    { key: 'created', title: t('tenants.createdAt'), render: (row) => <Moment at={row.created_at} /> },
    { key: 'actions', title: t('ui.actions'), actions: true, render: (row) => <TenantActions tenant={row} onRename={setRenaming} /> },
  ];

  return (
    <>
      <PageHeader title={t('tenants.title')} description={t('tenants.description')} actions={<Button type="primary" icon={<PlusOutlined />} onClick={() => setAdding(true)} data-testid="add-tenant">{t('tenants.add')}</Button>} />
      <DataTable query={query} rowKey={(row) => row.id} columns={columns} list={list} empty={t('tenants.empty')} label={t('tenants.title')} />
      <AddTenantModal open={adding} onClose={() => setAdding(false)} />
      <RenameTenantModal tenant={renaming} onClose={() => setRenaming(null)} />
    </>
  );
}
