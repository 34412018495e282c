import type { QueryClient, QueryKey } from '@tanstack/react-query';
import { keys } from '@/api/keys';
import type { AuditEntry, Page, Task, TaskRow } from '@/api/model';
import { type AuditQuery, belongs, hasEnded, mergeTask, mergeTaskRow, prependEntry, type TaskMessage } from './messages';

/** Lists that an entry about a kind of resource may have changed. */
const changedBy: Record<string, QueryKey[]> = {
  enrolment_token: [keys.enrolmentTokens],
  pool: [keys.pools, ['pool']],
  task: [keys.tasks],
  user: [keys.users],
  access_key: [keys.accessKeys],
  tenant: [keys.tenants],
  export: [keys.exports],
};

export function applyAudit(client: QueryClient, entry: AuditEntry): QueryKey[] {
  const stale: QueryKey[] = [...(changedBy[entry.resource_type ?? ''] ?? [])];
  for (const [key, page] of client.getQueriesData<Page<AuditEntry>>({ queryKey: keys.audit })) {
    const query = key[1] as AuditQuery | undefined;
    if (!page || !query) continue;
    const fits = belongs(entry, query);
    if (fits === undefined) stale.push(key);
    else if (fits) client.setQueryData(key, prependEntry(page, entry, query.page === 1));
  }
  return stale;
}

export function applyTask(client: QueryClient, message: TaskMessage): QueryKey[] {
  let known = false;
  for (const [key, page] of client.getQueriesData<Page<TaskRow>>({ queryKey: keys.tasks })) {
    if (!page) continue;
    known ||= page.items.some((row) => row.id === message.id);
    client.setQueryData(key, mergeTaskRow(page, message));
  }
  client.setQueryData<Task>(keys.task(message.id), (task) => (task ? mergeTask(task, message) : task));
  const stale: QueryKey[] = [keys.task(message.id)];
  if (!known || hasEnded(message.status)) stale.push(keys.tasks);
  if (hasEnded(message.status)) stale.push(keys.pools, ['pool']);
  return stale;
}

/** Collects keys and reads each again once per interval, however many messages come. */
export function staleCollector(client: QueryClient, everyMilliseconds: number) {
  const waiting = new Map<string, QueryKey>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  return (stale: QueryKey[]) => {
    stale.forEach((key) => waiting.set(JSON.stringify(key), key));
    timer ??= setTimeout(() => {
      timer = undefined;
      const due = [...waiting.values()];
      waiting.clear();
      due.forEach((queryKey) => void client.invalidateQueries({ queryKey }));
    }, everyMilliseconds);
  };
}
