import { useMutation, useQueryClient } from '@tanstack/react-query';
import { report, unwrap } from '../client';
import { keys } from '../keys';

export interface ExportOrder {
  type: 'audit';
  format: 'csv' | 'xlsx';
  from?: string | null;
  to?: string | null;
  time_zone?: string | null;
}

export function useCreateExport() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: ExportOrder) => unwrap(report.POST('/api/v1/report/exports', { body })),
    onSuccess: () => client.invalidateQueries({ queryKey: keys.exports }),
  });
}
