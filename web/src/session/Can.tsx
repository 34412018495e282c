import type { ReactNode } from 'react';
import { type Permission, useCan } from './permissions';

export function Can({ do: needed, children }: { do: Permission; children: ReactNode }) {
  return useCan(needed) ? children : null;
}
