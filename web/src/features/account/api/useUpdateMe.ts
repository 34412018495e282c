import { useMutation, useQueryClient } from '@tanstack/react-query';
import { identity, unwrap } from '@/api/client';
import { keys } from '@/api/keys';

export interface Profile {
  nickname?: string | null;
  email?: string | null;
  language?: string | null;
}

export function useUpdateMe() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: Profile) => unwrap(identity.PUT('/api/v1/identity/me', { body })),
    onSuccess: () => client.invalidateQueries({ queryKey: keys.session }),
  });
}
