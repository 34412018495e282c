import { Button, Progress, Select } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { TaskRow } from '@/api/model';
import { type TaskFilters, useTasks } from '@/api/shared/useTasks';
import { type Column, DataTable } from '@/ui/DataTable';
import { Moment } from '@/ui/Moment';
import { PageHeader } from '@/ui/PageHeader';
import { State } from '@/ui/State';
import { statesOf } from '@/ui/states';
import { formatDuration } from '@/ui/time';
import { useListState } from '@/ui/useListState';
import { useNow } from '@/ui/useNow';
import { useOpenTask } from '@/ui/useOpenTask';

const types = ['probe_pool', 'sync', 'deregister'];

export default function TasksPage() {
  const { t } = useTranslation();
  const list = useListState();
  const [filters, setFilters] = useState<TaskFilters>({});
  const query = useTasks({ ...list.paging, ...filters });
  const now = useNow(1_000, query.data?.items.some((row) => row.status === 'working') ?? false);
  const { open } = useOpenTask();
  const filter = (change: TaskFilters) => {
    setFilters((before) => ({ ...before, ...change }));
    list.toFirst();
  };
  const typeName = (type: string) => t(`ui.taskType.${type}`, { defaultValue: type });

  const columns: Column<TaskRow>[] = [
    {
      key: 'name', title: t('tasks.name'),
      render: (row) => <><Button type="link" className="hb-link" onClick={() => open(row.id)}>{typeName(row.type)}</Button><span className="hb-sub"><span className="hb-clip" title={row.source_name}>{row.source_name}</span> <span className="hb-mono">{row.id.slice(-12)}</span></span></>,
    },
    { key: 'status', title: t('tasks.status'), render: (row) => <State of="task" value={row.status} /> },
    { key: 'percent', title: t('tasks.progress'), width: 110, render: (row) => <Progress percent={row.percent} size="small" status={progressStatus(row.status)} aria-label={t('tasks.progress')} /> },
    { key: 'operator', title: t('tasks.operator'), render: (row) => row.operator || '–' },
    { key: 'start', title: t('tasks.start'), render: (row) => <Moment at={row.start_at} /> },
    { key: 'end', title: t('tasks.end'), render: (row) => <Moment at={row.end_at} /> },
    { key: 'took', title: t('tasks.took'), render: (row) => <span className="hb-time">{formatDuration(row.start_at, row.end_at, now)}</span> },
    { key: 'actions', title: t('tasks.details'), actions: true, render: (row) => <Button type="link" size="small" onClick={() => open(row.id)}>{t('tasks.open')}</Button> },
  ];

  return (
    <>
      <PageHeader title={t('tasks.title')} description={t('tasks.description')} />
      <DataTable
        query={query}
        rowKey={(row) => row.id}
        columns={columns}
        list={list}
        label={t('tasks.title')}
        empty={t(filters.status || filters.type ? 'ui.nothingFits' : 'tasks.empty')}
        onOpen={(row) => open(row.id)}
        filters={
          <>
            <Select allowClear placeholder={t('tasks.anyStatus')} aria-label={t('tasks.status')} style={{ width: 160 }} value={filters.status} onChange={(status?: string) => filter({ status })}
              options={statesOf('task').map((value) => ({ value, label: t(`ui.state.task.${value}`) }))} />
            <Select allowClear placeholder={t('tasks.anyType')} aria-label={t('tasks.type')} style={{ width: 180 }} value={filters.type} onChange={(type?: string) => filter({ type })}
              options={types.map((value) => ({ value, label: typeName(value) }))} />
          </>
        }
      />
    </>
  );
}

function progressStatus(status: string) {
  if (status === 'done') return 'success';
  if (status === 'failed') return 'exception';
  return status === 'working' ? 'active' : 'normal';
}
