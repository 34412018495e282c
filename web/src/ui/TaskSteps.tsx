import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { TaskStep } from '@/api/model';
import { State } from './State';
import { formatDuration, formatTime } from './time';
import { useNow } from './useNow';
import { StepMark } from './StepMark';

/** A task's steps in order, with what each said, when it began and how long it took. */
export function TaskSteps({ steps }: { steps: TaskStep[] }) {
  const { t } = useTranslation();
  const now = useNow(1_000, steps.some((step) => step.status === 'running'));
  return (
    <ol className="hb-steps" aria-label={t('ui.steps')} data-testid="task-steps">
      {steps.map((step) => (
        <li key={step.name} data-step={step.name} data-state={step.status}>
          <StepMark status={step.status} />
          <span className="hb-step-name">{stepName(step.name, t)}{step.attempts > 1 && <span className="hb-muted"> · {t('ui.attempts', { count: step.attempts })}</span>}</span>
          <State of="step" value={step.status} />
          {step.message && <span className={`hb-step-more ${step.status === 'failed' ? 'hb-step-bad' : ''}`}>{step.message}</span>}
          {step.start_at && <span className="hb-step-more hb-small hb-number">{formatTime(step.start_at)} · {formatDuration(step.start_at, step.end_at, now)}</span>}
        </li>
      ))}
    </ol>
  );
}

type Translate = (key: string, options: { defaultValue: string }) => string;

/** Known steps by their translated name, others as the service calls them. */
export const stepName = (name: string, t: Translate): ReactNode => t(`ui.step.${name}`, { defaultValue: name.replaceAll('_', ' ') });
