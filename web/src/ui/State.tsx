import { useTranslation } from 'react-i18next';
import { StateTag } from './StateTag';
import { toneOf } from './states';

/** The state of a task, step, pool, token, account, export or service under its translated name. */
export function State({ of, value }: { of: string; value: string | null | undefined }) {
  const { t } = useTranslation();
  if (!value) return <span>–</span>;
  const state = value.toLowerCase();
  return <StateTag tone={toneOf(of, state)} state={state}>{t(`ui.state.${of}.${state}`, { defaultValue: value })}</StateTag>;
}
