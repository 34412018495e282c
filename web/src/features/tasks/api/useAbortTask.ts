import { useMutation, useQueryClient } from '@tanstack/react-query';
import { ant, unwrap } from '@/api/client';
import { keys } from '@/api/keys';

export function useAbortTask() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => unwrap(ant.POST('/api/v1/ant/tasks/{id}/abort', { params: { path: { id } } })),
    onSuccess: () => client.invalidateQueries({ queryKey: keys.tasks }),
  });
}
