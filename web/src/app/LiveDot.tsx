import { DisconnectOutlined } from '@ant-design/icons';
import { Tooltip } from 'antd';
import { useTranslation } from 'react-i18next';
import { useLiveState } from '@/live/LiveProvider';

/** Says so when live updates are cut; silent while they work. */
export function LiveDot() {
  const { t } = useTranslation();
  const state = useLiveState();
  if (state !== 'reconnecting') return <span hidden data-testid="live" data-state={state} />;
  return (
    <Tooltip title={t('shell.live.explain')}>
      <span className="hb-state hb-state-warn" role="status" data-testid="live" data-state={state}><DisconnectOutlined />{t('shell.live.cut')}</span>
    </Tooltip>
  );
}
