import { Card } from 'antd';
import { useTranslation } from 'react-i18next';
import { PasswordForm } from '@/session/PasswordForm';
import { useUser } from '@/session/permissions';
import { PageHeader } from '@/ui/PageHeader';
import { useNotices } from '@/ui/useNotices';
import { ProfileForm } from './components/ProfileForm';
import { TotpCard } from './components/TotpCard';

export default function AccountPage() {
  const { t } = useTranslation();
  const notices = useNotices();
  const user = useUser();
  if (!user) return null;
  return (
    <>
      <PageHeader title={t('account.title')} />
      <div className="hb-grid hb-grid-wide">
        <Card title={t('account.profile')}>
          <dl className="hb-facts hb-facts-spaced">
            <dt>{t('account.username')}</dt><dd>{user.username}</dd>
            <dt>{t('account.id')}</dt><dd className="hb-mono hb-small">{user.id}</dd>
            <dt>{t('account.tenant')}</dt><dd>{user.tenant_name}</dd>
            <dt>{t('account.role')}</dt><dd>{t(`ui.role.${user.role}`)}</dd>
          </dl>
          <ProfileForm key={user.id} user={user} />
        </Card>
        <Card title={t('account.password.title')}><PasswordForm action={t('account.password.change')} onDone={() => notices.success(t('account.password.changed'))} /></Card>
        <Card title={t('account.totp.title')}><TotpCard user={user} /></Card>
      </div>
    </>
  );
}
