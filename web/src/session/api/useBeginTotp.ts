import { useMutation } from '@tanstack/react-query';
import { identity, unwrap } from '@/api/client';

/** Asks for a new authenticator secret; it counts only after a code made with it was confirmed. */
export const useBeginTotp = () => useMutation({ mutationFn: () => unwrap(identity.POST('/api/v1/identity/me/totp')) });
