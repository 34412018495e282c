import type { ServiceRow } from '@/api/model';

/** What an operator must look at: sick, restarting, or ended with an error. A step that ended with 0 is complete. */
export function isTrouble(service: Pick<ServiceRow, 'state' | 'exit_code' | 'problem'>): boolean {
  const state = service.state.toLowerCase();
  if (state === 'unhealthy' || state === 'restarting') return true;
  return state === 'exited' && (service.exit_code ?? 0) !== 0;
}
