import { useTranslation } from 'react-i18next';
import { type ApiProblem, asProblem } from '@/api/problem';

/** Our own words for the problems that the page itself finds; the services' messages come in the reader's language already. */
export function useProblemText() {
  const { t } = useTranslation();
  return (error: unknown): { problem: ApiProblem; text: string } => {
    const problem = asProblem(error);
    if (problem.code === 'network.unreachable') return { problem, text: t('ui.problem.unreachable') };
    if (problem.status === 403) return { problem, text: problem.message || t('ui.problem.forbidden') };
    return { problem, text: problem.message };
  };
}
