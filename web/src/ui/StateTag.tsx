import { CheckCircleFilled, ClockCircleOutlined, CloseCircleFilled, ExclamationCircleFilled, MinusCircleOutlined, SyncOutlined } from '@ant-design/icons';
import type { ReactNode } from 'react';

export type Tone = 'good' | 'bad' | 'busy' | 'warn' | 'idle' | 'waiting';

const icons: Record<Tone, ReactNode> = {
  good: <CheckCircleFilled />,
  bad: <CloseCircleFilled />,
  busy: <SyncOutlined spin />,
  warn: <ExclamationCircleFilled />,
  idle: <MinusCircleOutlined />,
  waiting: <ClockCircleOutlined />,
};

/** A state as icon and word: the colour only repeats what both say. */
export function StateTag({ tone, children, state }: { tone: Tone; children: ReactNode; state?: string }) {
  return (
    <span className={`hb-state hb-state-${tone}`} data-state={state}>
      <span aria-hidden="true">{icons[tone]}</span>
      <span>{children}</span>
    </span>
  );
}
