import { Button, Flex, Progress, Typography } from 'antd';
import { useTranslation } from 'react-i18next';
import type { Pool } from '@/api/model';
import { useTask } from '@/api/shared/useTask';
import { permission, useCan } from '@/session/permissions';
import { TaskSteps } from '@/ui/TaskSteps';
import { useOpenTask } from '@/ui/useOpenTask';
import { useRunningProbe } from '../api/useRunningProbe';

/** The probe that works on this pool now, with its steps. */
export function ProbeProgress({ pool }: { pool: Pool }) {
  const { t } = useTranslation();
  const sees = useCan(permission.tasksRead);
  const { open } = useOpenTask();
  const verifying = pool.state === 'verifying';
  const { data: taskId } = useRunningProbe(pool.id, sees && verifying);
  const { data: task } = useTask(verifying ? taskId : undefined);
  if (!task || !verifying) return null;
  return (
    <section className="hb-section" data-testid="probe-running">
      <Flex justify="space-between" align="center" gap={8} wrap>
        <Typography.Title level={2}>{t('pools.probeRunning')}</Typography.Title>
        <Button type="link" className="hb-link" onClick={() => open(task.id)}>{t('pools.openTask')}</Button>
      </Flex>
      <Progress percent={task.percent} status="active" aria-label={t('pools.probeRunning')} />
      <TaskSteps steps={task.steps} />
    </section>
  );
}
