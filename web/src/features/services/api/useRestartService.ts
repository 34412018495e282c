import { useMutation, useQueryClient } from '@tanstack/react-query';
import { owl, unwrap } from '@/api/client';
import { keys } from '@/api/keys';

export function useRestartService() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (name: string) => unwrap(owl.POST('/api/v1/owl/suite/services/{name}/restart', { params: { path: { name } } })),
    onSuccess: () => client.invalidateQueries({ queryKey: keys.services }),
  });
}
