import { useQuery } from '@tanstack/react-query';
import { storplus, unwrap } from '@/api/client';
import { keys } from '@/api/keys';

export const usePool = (id: string | null) =>
  useQuery({
    queryKey: keys.pool(id ?? ''),
    queryFn: () => unwrap(storplus.GET('/api/v1/storplus/pools/{id}', { params: { path: { id: id! } } })),
    enabled: id !== null,
    refetchInterval: ({ state }) => (state.data?.state === 'verifying' ? 3_000 : false),
  });
