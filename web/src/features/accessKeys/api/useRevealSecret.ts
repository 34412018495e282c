import { useMutation } from '@tanstack/react-query';
import { identity, unwrap } from '@/api/client';

/** The secret is never kept in the cache: it lives in the dialog that shows it. */
export const useRevealSecret = () =>
  useMutation({ gcTime: 0, mutationFn: (id: string) => unwrap(identity.POST('/api/v1/identity/access-keys/{id}/reveal', { params: { path: { id } } })) });
