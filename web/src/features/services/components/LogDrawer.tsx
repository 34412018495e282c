import { Checkbox, Drawer, Empty, Skeleton } from 'antd';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ProblemView } from '@/ui/ProblemView';
import { useServiceLog } from '../api/useServiceLog';

/** The last lines of a service's log; following keeps the newest line in view. */
export function LogDrawer({ name, onClose }: { name: string | null; onClose: () => void }) {
  const { t } = useTranslation();
  const [follow, setFollow] = useState(true);
  const { data, error, refetch } = useServiceLog(name, follow);
  const box = useRef<HTMLPreElement>(null);

  useEffect(() => {
    if (follow && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [data, follow]);

  return (
    <Drawer
      open={name !== null}
      onClose={onClose}
      size={860}
      title={t('services.logOf', { name: name ?? '' })}
      extra={<Checkbox checked={follow} onChange={(event) => setFollow(event.target.checked)}>{t('services.follow')}</Checkbox>}
      styles={{ body: { display: 'flex', flexDirection: 'column' } }}
    >
      {error && <ProblemView error={error} onRetry={() => void refetch()} />}
      {!data && !error && <Skeleton active />}
      {data?.lines.length === 0 && <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t('services.noLog')} />}
      {data && data.lines.length > 0 && <pre ref={box} className="hb-log" tabIndex={0} data-testid="log">{data.lines.join('\n')}</pre>}
    </Drawer>
  );
}
