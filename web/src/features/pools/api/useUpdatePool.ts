import { useMutation, useQueryClient } from '@tanstack/react-query';
import { storplus, unwrap } from '@/api/client';
import { keys } from '@/api/keys';
import type { PoolInput } from '@/api/model';

export function useUpdatePool() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ id, body }: { id: string; body: PoolInput }) => unwrap(storplus.PUT('/api/v1/storplus/pools/{id}', { params: { path: { id } }, body })),
    onSuccess: (_, { id }) => Promise.all([client.invalidateQueries({ queryKey: keys.pools }), client.invalidateQueries({ queryKey: keys.pool(id) })]),
  });
}
