import { useTranslation } from 'react-i18next';
import type { Probe } from '@/api/model';
import { Moment } from '@/ui/Moment';
import { StateTag } from '@/ui/StateTag';

export function LastProbe({ probe }: { probe: Probe | null | undefined }) {
  const { t } = useTranslation();
  if (!probe) return <span className="hb-muted">{t('pools.neverProbed')}</span>;
  return (
    <>
      <StateTag tone={probe.passed ? 'good' : 'bad'} state={probe.passed ? 'passed' : 'failed'}>{t(probe.passed ? 'pools.passed' : 'pools.failed')}</StateTag>
      <span className="hb-sub"><Moment at={probe.at} /></span>
    </>
  );
}
