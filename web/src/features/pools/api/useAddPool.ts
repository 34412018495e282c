import { useMutation, useQueryClient } from '@tanstack/react-query';
import { storplus, unwrap } from '@/api/client';
import { keys } from '@/api/keys';
import type { PoolInput } from '@/api/model';

export function useAddPool() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: PoolInput) => unwrap(storplus.POST('/api/v1/storplus/pools', { body })),
    onSuccess: () => client.invalidateQueries({ queryKey: keys.pools }),
  });
}
