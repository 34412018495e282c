import { Alert, Button, Flex, Typography } from 'antd';
import { useTranslation } from 'react-i18next';
import { useProblemText } from './useProblemText';

interface Props {
  error: unknown;
  onRetry?: () => void;
  /** More lines, such as messages for fields that the form does not show. */
  lines?: readonly string[];
}

/** `[code] message`, the trace id to quote, and a button that copies both. */
export function ProblemView({ error, onRetry, lines = [] }: Props) {
  const { t } = useTranslation();
  const { problem, text } = useProblemText()(error);
  const copied = [`[${problem.code}] ${text}`, ...lines, problem.traceId && `trace ${problem.traceId}`].filter(Boolean).join('\n');

  return (
    <Alert
      type="error"
      showIcon
      role="alert"
      data-testid="problem"
      title={<span className="hb-wrap">[{problem.code}] {text}</span>}
      description={
        <Flex vertical gap={4}>
          {lines.map((line) => <span key={line}>{line}</span>)}
          <Flex wrap gap={12} align="center">
            {problem.traceId && <Typography.Text type="secondary" className="hb-mono hb-small hb-wrap">{t('ui.problem.trace', { id: problem.traceId })}</Typography.Text>}
            <Typography.Text copyable={{ text: copied, tooltips: [t('ui.copy'), t('ui.copied')] }} />
          </Flex>
        </Flex>
      }
      action={onRetry && <Button size="small" onClick={onRetry}>{t('ui.retry')}</Button>}
    />
  );
}
