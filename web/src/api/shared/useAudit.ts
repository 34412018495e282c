import { keepPreviousData, useQuery } from '@tanstack/react-query';
import type { AuditQuery } from '@/live/messages';
import { owl, unwrap } from '../client';
import { keys } from '../keys';
import type { AuditEntry, Page } from '../model';

/** The trail, newest first. Live entries are put on top of the cached first page. */
export const useAudit = (query: AuditQuery, enabled = true) =>
  useQuery<Page<AuditEntry>>({
    queryKey: [...keys.audit, query],
    queryFn: () => unwrap(owl.GET('/api/v1/owl/audit', { params: { query } })),
    placeholderData: keepPreviousData,
    enabled,
  });
