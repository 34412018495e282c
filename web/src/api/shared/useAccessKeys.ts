import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { identity, unwrap } from '../client';
import { keys } from '../keys';
import type { Page, Paging, AccessKey } from '../model';

export const useAccessKeys = (query: Paging, enabled = true) =>
  useQuery<Page<AccessKey>>({
    queryKey: [...keys.accessKeys, query],
    queryFn: () => unwrap(identity.GET('/api/v1/identity/access-keys', { params: { query } })),
    placeholderData: keepPreviousData,
    enabled,
  });
