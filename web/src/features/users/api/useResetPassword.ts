import { useMutation, useQueryClient } from '@tanstack/react-query';
import { identity, unwrap } from '@/api/client';
import { keys } from '@/api/keys';

export function useResetPassword() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ id, body }: { id: string; body: { new_password: string } }) => unwrap(identity.POST('/api/v1/identity/users/{id}/reset-password', { params: { path: { id } }, body })),
    onSuccess: () => client.invalidateQueries({ queryKey: keys.users }),
  });
}
