import { Alert, Button, Drawer, Skeleton, Typography } from 'antd';
import { useTranslation } from 'react-i18next';
import { Can } from '@/session/Can';
import { permission } from '@/session/permissions';
import { Moment } from '@/ui/Moment';
import { ProblemView } from '@/ui/ProblemView';
import { State } from '@/ui/State';
import { useNotices } from '@/ui/useNotices';
import { usePool } from '../api/usePool';
import { useProbePool } from '../api/useProbePool';
import { PoolTarget } from './PoolTarget';
import { ProbeProgress } from './ProbeProgress';
import { ProbeResult } from './ProbeResult';

/** A pool with its probe: live while it runs, the findings after. */
export function PoolDrawer({ id, onClose }: { id: string | null; onClose: () => void }) {
  const { t } = useTranslation();
  const notices = useNotices();
  const { data: pool, error, refetch } = usePool(id);
  const probe = useProbePool();
  const busy = pool?.state === 'verifying' || probe.isPending;

  return (
    <Drawer
      open={id !== null}
      onClose={onClose}
      size={600}
      title={pool?.name ?? t('pools.details')}
      data-testid="pool-drawer"
      extra={pool && <Can do={permission.poolsWrite}><Button size="small" disabled={busy} loading={probe.isPending} onClick={() => probe.mutate(pool.id, { onError: notices.problem })}>{t('pools.probe')}</Button></Can>}
    >
      {error && <ProblemView error={error} onRetry={() => void refetch()} />}
      {!pool && !error && <Skeleton active />}
      {pool && (
        <>
          <section className="hb-section">
            {pool.state === 'create_failed' && <Alert type="error" showIcon title={pool.reason ?? t('pools.unusable')} />}
            <dl className="hb-facts">
              <dt>{t('pools.state')}</dt><dd data-testid="pool-state"><State of="pool" value={pool.state} /></dd>
              <PoolTarget pool={pool} />
              <dt>{t('pools.createdAt')}</dt><dd><Moment at={pool.created_at} /></dd>
              <dt>{t('pools.id')}</dt><dd><Typography.Text copyable className="hb-mono hb-small">{pool.id}</Typography.Text></dd>
            </dl>
          </section>
          <ProbeProgress pool={pool} />
          {pool.last_probe && <ProbeResult probe={pool.last_probe} />}
        </>
      )}
    </Drawer>
  );
}
