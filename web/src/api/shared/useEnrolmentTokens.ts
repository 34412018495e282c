import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { porter, unwrap } from '../client';
import { keys } from '../keys';
import type { Page, Paging, EnrolmentToken } from '../model';

export const useEnrolmentTokens = (query: Paging, enabled = true) =>
  useQuery<Page<EnrolmentToken>>({
    queryKey: [...keys.enrolmentTokens, query],
    queryFn: () => unwrap(porter.GET('/api/v1/porter/enrolment-tokens', { params: { query } })),
    placeholderData: keepPreviousData,
    enabled,
  });
