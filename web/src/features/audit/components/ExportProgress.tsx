import { DownloadOutlined } from '@ant-design/icons';
import { Alert, Button, Flex, Spin } from 'antd';
import { useTranslation } from 'react-i18next';
import { exportFile, isPending, isReady } from '@/api/shared/exportState';
import { useExport } from '@/api/shared/useExport';
import { openDownload } from '@/ui/download';
import { ProblemView } from '@/ui/ProblemView';
import { formatBytes } from '@/ui/time';

export function ExportProgress({ id }: { id: string }) {
  const { t } = useTranslation();
  const { data, error, refetch } = useExport(id);
  if (error) return <ProblemView error={error} onRetry={() => void refetch()} />;
  if (!data || isPending(data.state)) return <Flex gap={12} align="center" className="hb-pad" role="status"><Spin /> {t('audit.exportWorking')}</Flex>;
  if (!isReady(data.state)) return <Alert type="error" showIcon title={data.error ?? t('audit.exportFailed')} />;
  return (
    <Alert
      type="success"
      showIcon
      data-testid="export-ready"
      title={t('audit.exportReady')}
      description={data.size_bytes !== undefined && data.size_bytes !== null ? formatBytes(data.size_bytes) : undefined}
      action={<Button type="primary" icon={<DownloadOutlined />} onClick={() => openDownload(exportFile(id), data.file_name ?? undefined)} data-testid="export-download">{t('ui.download')}</Button>}
    />
  );
}
