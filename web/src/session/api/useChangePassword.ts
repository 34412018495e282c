import { useMutation, useQueryClient } from '@tanstack/react-query';
import { identity, unwrap } from '@/api/client';
import { keys } from '@/api/keys';

export interface PasswordChange {
  old_password: string;
  new_password: string;
}

export function useChangePassword() {
  const client = useQueryClient();
  return useMutation({
    meta: { checksCredentials: true },
    mutationFn: (body: PasswordChange) => unwrap(identity.POST('/api/v1/identity/session/password', { body })),
    onSuccess: (session) => client.setQueryData(keys.session, session),
  });
}
