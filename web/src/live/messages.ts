import type { AuditEntry, Page, Task, TaskRow, TaskStep } from '@/api/model';

/** What the hub sends while a task moves. */
export interface TaskMessage {
  id: string;
  status: string;
  /** Absent fields have not changed. */
  type?: string | null;
  percent?: number | null;
  step?: string | null;
  step_status?: string | null;
  message?: string | null;
  source_id?: string | null;
  source_name?: string | null;
}

export interface AuditFilters {
  kind?: string;
  actor?: string;
  resource_type?: string;
  outcome?: string;
  q?: string;
  from?: string;
  to?: string;
}

export type AuditQuery = AuditFilters & { page: number; page_size: number };

/** Whether a new entry belongs into a list; undefined when only the service can tell. */
export function belongs(entry: AuditEntry, filters: AuditFilters): boolean | undefined {
  if (filters.kind && entry.kind !== filters.kind) return false;
  if (filters.outcome && entry.outcome !== filters.outcome) return false;
  if (filters.resource_type && entry.resource_type !== filters.resource_type) return false;
  if (filters.from && Date.parse(entry.occurred_at) < Date.parse(filters.from)) return false;
  if (filters.to && Date.parse(entry.occurred_at) > Date.parse(filters.to)) return false;
  if (filters.q || filters.actor) return undefined;
  return true;
}

/** A page of the trail with a new entry on top; the same page when it is already there. Later pages only count it. */
export function prependEntry(page: Page<AuditEntry>, entry: AuditEntry, onFirstPage: boolean): Page<AuditEntry> {
  if (page.items.some((known) => known.sequence === entry.sequence)) return page;
  const newest = page.items[0];
  if (!onFirstPage) return { ...page, total: page.total + 1 };
  const items = newest && newest.sequence > entry.sequence
    ? [...page.items, entry].sort((one, other) => other.sequence - one.sequence)
    : [entry, ...page.items];
  return { ...page, items: items.slice(0, page.page_size), total: page.total + 1 };
}

const ended = new Set(['done', 'failed', 'aborted']);

export const hasEnded = (status: string): boolean => ended.has(status);

/** Messages may overtake each other or a fresh read: a task that ended stays ended, and percent never falls. */
function isNews(known: Pick<Task, 'status' | 'percent'>, message: TaskMessage): boolean {
  if (hasEnded(known.status) && !hasEnded(message.status)) return false;
  return hasEnded(message.status) || (message.percent ?? known.percent) >= known.percent;
}

export function mergeTaskRow(page: Page<TaskRow>, message: TaskMessage): Page<TaskRow> {
  let changed = false;
  const items = page.items.map((row) => {
    if (row.id !== message.id || !isNews(row, message)) return row;
    changed = true;
    return { ...row, status: message.status as TaskRow['status'], percent: message.percent ?? row.percent };
  });
  return changed ? { ...page, items } : page;
}

const order = ['pending', 'running', 'skipped', 'failed', 'done'];

/** A step moves only forward here; a retry that starts it again is seen with the next read. */
const isStepNews = (known: string, told: string | null | undefined): boolean => Boolean(told) && order.indexOf(told!) >= order.indexOf(known);

/** The task as the message tells it; times and attempts follow with the next read. */
export function mergeTask(task: Task, message: TaskMessage): Task {
  if (task.id !== message.id || !isNews(task, message)) return task;
  const steps = task.steps.map((step): TaskStep => {
    if (step.name !== message.step || !isStepNews(step.status, message.step_status)) return step;
    return { ...step, status: message.step_status as TaskStep['status'], message: message.message ?? step.message };
  });
  return { ...task, status: message.status as Task['status'], percent: message.percent ?? task.percent, steps };
}
