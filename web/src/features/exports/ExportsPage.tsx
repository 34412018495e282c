import { Button } from 'antd';
import { useTranslation } from 'react-i18next';
import type { Export } from '@/api/model';
import { exportFile, isPending, isReady } from '@/api/shared/exportState';
import { useExports } from '@/api/shared/useExports';
import { permission, useCan } from '@/session/permissions';
import { ConfirmButton } from '@/ui/ConfirmButton';
import { type Column, DataTable } from '@/ui/DataTable';
import { openDownload } from '@/ui/download';
import { Moment } from '@/ui/Moment';
import { PageHeader } from '@/ui/PageHeader';
import { State } from '@/ui/State';
import { formatBytes } from '@/ui/time';
import { useListState } from '@/ui/useListState';
import { useNotices } from '@/ui/useNotices';
import { useDeleteExport } from './api/useDeleteExport';

export default function ExportsPage() {
  const { t } = useTranslation();
  const list = useListState();
  const query = useExports(list.paging);
  const remove = useDeleteExport();
  const notices = useNotices();
  const mayDelete = useCan(permission.reportsRun);

  const columns: Column<Export>[] = [
    { key: 'type', title: t('exports.type'), render: (row) => <><strong>{t(`exports.types.${row.type}`, { defaultValue: row.type })}</strong><span className="hb-sub">{row.format.toUpperCase()}{row.size_bytes ? ` · ${formatBytes(row.size_bytes)}` : ''}</span></> },
    { key: 'state', title: t('exports.state'), render: (row) => <><State of="export" value={row.state} />{row.error && <span className="hb-sub hb-clip" title={row.error}>{row.error}</span>}</> },
    { key: 'from', title: t('exports.from'), render: (row) => (row.from ? <Moment at={row.from} /> : t('exports.beginning')) },
    { key: 'to', title: t('exports.to'), render: (row) => (row.to ? <Moment at={row.to} /> : t('exports.now')) },
    { key: 'zone', title: t('exports.zone'), render: (row) => row.time_zone ?? 'UTC' },
    { key: 'created', title: t('exports.createdAt'), render: (row) => <Moment at={row.created_at} /> },
    {
      key: 'actions', title: t('ui.actions'), actions: true,
      render: (row) => (
        <span className="hb-actions">
          <Button type="link" size="small" disabled={!isReady(row.state)} onClick={() => openDownload(exportFile(row.id), row.file_name ?? undefined)}>{t('ui.download')}</Button>
          {mayDelete && !isPending(row.state) && (
            <ConfirmButton danger action={t('ui.delete')} question={t('exports.deleteQuestion')} explanation={t('exports.deleteExplanation')}
              onConfirm={() => remove.mutateAsync(row.id, { onError: notices.problem, onSuccess: () => notices.success(t('exports.deleted')) })} />
          )}
        </span>
      ),
    },
  ];

  return (
    <>
      <PageHeader title={t('exports.title')} description={t('exports.description')} />
      <DataTable query={query} rowKey={(row) => row.id} columns={columns} list={list} empty={t('exports.empty')} label={t('exports.title')} />
    </>
  );
}
