import { useMutation, useQueryClient } from '@tanstack/react-query';
import { porter, unwrap } from '@/api/client';
import { keys } from '@/api/keys';

export function useIssueToken() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: { name: string; lifetime_s: number }) => unwrap(porter.POST('/api/v1/porter/enrolment-tokens', { body })),
    onSuccess: () => client.invalidateQueries({ queryKey: keys.enrolmentTokens }),
  });
}
