import { useMutation, useQueryClient } from '@tanstack/react-query';
import { storplus, unwrap } from '@/api/client';
import { keys } from '@/api/keys';

export function useProbePool() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => unwrap(storplus.POST('/api/v1/storplus/pools/{id}/probes', { params: { path: { id } } })),
    onSuccess: (_, id) => Promise.all([client.invalidateQueries({ queryKey: keys.pools }), client.invalidateQueries({ queryKey: keys.pool(id) })]),
  });
}
