import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { identity, unwrap } from '../client';
import { keys } from '../keys';
import type { Page, Paging, User } from '../model';

export const useUsers = (query: Paging, enabled = true) =>
  useQuery<Page<User>>({
    queryKey: [...keys.users, query],
    queryFn: () => unwrap(identity.GET('/api/v1/identity/users', { params: { query } })),
    placeholderData: keepPreviousData,
    enabled,
  });
