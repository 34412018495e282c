import { useMutation, useQueryClient } from '@tanstack/react-query';
import { identity, unwrap } from '@/api/client';
import { keys } from '@/api/keys';

export function useAddAccessKey() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: { user_id?: string | null; description?: string | null }) => unwrap(identity.POST('/api/v1/identity/access-keys', { body })),
    onSuccess: () => client.invalidateQueries({ queryKey: keys.accessKeys }),
  });
}
