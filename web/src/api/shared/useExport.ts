import { useQuery } from '@tanstack/react-query';
import { report, unwrap } from '../client';
import { keys } from '../keys';
import { isPending } from './exportState';

/** One export, read again until it is ready or has failed. */
export const useExport = (id: string | undefined) =>
  useQuery({
    queryKey: [...keys.exports, id],
    queryFn: () => unwrap(report.GET('/api/v1/report/exports/{id}', { params: { path: { id: id! } } })),
    enabled: Boolean(id),
    refetchInterval: ({ state }) => (state.data && !isPending(state.data.state) ? false : 1_000),
  });
