import { useMutation, useQueryClient } from '@tanstack/react-query';
import { identity, unwrap } from '@/api/client';
import { keys } from '@/api/keys';

export function useResetTotp() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => unwrap(identity.POST('/api/v1/identity/users/{id}/reset-totp', { params: { path: { id } } })),
    onSuccess: () => client.invalidateQueries({ queryKey: keys.users }),
  });
}
