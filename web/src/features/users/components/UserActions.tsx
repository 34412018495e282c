import { MoreOutlined } from '@ant-design/icons';
import { App, Button, Dropdown, type MenuProps } from 'antd';
import { useTranslation } from 'react-i18next';
import type { User } from '@/api/model';
import { Can } from '@/session/Can';
import { permission, useUser } from '@/session/permissions';
import { useNotices } from '@/ui/useNotices';
import { useDeleteUser } from '../api/useDeleteUser';
import { useDisableUser } from '../api/useDisableUser';
import { useEnableUser } from '../api/useEnableUser';
import { useResetTotp } from '../api/useResetTotp';

interface Props {
  user: User;
  onEdit: (user: User) => void;
  onReset: (user: User) => void;
}

/** One cannot lock oneself out: the own row has no disabling and no deleting. */
export function UserActions({ user, onEdit, onReset }: Props) {
  const { t } = useTranslation();
  const { modal } = App.useApp();
  const notices = useNotices();
  const self = useUser()?.id === user.id;
  const [enable, disable, remove, resetTotp] = [useEnableUser(), useDisableUser(), useDeleteUser(), useResetTotp()];
  const off = !user.enabled;

  const ask = (act: string, run: (id: string) => Promise<unknown>) =>
    modal.confirm({
      title: t(`users.ask.${act}`, { name: user.username }),
      content: t(`users.explain.${act}`),
      okText: t(`users.act.${act}`),
      cancelText: t('ui.cancel'),
      okButtonProps: { danger: act !== 'enable' },
      onOk: () => run(user.id).then(() => notices.success(t(`users.did.${act}`, { name: user.username })), notices.problem),
    });
  const acts: Record<string, () => void> = {
    reset: () => onReset(user),
    totp: () => ask('totp', resetTotp.mutateAsync),
    enable: () => ask('enable', enable.mutateAsync),
    disable: () => ask('disable', disable.mutateAsync),
    delete: () => ask('delete', remove.mutateAsync),
  };
  const items: MenuProps['items'] = [
    { key: 'reset', label: t('users.act.reset') },
    { key: 'totp', label: t('users.act.totp') },
    ...(self ? [] : [{ key: off ? 'enable' : 'disable', label: t(`users.act.${off ? 'enable' : 'disable'}`) }, { key: 'delete', label: t('users.act.delete'), danger: true }]),
  ];

  return (
    <Can do={permission.usersWrite}>
      <span className="hb-actions">
        <Button type="link" size="small" onClick={() => onEdit(user)}>{t('ui.edit')}</Button>
        <Dropdown trigger={['click']} menu={{ items, onClick: ({ key }) => acts[key]?.() }}>
          <Button type="link" size="small" icon={<MoreOutlined />} aria-label={t('ui.more', { name: user.username })} />
        </Dropdown>
      </span>
    </Can>
  );
}
