import { UnorderedListOutlined } from '@ant-design/icons';
import { Badge, Button, Drawer, Empty, Flex, Progress } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { useTasks } from '@/api/shared/useTasks';
import { ProblemView } from '@/ui/ProblemView';
import { State } from '@/ui/State';
import { formatTime } from '@/ui/time';
import { useOpenTask } from '@/ui/useOpenTask';

/** What runs now and what ended last, from every screen. */
export default function RunningTasks() {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  const working = useTasks({ page: 1, page_size: 20, status: 'working' });
  const latest = useTasks({ page: 1, page_size: 10 }, open);
  const { open: openTask } = useOpenTask();
  const count = working.data?.total ?? 0;
  const ended = latest.data?.items.filter((task) => task.status !== 'working') ?? [];
  const rows = [...(working.data?.items ?? []).filter((task) => task.status === 'working'), ...ended];

  return (
    <>
      <Badge count={count} size="small" offset={[-6, 6]} color="blue">
        <Button type="text" icon={<UnorderedListOutlined />} aria-label={t('tasks.running', { count })} onClick={() => setOpen(true)} data-testid="running-tasks" />
      </Badge>
      <Drawer open={open} onClose={() => setOpen(false)} size={420} title={t('tasks.drawer')} extra={<Link to="/operations/tasks" onClick={() => setOpen(false)}>{t('tasks.all')}</Link>}>
        {working.error && <ProblemView error={working.error} onRetry={() => void working.refetch()} />}
        {rows.length === 0 && !working.error && <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t('tasks.empty')} />}
        <Flex vertical gap={16}>
          {rows.map((task) => (
            <div key={task.id} data-task={task.id}>
              <Flex justify="space-between" gap={8} align="center">
                <Button type="link" className="hb-link" onClick={() => openTask(task.id)}>{t(`ui.taskType.${task.type}`, { defaultValue: task.type })}: {task.source_name}</Button>
                <State of="task" value={task.status} />
              </Flex>
              {task.status === 'working'
                ? <Progress percent={task.percent} size="small" status="active" aria-label={t('tasks.progress')} />
                : <span className="hb-sub hb-wrap">{task.error_description ?? formatTime(task.end_at)}</span>}
            </div>
          ))}
        </Flex>
      </Drawer>
    </>
  );
}
