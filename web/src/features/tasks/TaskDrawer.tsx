import { Drawer, Skeleton } from 'antd';
import { useTranslation } from 'react-i18next';
import { useTask } from '@/api/shared/useTask';
import { ProblemView } from '@/ui/ProblemView';
import { useOpenTask } from '@/ui/useOpenTask';
import { TaskActions } from './components/TaskActions';
import { TaskDetail } from './components/TaskDetail';

/** Details of the task in the address; it opens above every screen. */
export default function TaskDrawer() {
  const { t } = useTranslation();
  const { openId, close } = useOpenTask();
  const { data: task, error, refetch } = useTask(openId);
  return (
    <Drawer
      open={openId !== null}
      onClose={close}
      size={560}
      title={task ? `${t(`ui.taskType.${task.type}`, { defaultValue: task.type })}: ${task.source_name}` : t('tasks.details')}
      extra={task && <TaskActions task={task} />}
      data-testid="task-drawer"
    >
      {error && <ProblemView error={error} onRetry={() => void refetch()} />}
      {!task && !error && <Skeleton active />}
      {task && <TaskDetail task={task} />}
    </Drawer>
  );
}
