import { Alert } from 'antd';
import { useTranslation } from 'react-i18next';
import { toneOf } from '@/ui/states';
import { formatBytes } from '@/ui/time';
import type { MeasuredService } from '../cpu';
import { isTrouble } from '../trouble';

/** The whole suite in one line: what is wrong comes first. */
export function SuiteSummary({ items }: { items: MeasuredService[] }) {
  const { t } = useTranslation();
  const troubled = items.filter(isTrouble);
  const running = items.filter((item) => toneOf('service', item.state.toLowerCase()) === 'good').length;
  const memory = formatBytes(items.reduce((sum, item) => sum + item.memory_bytes, 0));
  if (troubled.length > 0) {
    return <Alert type="error" showIcon title={t('services.trouble', { count: troubled.length, names: troubled.map((item) => item.name).join(', ') })} />;
  }
  return <Alert type="success" showIcon title={t('services.allWell', { count: running, memory })} />;
}
