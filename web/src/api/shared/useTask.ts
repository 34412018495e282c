import { useQuery } from '@tanstack/react-query';
import { hasEnded } from '@/live/messages';
import { ant, unwrap } from '../client';
import { keys } from '../keys';
import { ApiProblem } from '../problem';

/** One task with its steps. Messages move it on; a slow poll catches what a cut line missed. */
export const useTask = (id: string | null | undefined) =>
  useQuery({
    queryKey: keys.task(id ?? ''),
    queryFn: () => unwrap(ant.GET('/api/v1/ant/tasks/{id}', { params: { path: { id: id! } } })),
    enabled: Boolean(id),
    refetchInterval: ({ state }) => (state.data && hasEnded(state.data.status) ? false : 3_000),
    // A task that was just asked for may not have reached its service yet.
    retry: (failures, error) => error instanceof ApiProblem && error.status === 404 && failures < 5,
    retryDelay: 1_000,
  });
