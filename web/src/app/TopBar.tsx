import { MenuOutlined } from '@ant-design/icons';
import { Button, Layout, Tooltip } from 'antd';
import { lazy, Suspense } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import type { SessionUser } from '@/api/model';
import { Brand } from '@/ui/Brand';
import { zoneText } from '@/ui/time';
import { LanguageSwitch } from '@/ui/LanguageSwitch';
import { LiveDot } from './LiveDot';
import { UserMenu } from './UserMenu';

const RunningTasks = lazy(() => import('@/features/tasks/RunningTasks'));

interface Props {
  user: SessionUser;
  showTasks: boolean;
  onMenu?: () => void;
}

export function TopBar({ user, showTasks, onMenu }: Props) {
  const { t } = useTranslation();
  return (
    <Layout.Header className="hb-top">
      {onMenu && <Button type="text" icon={<MenuOutlined />} aria-label={t('shell.openMenu')} onClick={onMenu} />}
      <Link to="/"><Brand /></Link>
      <span className="hb-spring" />
      <LiveDot />
      <Tooltip title={Intl.DateTimeFormat().resolvedOptions().timeZone}>
        <span className="hb-zone" data-testid="zone">{t('shell.zone', { zone: zoneText() })}</span>
      </Tooltip>
      {showTasks && <Suspense><RunningTasks /></Suspense>}
      <LanguageSwitch />
      <UserMenu user={user} />
    </Layout.Header>
  );
}
