import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { usePools } from '@/api/shared/usePools';
import { ProblemView } from '@/ui/ProblemView';
import type { Slice } from '@/ui/Ring';
import { RingCard } from './RingCard';

export function PoolsCard() {
  const { t } = useTranslation();
  const { data, error, refetch } = usePools({ page: 1, page_size: 500 });
  const slices = useMemo((): Slice[] | undefined => {
    if (!data) return undefined;
    const count = (state: string) => data.items.filter((pool) => pool.state === state).length;
    return [
      { name: t('ui.state.pool.available'), value: count('available'), tone: 'good' },
      { name: t('ui.state.pool.verifying'), value: count('verifying'), tone: 'busy' },
      { name: t('ui.state.pool.create_failed'), value: count('create_failed'), tone: 'bad' },
    ];
  }, [data, t]);
  if (error && !data) return <ProblemView error={error} onRetry={() => void refetch()} />;
  return <RingCard title={t('dashboard.pools')} to="/configuration/object-storage" more={t('dashboard.more')} slices={slices} />;
}
