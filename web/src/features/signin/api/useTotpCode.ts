import { useMutation, useQueryClient } from '@tanstack/react-query';
import { identity, unwrap } from '@/api/client';
import { keys } from '@/api/keys';

export function useTotpCode() {
  const client = useQueryClient();
  return useMutation({
    meta: { checksCredentials: true },
    mutationFn: (code: string) => unwrap(identity.POST('/api/v1/identity/session/totp', { body: { code } })),
    onSuccess: (session) => client.setQueryData(keys.session, session),
  });
}
