import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { useTasks } from '@/api/shared/useTasks';
import type { Slice } from '@/ui/Ring';
import { ProblemView } from '@/ui/ProblemView';
import { RingCard } from './RingCard';

/** Counts come from the totals of the filtered lists, so they are right for any number of tasks. */
export function TasksCard() {
  const { t } = useTranslation();
  const working = useTasks({ page: 1, page_size: 1, status: 'working' });
  const done = useTasks({ page: 1, page_size: 1, status: 'done' });
  const failed = useTasks({ page: 1, page_size: 1, status: 'failed' });
  const [now, well, bad] = [working.data?.total, done.data?.total, failed.data?.total];
  const slices = useMemo((): Slice[] | undefined => {
    if (now === undefined || well === undefined || bad === undefined) return undefined;
    return [
      { name: t('ui.state.task.working'), value: now, tone: 'busy' },
      { name: t('ui.state.task.done'), value: well, tone: 'good' },
      { name: t('ui.state.task.failed'), value: bad, tone: 'bad' },
    ];
  }, [now, well, bad, t]);
  const broken = [working, done, failed].find((query) => query.error && !query.data);
  if (broken) return <ProblemView error={broken.error} onRetry={() => void broken.refetch()} />;
  return <RingCard title={t('dashboard.tasks')} to="/operations/tasks" more={t('dashboard.more')} slices={slices} />;
}
