import { useMutation, useQueryClient } from '@tanstack/react-query';
import { identity, unwrap } from '@/api/client';
import { keys } from '@/api/keys';
import type { NewUser } from '@/api/model';

export function useAddUser() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: NewUser) => unwrap(identity.POST('/api/v1/identity/users', { body })),
    onSuccess: () => client.invalidateQueries({ queryKey: keys.users }),
  });
}
