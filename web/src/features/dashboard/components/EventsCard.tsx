import { Card, Empty, Skeleton } from 'antd';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { useAudit } from '@/api/shared/useAudit';
import { actionName } from '@/ui/actionName';
import { Moment } from '@/ui/Moment';
import { ProblemView } from '@/ui/ProblemView';
import { State } from '@/ui/State';

/** The latest seven entries of the trail; new ones come in by themselves. */
export function EventsCard() {
  const { t } = useTranslation();
  const { data, error, refetch } = useAudit({ page: 1, page_size: 7 });
  return (
    <Card title={t('dashboard.events')} extra={<Link to="/operations/event-logs">{t('dashboard.more')}</Link>}>
      {error && !data && <ProblemView error={error} onRetry={() => void refetch()} />}
      {!data && !error && <Skeleton active title={false} paragraph={{ rows: 5 }} />}
      {data?.items.length === 0 && <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t('dashboard.noEvents')} />}
      <ul className="hb-events">
        {data?.items.map((entry) => (
          <li key={entry.id}>
            <Moment at={entry.occurred_at} />
            <span className="hb-wrap"><strong>{actionName(entry.action, t)}</strong> <span className="hb-muted">{entry.resource_name}</span></span>
            <span className="hb-muted">{entry.actor_name ?? ''}</span>
            {entry.outcome ? <State of="outcome" value={entry.outcome} /> : <span />}
          </li>
        ))}
      </ul>
    </Card>
  );
}
