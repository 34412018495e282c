import { QueryClient } from '@tanstack/react-query';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { keys } from '@/api/keys';
import type { AuditEntry, Page, Task } from '@/api/model';
import { applyAudit, applyTask, staleCollector } from './applyMessages';
import { retryDelay } from './connection';
import { belongs, mergeTask, mergeTaskRow, prependEntry } from './messages';

const entry = (sequence: number, more: Partial<AuditEntry> = {}): AuditEntry => ({
  sequence, id: `id-${sequence}`, kind: 'call', action: 'storplus.pools.register', outcome: 'accepted', resource_type: 'pool',
  occurred_at: '2026-11-23T10:00:00Z', detail: {}, hash: '', previous_hash: '', ...more,
});
const page = (...sequences: number[]): Page<AuditEntry> => ({ items: sequences.map((n) => entry(n)), total: sequences.length, page: 1, page_size: 3 });
const sequences = (audit: Page<AuditEntry> | undefined) => audit?.items.map((item) => item.sequence);
const task = (more: Partial<Task> = {}): Task => ({
  id: 't1', type: 'probe_pool', status: 'working', source_type: 'pool', source_id: 'p1', source_name: 'nas', operator: 'li', percent: 20, start_at: '2026-11-23T10:00:00Z',
  steps: ['connect', 'list', 'delete'].map((name, i) => ({ name, status: i === 0 ? 'done' : 'pending', attempts: 0 })), ...more,
});
const states = (t: Task | undefined) => t?.steps.map((step) => step.status);

describe('a new audit entry', () => {
  it('comes on top and the page keeps its size', () => expect(prependEntry(page(3, 2, 1), entry(4), true)).toMatchObject({ total: 4, items: [{ sequence: 4 }, { sequence: 3 }, { sequence: 2 }] }));
  it('is not counted twice', () => {
    const before = page(3, 2);
    expect(prependEntry(before, entry(3), true)).toBe(before);
  });
  it('that comes late finds its place', () => expect(sequences(prependEntry(page(5, 3), entry(4), true))).toEqual([5, 4, 3]));
  it('only counts on later pages', () => expect(prependEntry(page(3, 2), entry(4), false)).toMatchObject({ total: 3, items: [{ sequence: 3 }, { sequence: 2 }] }));
  it.each([
    [{}, true], [{ kind: 'event' }, false], [{ outcome: 'accepted' }, true], [{ outcome: 'failed' }, false], [{ resource_type: 'user' }, false],
    [{ from: '2026-11-23T10:00:01Z' }, false], [{ to: '2026-11-23T10:00:01Z' }, true], [{ q: 'nas' }, undefined], [{ actor: 'li' }, undefined],
  ])('under the filter %j', (filter, expected) => expect(belongs(entry(1), filter)).toBe(expected));

  it('is written into every list that it fits, and what it changed is read again', () => {
    const client = new QueryClient();
    const [all, failed, searched] = [{ page: 1, page_size: 3 }, { page: 1, page_size: 3, outcome: 'failed' }, { page: 1, page_size: 3, q: 'x' }].map((query) => [...keys.audit, query]);
    for (const key of [all, failed, searched]) client.setQueryData(key!, page(1));
    const stale = applyAudit(client, entry(2));
    expect(sequences(client.getQueryData(all!))).toEqual([2, 1]);
    expect(sequences(client.getQueryData(failed!))).toEqual([1]);
    expect(stale).toEqual([keys.pools, ['pool'], searched]);
  });
});

describe('a task message', () => {
  it('moves its step and the percent', () => {
    const moved = mergeTask(task(), { id: 't1', status: 'working', percent: 40, step: 'list', step_status: 'running', message: 'reading' });
    expect(moved.percent).toBe(40);
    expect(states(moved)).toEqual(['done', 'running', 'pending']);
    expect(moved.steps[1]?.message).toBe('reading');
  });
  it('that overtook a newer one changes nothing', () => {
    const ended = task({ status: 'done', percent: 100 });
    expect(mergeTask(ended, { id: 't1', status: 'working', percent: 60 })).toBe(ended);
    const ahead = task({ percent: 80 });
    expect(mergeTask(ahead, { id: 't1', status: 'working', percent: 60 })).toBe(ahead);
    expect(states(mergeTask(task(), { id: 't1', status: 'working', step: 'connect', step_status: 'running' }))).toEqual(['done', 'pending', 'pending']);
  });
  it('without a percent keeps the known one', () => expect(mergeTask(task(), { id: 't1', status: 'failed' })).toMatchObject({ status: 'failed', percent: 20 }));
  it('of another task leaves a page as it is', () => {
    const rows = { items: [task()], total: 1, page: 1, page_size: 10 };
    expect(mergeTaskRow(rows, { id: 't2', status: 'done', percent: 100 })).toBe(rows);
  });
  it('of an unknown task has the lists read again, of an ended one the pools too', () => {
    const client = new QueryClient();
    client.setQueryData([...keys.tasks, {}], { items: [task()], total: 1, page: 1, page_size: 10 });
    expect(applyTask(client, { id: 't1', status: 'working', percent: 30 })).toEqual([keys.task('t1')]);
    expect(applyTask(client, { id: 't9', status: 'working', percent: 0 })).toContainEqual(keys.tasks);
    expect(applyTask(client, { id: 't1', status: 'done', percent: 100 })).toEqual(expect.arrayContaining([keys.tasks, keys.pools]));
  });
});

describe('reading again', () => {
  afterEach(() => void vi.useRealTimers());
  it('happens once for many messages', () => {
    vi.useFakeTimers();
    const client = new QueryClient();
    const read = vi.spyOn(client, 'invalidateQueries');
    const collect = staleCollector(client, 250);
    for (let i = 0; i < 100; i += 1) collect([keys.tasks, keys.pools]);
    vi.advanceTimersByTime(250);
    expect(read).toHaveBeenCalledTimes(2);
  });
  it('waits longer after each failed attempt, but never gives up', () => expect([0, 1, 2, 3, 4, 1000].map(retryDelay)).toEqual([0, 1000, 3000, 7000, 15000, 15000]));
});
