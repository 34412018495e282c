import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { report, unwrap } from '../client';
import { keys } from '../keys';
import { isPending } from './exportState';
import type { Page, Paging, Export } from '../model';

export const useExports = (query: Paging, enabled = true) =>
  useQuery<Page<Export>>({
    queryKey: [...keys.exports, query],
    queryFn: () => unwrap(report.GET('/api/v1/report/exports', { params: { query } })),
    placeholderData: keepPreviousData,
    enabled,
    refetchInterval: ({ state }) => (state.data?.items.some((row) => isPending(row.state)) ? 2_000 : false),
  });
