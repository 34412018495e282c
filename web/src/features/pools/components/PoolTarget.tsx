import { useTranslation } from 'react-i18next';
import type { Pool } from '@/api/model';

export function PoolTarget({ pool }: { pool: Pool }) {
  const { t } = useTranslation();
  if (pool.folder) {
    return <><dt>{t('pools.kind')}</dt><dd>{t('pools.kinds.folder')}</dd><dt>{t('pools.path')}</dt><dd className="hb-mono">{pool.folder.path}</dd></>;
  }
  if (!pool.s3) return null;
  return (
    <>
      <dt>{t('pools.kind')}</dt><dd>{t('pools.kinds.s3')}</dd>
      <dt>{t('pools.endpoint')}</dt><dd>{pool.s3.endpoint}</dd>
      <dt>{t('pools.region')}</dt><dd>{pool.s3.region || '–'}</dd>
      <dt>{t('pools.bucket')}</dt><dd>{pool.s3.bucket}</dd>
      <dt>{t('pools.accessKey')}</dt><dd className="hb-mono">{pool.s3.access_key}</dd>
      <dt>{t('pools.lookup')}</dt><dd>{t(`pools.lookups.${pool.s3.lookup}`)}</dd>
      <dt>{t('pools.tls')}</dt><dd>{t(pool.s3.use_tls ? 'ui.yes' : 'ui.no')}</dd>
    </>
  );
}
