import { useQuery } from '@tanstack/react-query';
import { ant, unwrap } from '@/api/client';
import { keys } from '@/api/keys';

/** The newest working task of a pool; asked again until it is there, for the order to probe travels by the bus. */
export const useRunningProbe = (poolId: string, enabled: boolean) =>
  useQuery({
    queryKey: [...keys.pool(poolId), 'probe'],
    queryFn: async () => {
      const tasks = await unwrap(ant.GET('/api/v1/ant/tasks', { params: { query: { page: 1, page_size: 1, status: 'working', source_id: poolId } } }));
      return tasks.items[0]?.id ?? null;
    },
    enabled,
    refetchInterval: ({ state }) => (state.data ? false : 1_000),
  });
