import { Drawer, Typography } from 'antd';
import { useTranslation } from 'react-i18next';
import type { AuditEntry } from '@/api/model';
import { actionName } from '@/ui/actionName';
import { Moment } from '@/ui/Moment';
import { State } from '@/ui/State';

/** One entry in full, with the values that bind it to its neighbours. */
export function EntryDrawer({ entry, onClose }: { entry: AuditEntry | null; onClose: () => void }) {
  const { t } = useTranslation();
  return (
    <Drawer open={entry !== null} onClose={onClose} size={600} title={entry && actionName(entry.action, t)} data-testid="audit-drawer">
      {entry && (
        <>
          <section className="hb-section">
            <dl className="hb-facts">
              <dt>{t('audit.sequence')}</dt><dd className="hb-number">{entry.sequence}</dd>
              <dt>{t('audit.action')}</dt><dd className="hb-mono hb-small">{entry.action}</dd>
              <dt>{t('audit.kind')}</dt><dd>{t(`audit.kinds.${entry.kind}`, { defaultValue: entry.kind })}</dd>
              <dt>{t('audit.outcome')}</dt><dd><State of="outcome" value={entry.outcome} /></dd>
              <dt>{t('audit.actor')}</dt><dd>{entry.actor_name ?? '–'}{entry.actor_id && <span className="hb-sub hb-mono">{entry.actor_id}</span>}</dd>
              <dt>{t('audit.resource')}</dt><dd>{entry.resource_name ?? '–'} {entry.resource_type && <span className="hb-muted">({entry.resource_type})</span>}{entry.resource_id && <span className="hb-sub hb-mono">{entry.resource_id}</span>}</dd>
              <dt>{t('audit.sourceIp')}</dt><dd>{entry.source_ip ?? '–'}</dd>
              <dt>{t('audit.at')}</dt><dd><Moment at={entry.occurred_at} /></dd>
            </dl>
          </section>
          <section className="hb-section">
            <Typography.Title level={2}>{t('audit.detail')}</Typography.Title>
            <pre className="hb-json" tabIndex={0}>{JSON.stringify(entry.detail, null, 2)}</pre>
          </section>
          <section className="hb-section">
            <Typography.Title level={2}>{t('audit.chain')}</Typography.Title>
            <dl className="hb-facts">
              <dt>{t('audit.hash')}</dt><dd className="hb-mono hb-small">{entry.hash}</dd>
              <dt>{t('audit.previousHash')}</dt><dd className="hb-mono hb-small">{entry.previous_hash}</dd>
            </dl>
          </section>
        </>
      )}
    </Drawer>
  );
}
