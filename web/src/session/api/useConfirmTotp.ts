import { useMutation } from '@tanstack/react-query';
import { identity, unwrap } from '@/api/client';

export const useConfirmTotp = () =>
  useMutation({
    meta: { checksCredentials: true },
    mutationFn: (code: string) => unwrap(identity.POST('/api/v1/identity/me/totp/confirm', { body: { code } })),
  });
