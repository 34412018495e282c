import { useMutation, useQueryClient } from '@tanstack/react-query';
import { porter, unwrap } from '@/api/client';
import { keys } from '@/api/keys';

export function useRevokeToken() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => unwrap(porter.POST('/api/v1/porter/enrolment-tokens/{id}/revoke', { params: { path: { id } } })),
    onSuccess: () => client.invalidateQueries({ queryKey: keys.enrolmentTokens }),
  });
}
