import { useMutation } from '@tanstack/react-query';
import { identity, unwrap } from '@/api/client';

export const useRemoveTotp = () =>
  useMutation({
    meta: { checksCredentials: true },
    mutationFn: (password: string) => unwrap(identity.DELETE('/api/v1/identity/me/totp', { body: { password } })),
  });
