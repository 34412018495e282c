import { useMutation, useQueryClient } from '@tanstack/react-query';
import { identity, unwrap } from '@/api/client';
import { endSession } from '@/api/queryClient';

/** Revokes the session at the server, then forgets what it showed. */
export function useSignOut() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => unwrap(identity.DELETE('/api/v1/identity/session')),
    onSuccess: () => endSession(client, false),
  });
}
