import { BulbOutlined, LogoutOutlined, UserOutlined } from '@ant-design/icons';
import { Avatar, Button, Dropdown } from 'antd';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';
import type { SessionUser } from '@/api/model';
import { useSignOut } from '@/session/api/useSignOut';
import { setThemeChoice, type ThemeChoice, useThemeChoice } from '@/theme/themeChoice';
import { useNotices } from '@/ui/useNotices';

const themes: ThemeChoice[] = ['system', 'light', 'dark'];

export function UserMenu({ user }: { user: SessionUser }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const notices = useNotices();
  const theme = useThemeChoice();
  const signOut = useSignOut();
  const name = user.nickname || user.username;

  return (
    <Dropdown
      trigger={['click']}
      placement="bottomRight"
      menu={{
        selectedKeys: [`theme:${theme}`],
        items: [
          { key: 'who', type: 'group', label: <span>{user.username}<span className="hb-sub">{user.tenant_name} · {t(`ui.role.${user.role}`)}</span></span> },
          { key: 'account', icon: <UserOutlined />, label: t('shell.account') },
          { type: 'divider' },
          { key: 'theme', type: 'group', label: t('shell.theme.title'), children: themes.map((choice) => ({ key: `theme:${choice}`, icon: <BulbOutlined />, label: t(`shell.theme.${choice}`) })) },
          { type: 'divider' },
          { key: 'sign-out', icon: <LogoutOutlined />, label: t('shell.signOut') },
        ],
        onClick: ({ key }) => {
          if (key === 'account') void navigate('/account');
          else if (key === 'sign-out') signOut.mutate(undefined, { onError: notices.problem });
          else if (key.startsWith('theme:')) setThemeChoice(key.slice('theme:'.length) as ThemeChoice);
        },
      }}
    >
      <Button type="text" aria-label={t('shell.userMenu', { name })} data-testid="user-menu">
        <Avatar size={24} icon={<UserOutlined />} />
        <span className="hb-user-name">{name}</span>
      </Button>
    </Dropdown>
  );
}
