import { useMutation, useQueryClient } from '@tanstack/react-query';
import { identity, unwrap } from '@/api/client';
import { keys } from '@/api/keys';

export function useEnableAccessKey() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => unwrap(identity.POST('/api/v1/identity/access-keys/{id}/enable', { params: { path: { id } } })),
    onSuccess: () => client.invalidateQueries({ queryKey: keys.accessKeys }),
  });
}
