import { DownloadOutlined } from '@ant-design/icons';
import { Button } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { AuditEntry } from '@/api/model';
import { useAudit } from '@/api/shared/useAudit';
import type { AuditFilters } from '@/live/messages';
import { Can } from '@/session/Can';
import { permission } from '@/session/permissions';
import { surface } from '@/surface';
import { actionName } from '@/ui/actionName';
import { type Column, DataTable } from '@/ui/DataTable';
import { Moment } from '@/ui/Moment';
import { PageHeader } from '@/ui/PageHeader';
import { State } from '@/ui/State';
import { useListState } from '@/ui/useListState';
import { AuditFilterBar } from './components/AuditFilterBar';
import { EntryDrawer } from './components/EntryDrawer';
import { ExportModal } from './components/ExportModal';
import { VerifyButton } from './components/VerifyButton';

export default function AuditPage() {
  const { t } = useTranslation();
  const list = useListState();
  const [filters, setFilters] = useState<AuditFilters>({});
  const [shown, setShown] = useState<AuditEntry | null>(null);
  const [exporting, setExporting] = useState(false);
  const query = useAudit({ ...list.paging, ...filters });
  const filtered = Object.values(filters).some(Boolean);

  const columns: Column<AuditEntry>[] = [
    {
      key: 'action', title: t('audit.action'),
      render: (row) => <><Button type="link" className="hb-link" onClick={() => setShown(row)}>{actionName(row.action, t)}</Button><span className="hb-sub hb-mono">#{row.sequence} · {row.action}</span></>,
    },
    { key: 'resource', title: t('audit.resource'), render: (row) => <><span className="hb-clip" title={row.resource_name ?? row.resource_id ?? ''}>{row.resource_name ?? row.resource_id ?? '–'}</span>{row.resource_type && <span className="hb-sub">{t(`audit.resources.${row.resource_type}`, { defaultValue: row.resource_type })}</span>}</> },
    { key: 'outcome', title: t('audit.outcome'), render: (row) => <State of="outcome" value={row.outcome} /> },
    { key: 'actor', title: t('audit.actor'), render: (row) => row.actor_name ?? '–' },
    { key: 'ip', title: t('audit.sourceIp'), render: (row) => <span className="hb-number">{row.source_ip ?? '–'}</span> },
    { key: 'kind', title: t('audit.kind'), render: (row) => t(`audit.kinds.${row.kind}`, { defaultValue: row.kind }) },
    { key: 'at', title: t('audit.at'), render: (row) => <Moment at={row.occurred_at} /> },
  ];

  return (
    <>
      <PageHeader
        title={t(surface() === 'portal' ? 'audit.portalTitle' : 'audit.title')}
        description={t('audit.description')}
        actions={
          <>
            <VerifyButton />
            <Can do={permission.reportsRun}><Button type="primary" icon={<DownloadOutlined />} onClick={() => setExporting(true)} data-testid="export-audit">{t('audit.export')}</Button></Can>
          </>
        }
      />
      <DataTable
        query={query}
        rowKey={(row) => row.id}
        columns={columns}
        list={list}
        label={t('audit.title')}
        empty={t(filtered ? 'ui.nothingFits' : 'audit.empty')}
        onOpen={setShown}
        filters={<AuditFilterBar value={filters} onChange={(next) => { setFilters(next); list.toFirst(); }} />}
      />
      <EntryDrawer entry={shown} onClose={() => setShown(null)} />
      <ExportModal open={exporting} onClose={() => setExporting(false)} />
    </>
  );
}
