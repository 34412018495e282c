import { Card, Typography } from 'antd';
import { useTranslation } from 'react-i18next';
import { ProblemView } from '@/ui/ProblemView';
import { StateTag } from '@/ui/StateTag';
import { useDeadLetters } from '../api/useDeadLetters';

/** Messages that no service could handle, by queue. */
export function DeadLetters() {
  const { t } = useTranslation();
  const { data, error, refetch } = useDeadLetters();
  const queues = data?.items.filter((row) => row.count > 0) ?? [];
  return (
    <Card title={t('services.deadLetters')} size="small" data-testid="dead-letters">
      {error && <ProblemView error={error} onRetry={() => void refetch()} />}
      {data && queues.length === 0 && <StateTag tone="good">{t('services.noDeadLetters')}</StateTag>}
      {queues.length > 0 && (
        <>
          <Typography.Paragraph type="secondary">{t('services.deadLettersText')}</Typography.Paragraph>
          <ul className="hb-legend">{queues.map((row) => <li key={row.queue}><span className="hb-mono hb-wrap">{row.queue}</span><strong className="hb-number">{row.count}</strong></li>)}</ul>
        </>
      )}
    </Card>
  );
}
