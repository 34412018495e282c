import { Alert } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { asProblem } from '@/api/problem';
import { ProblemView } from '@/ui/ProblemView';
import { useNow } from '@/ui/useNow';

/** Wrong credentials say nothing about which part was wrong; too many attempts say how long to wait. */
export function SignInProblem({ error, wrong }: { error: unknown; wrong: string }) {
  const { t } = useTranslation();
  const [since] = useState(() => Date.now());
  const problem = asProblem(error);
  const now = useNow(1_000, problem.status === 429);

  if (problem.status === 429) {
    const left = Math.max(0, (problem.retryAfterSeconds ?? 60) - Math.floor((now - since) / 1000));
    const text = left > 0 ? t('signin.wait', { count: left }) : t('signin.waitOver');
    return <Alert type="warning" showIcon role="alert" data-testid="signin-wait" title={text} />;
  }
  if (problem.status === 401) return <Alert type="error" showIcon role="alert" data-testid="signin-wrong" title={wrong} />;
  return <ProblemView error={error} />;
}
