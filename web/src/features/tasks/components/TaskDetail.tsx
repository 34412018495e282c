import { Alert, Progress, Typography } from 'antd';
import { useTranslation } from 'react-i18next';
import type { Task } from '@/api/model';
import { Moment } from '@/ui/Moment';
import { State } from '@/ui/State';
import { TaskSteps } from '@/ui/TaskSteps';
import { formatDuration } from '@/ui/time';
import { useNow } from '@/ui/useNow';

/** On failure the reason comes first, in words; code and steps follow. */
export function TaskDetail({ task }: { task: Task }) {
  const { t } = useTranslation();
  const now = useNow(1_000, task.status === 'working');
  return (
    <>
      {task.status === 'failed' && (
        <section className="hb-section">
          <Alert type="error" showIcon data-testid="task-reason" title={task.error_description ?? t('tasks.failedWithoutReason')} description={task.error_code && <span className="hb-mono hb-small">{task.error_code}</span>} />
        </section>
      )}
      <section className="hb-section">
        <Progress percent={task.percent} status={task.status === 'failed' ? 'exception' : task.status === 'done' ? 'success' : task.status === 'working' ? 'active' : 'normal'} aria-label={t('tasks.progress')} />
        <dl className="hb-facts">
          <dt>{t('tasks.status')}</dt><dd data-testid="task-status"><State of="task" value={task.status} /></dd>
          <dt>{t('tasks.operator')}</dt><dd>{task.operator || '–'}</dd>
          <dt>{t('tasks.start')}</dt><dd><Moment at={task.start_at} /></dd>
          <dt>{t('tasks.end')}</dt><dd><Moment at={task.end_at} /></dd>
          <dt>{t('tasks.took')}</dt><dd className="hb-number">{formatDuration(task.start_at, task.end_at, now)}</dd>
          <dt>{t('tasks.id')}</dt><dd><Typography.Text copyable className="hb-mono hb-small">{task.id}</Typography.Text></dd>
        </dl>
      </section>
      <section className="hb-section">
        <Typography.Title level={2}>{t('ui.steps')}</Typography.Title>
        <TaskSteps steps={task.steps} />
      </section>
    </>
  );
}
