import { PlusOutlined } from '@ant-design/icons';
import { Button } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useSearchParams } from 'react-router';
import type { Pool } from '@/api/model';
import { usePools } from '@/api/shared/usePools';
import { Can } from '@/session/Can';
import { permission } from '@/session/permissions';
import { type Column, DataTable } from '@/ui/DataTable';
import { Moment } from '@/ui/Moment';
import { PageHeader } from '@/ui/PageHeader';
import { State } from '@/ui/State';
import { useListState } from '@/ui/useListState';
import { LastProbe } from './components/LastProbe';
import { PoolActions } from './components/PoolActions';
import { PoolDrawer } from './components/PoolDrawer';
import { PoolForm } from './components/PoolForm';
import { placeOf } from './poolInput';

export default function PoolsPage() {
  const { t } = useTranslation();
  const list = useListState();
  const query = usePools(list.paging);
  const [params, setParams] = useSearchParams();
  const [editing, setEditing] = useState<Pool | 'new' | null>(null);
  const [deleting, setDeleting] = useState<Pool | null>(null);
  const open = (id: string | null) => setParams((before) => { if (id) before.set('pool', id); else before.delete('pool'); return before; });

  const columns: Column<Pool>[] = [
    {
      key: 'name', title: t('pools.name'),
      render: (row) => <><Button type="link" className="hb-link" onClick={() => open(row.id)}>{row.name}</Button><span className="hb-sub">{placeOf(row)}</span></>,
    },
    { key: 'kind', title: t('pools.kind'), render: (row) => t(`pools.kinds.${row.kind}`) },
    { key: 'region', title: t('pools.region'), render: (row) => row.s3?.region || '–' },
    { key: 'state', title: t('pools.state'), render: (row) => <><State of="pool" value={row.state} />{row.reason && <span className="hb-sub hb-clip" title={row.reason}>{row.reason}</span>}</> },
    { key: 'probe', title: t('pools.lastProbe'), render: (row) => <LastProbe probe={row.last_probe} /> },
    { key: 'created', title: t('pools.createdAt'), render: (row) => <Moment at={row.created_at} /> },
    { key: 'actions', title: t('ui.actions'), actions: true, render: (row) => <PoolActions pool={row} onOpen={open} onEdit={setEditing} deleting={deleting?.id === row.id} onDelete={setDeleting} /> },
  ];

  return (
    <>
      <PageHeader
        title={t('pools.title')}
        description={t('pools.description')}
        actions={<Can do={permission.poolsWrite}><Button type="primary" icon={<PlusOutlined />} onClick={() => setEditing('new')} data-testid="add-pool">{t('pools.add')}</Button></Can>}
      />
      <DataTable query={query} rowKey={(row) => row.id} columns={columns} list={list} empty={t('pools.empty')} label={t('pools.title')} onOpen={(row) => open(row.id)} />
      <PoolForm subject={editing} onClose={() => setEditing(null)} onSaved={open} />
      <PoolDrawer id={params.get('pool')} onClose={() => open(null)} />
    </>
  );
}
