import { useMutation, useQueryClient } from '@tanstack/react-query';
import { report, unwrap } from '@/api/client';
import { keys } from '@/api/keys';

export function useDeleteExport() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => unwrap(report.DELETE('/api/v1/report/exports/{id}', { params: { path: { id } } })),
    onSuccess: () => client.invalidateQueries({ queryKey: keys.exports }),
  });
}
