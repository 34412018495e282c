import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { storplus, unwrap } from '../client';
import { keys } from '../keys';
import type { Page, Paging, Pool } from '../model';

export const usePools = (query: Paging, enabled = true) =>
  useQuery<Page<Pool>>({
    queryKey: [...keys.pools, query],
    queryFn: () => unwrap(storplus.GET('/api/v1/storplus/pools', { params: { query } })),
    placeholderData: keepPreviousData,
    enabled,
  });
