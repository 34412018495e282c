import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { ant, unwrap } from '../client';
import { keys } from '../keys';
import type { Page, Paging, TaskRow } from '../model';

export interface TaskFilters {
  status?: string;
  type?: string;
  source_id?: string;
}
export const useTasks = (query: Paging & TaskFilters, enabled = true) =>
  useQuery<Page<TaskRow>>({
    queryKey: [...keys.tasks, query],
    queryFn: () => unwrap(ant.GET('/api/v1/ant/tasks', { params: { query } })),
    placeholderData: keepPreviousData,
    enabled,
  });
