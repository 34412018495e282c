import { Card, Skeleton } from 'antd';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { useEnrolmentTokens } from '@/api/shared/useEnrolmentTokens';
import { ProblemView } from '@/ui/ProblemView';
import { formatTime } from '@/ui/time';

export function TokensCard() {
  const { t } = useTranslation();
  const { data, error, refetch } = useEnrolmentTokens({ page: 1, page_size: 500 });
  if (error && !data) return <ProblemView error={error} onRetry={() => void refetch()} />;
  const active = data?.items.filter((token) => token.state === 'active') ?? [];
  const next = active.map((token) => token.expires_at).sort()[0];
  return (
    <Card title={t('dashboard.tokens')} extra={<Link to="/configuration/enrolment-tokens">{t('dashboard.more')}</Link>}>
      {!data ? <Skeleton active title={false} paragraph={{ rows: 2 }} /> : (
        <>
          <div className="hb-big">{active.length}</div>
          <div className="hb-muted hb-gap-top">{next ? t('dashboard.nextExpiry', { at: formatTime(next) }) : t('dashboard.noTokens')}</div>
        </>
      )}
    </Card>
  );
}
