import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { identity, unwrap } from '../client';
import { keys } from '../keys';
import type { Page, Paging, Tenant } from '../model';

export const useTenants = (query: Paging, enabled = true) =>
  useQuery<Page<Tenant>>({
    queryKey: [...keys.tenants, query],
    queryFn: () => unwrap(identity.GET('/api/v1/identity/tenants', { params: { query } })),
    placeholderData: keepPreviousData,
    enabled,
  });
