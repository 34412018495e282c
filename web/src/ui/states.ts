import type { Tone } from './StateTag';

/** How each state of the services looks; an unknown one is shown as idle under its own name. */
const tones: Record<string, Record<string, Tone>> = {
  task: { pending: 'waiting', working: 'busy', done: 'good', failed: 'bad', aborted: 'idle' },
  step: { pending: 'waiting', running: 'busy', done: 'good', failed: 'bad', skipped: 'idle' },
  pool: { verifying: 'busy', available: 'good', create_failed: 'bad' },
  token: { active: 'good', used: 'idle', expired: 'idle', revoked: 'bad' },
  account: { enabled: 'good', disabled: 'idle' },
  outcome: { accepted: 'good', denied: 'bad', refused: 'warn', failed: 'bad' },
  export: { waiting: 'waiting', exporting: 'busy', completed: 'good', failed: 'bad', expired: 'idle' },
  service: { healthy: 'good', up: 'good', starting: 'busy', unhealthy: 'bad', restarting: 'warn', waiting: 'waiting', exited: 'idle' },
};

export type StateKind = keyof typeof tones;

export const toneOf = (kind: string, state: string): Tone => tones[kind]?.[state] ?? 'idle';
export const statesOf = (kind: string): string[] => Object.keys(tones[kind] ?? {});
