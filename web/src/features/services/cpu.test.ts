import { describe, expect, it } from 'vitest';
import type { ServiceRow } from '@/api/model';
import { withCpu } from './cpu';
import { isTrouble } from './trouble';

const row = (more: Partial<ServiceRow> = {}): ServiceRow => ({ name: 'ant', command: '', state: 'healthy', restarts: 0, ports: [], memory_bytes: 1, cpu_seconds: 10, process_id: 7, ...more });
const share = (before: ServiceRow, after: ServiceRow, milliseconds: number) => withCpu([after], milliseconds, withCpu([before], 0)).items[0]?.cpu_percent;

describe('CPU of a service', () => {
  it('is the share of one core between two reads', () => expect(share(row(), row({ cpu_seconds: 11 }), 4_000)).toBe(25));
  it('is unknown after the first read and after a restart', () => {
    expect(withCpu([row()], 0).items[0]?.cpu_percent).toBeUndefined();
    expect(share(row(), row({ process_id: 8, cpu_seconds: 0 }), 4_000)).toBeUndefined();
  });
});

describe('trouble', () => {
  it.each([['healthy', null, false], ['starting', null, false], ['unhealthy', null, true], ['restarting', 1, true], ['exited', 0, false], ['exited', 137, true]] as const)(
    '%s with exit code %s', (state, exit_code, expected) => expect(isTrouble(row({ state, exit_code }))).toBe(expected));
});
