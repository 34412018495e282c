import { useMutation, useQueryClient } from '@tanstack/react-query';
import { identity, unwrap } from '@/api/client';
import { keys } from '@/api/keys';

export interface Credentials {
  username: string;
  password: string;
}

export function useSignIn() {
  const client = useQueryClient();
  return useMutation({
    meta: { checksCredentials: true },
    mutationFn: (body: Credentials) => unwrap(identity.POST('/api/v1/identity/session', { body })),
    onSuccess: (session) => client.setQueryData(keys.session, session),
  });
}
