import { Flex, Typography } from 'antd';
import { useTranslation } from 'react-i18next';
import type { Probe } from '@/api/model';
import { StateTag } from '@/ui/StateTag';
import { StepMark } from '@/ui/StepMark';
import { stepName } from '@/ui/TaskSteps';
import { formatMicroseconds, formatTime } from '@/ui/time';

/** Each check of the last probe: passed or failed, why, and how long it took. */
export function ProbeResult({ probe }: { probe: Probe }) {
  const { t } = useTranslation();
  return (
    <section className="hb-section" data-testid="probe-result" data-state={probe.passed ? 'passed' : 'failed'}>
      <Flex justify="space-between" align="center" gap={8} wrap>
        <Typography.Title level={2}>{t('pools.lastProbe')}</Typography.Title>
        <span className="hb-small hb-muted hb-number">{formatTime(probe.at)}</span>
      </Flex>
      <ol className="hb-steps">
        {probe.findings.map((finding) => (
          <li key={finding.step} data-step={finding.step} data-state={finding.passed ? 'passed' : 'failed'}>
            <StepMark status={finding.passed ? 'done' : 'failed'} />
            <span className="hb-step-name">{stepName(finding.step, t)}</span>
            <StateTag tone={finding.passed ? 'good' : 'bad'}>{t(finding.passed ? 'pools.passed' : 'pools.failed')}</StateTag>
            <span className={`hb-step-more ${finding.passed ? '' : 'hb-step-bad'}`}>
              {finding.message}{finding.code && <span className="hb-mono hb-small"> [{finding.code}]</span>} <span className="hb-muted hb-small hb-number">· {formatMicroseconds(finding.duration_us)}</span>
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}
