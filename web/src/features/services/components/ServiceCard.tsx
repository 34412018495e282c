import { Alert, Button, Card } from 'antd';
import { useTranslation } from 'react-i18next';
import { Can } from '@/session/Can';
import { permission } from '@/session/permissions';
import { ConfirmButton } from '@/ui/ConfirmButton';
import { State } from '@/ui/State';
import { formatBytes, formatUptime } from '@/ui/time';
import { useNotices } from '@/ui/useNotices';
import { useRestartService } from '../api/useRestartService';
import type { MeasuredService } from '../cpu';

interface Props {
  service: MeasuredService;
  at: number;
  onLog: (name: string) => void;
}

export function ServiceCard({ service, at, onLog }: Props) {
  const { t } = useTranslation();
  const notices = useNotices();
  const restart = useRestartService();
  const exited = service.state.toLowerCase() === 'exited';
  return (
    <Card
      size="small"
      title={service.name}
      extra={exited && service.exit_code !== null && service.exit_code !== undefined ? <span><State of="service" value={service.state} /> ({service.exit_code})</span> : <State of="service" value={service.state} />}
      data-service={service.name}
      actions={[
        <Button key="log" type="link" size="small" onClick={() => onLog(service.name)}>{t('services.log')}</Button>,
        <Can key="restart" do={permission.suiteManage}>
          <ConfirmButton action={t('services.restart')} question={t('services.restartQuestion', { name: service.name })} explanation={t('services.restartExplanation')}
            onConfirm={() => restart.mutateAsync(service.name, { onError: notices.problem, onSuccess: () => notices.success(t('services.restarting', { name: service.name })) })} />
        </Can>,
      ]}
    >
      {service.problem && <Alert type="warning" title={service.problem} className="hb-service-problem" />}
      <dl className="hb-pairs">
        <div><dt>{t('services.uptime')}</dt><dd>{exited ? '–' : formatUptime(service.started_at, at)}</dd></div>
        <div><dt>{t('services.memory')}</dt><dd>{service.memory_bytes > 0 ? formatBytes(service.memory_bytes) : '–'}</dd></div>
        <div><dt>{t('services.cpu')}</dt><dd>{service.cpu_percent === undefined ? '–' : `${service.cpu_percent.toFixed(1)} %`}</dd></div>
        <div><dt>{t('services.restarts')}</dt><dd>{service.restarts}</dd></div>
        <div><dt>{t('services.ports')}</dt><dd>{service.ports.length > 0 ? service.ports.join(', ') : '–'}</dd></div>
        <div><dt>{t('services.process')}</dt><dd>{service.process_id ?? '–'}</dd></div>
      </dl>
    </Card>
  );
}
