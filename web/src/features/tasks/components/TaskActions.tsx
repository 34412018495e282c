import { Button } from 'antd';
import { useTranslation } from 'react-i18next';
import { useQueryClient } from '@tanstack/react-query';
import { keys } from '@/api/keys';
import type { Task } from '@/api/model';
import { permission, useCan } from '@/session/permissions';
import { ConfirmButton } from '@/ui/ConfirmButton';
import { useNotices } from '@/ui/useNotices';
import { useAbortTask } from '../api/useAbortTask';
import { useRetryTask } from '../api/useRetryTask';

/** Abort while it works, retry after it failed or was aborted. */
export function TaskActions({ task }: { task: Task }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const notices = useNotices();
  const may = useCan(permission.tasksRun);
  const abort = useAbortTask();
  const retry = useRetryTask();
  const settled = { onError: notices.problem, onSettled: () => void client.invalidateQueries({ queryKey: keys.task(task.id) }) };

  if (!may) return null;
  if (task.status === 'working' || task.status === 'pending') {
    return <ConfirmButton danger type="default" action={t('tasks.abort')} question={t('tasks.abortQuestion')} explanation={t('tasks.abortExplanation')} onConfirm={() => abort.mutateAsync(task.id, settled)} />;
  }
  if (task.status === 'failed' || task.status === 'aborted') {
    return <Button size="small" type="primary" loading={retry.isPending} onClick={() => retry.mutate(task.id, settled)}>{t('tasks.retry')}</Button>;
  }
  return null;
}
