import { useMutation, useQueryClient } from '@tanstack/react-query';
import { storplus, unwrap } from '@/api/client';
import { keys } from '@/api/keys';

export function useDeletePool() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => unwrap(storplus.DELETE('/api/v1/storplus/pools/{id}', { params: { path: { id } } })),
    onSuccess: () => client.invalidateQueries({ queryKey: keys.pools }),
  });
}
