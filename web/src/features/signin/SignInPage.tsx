import { useQueryClient } from '@tanstack/react-query';
import { Button, Typography } from 'antd';
import { type ReactNode, useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { keys } from '@/api/keys';
import { LanguageSwitch } from '@/ui/LanguageSwitch';
import { useSignOut } from '@/session/api/useSignOut';
import { PasswordForm } from '@/session/PasswordForm';
import { TotpEnrolment } from '@/session/TotpEnrolment';
import type { SessionState, SignedOut } from '@/session/useSession';
import { surface } from '@/surface';
import { Brand } from '@/ui/Brand';
import { Logo } from '@/ui/Logo';
import { CredentialsStep } from './components/CredentialsStep';
import { ThemeSwitch } from './components/ThemeSwitch';
import { TotpStep } from './components/TotpStep';

/** Each state of a session that is not signed in yet has its own step here. */
export default function SignInPage({ session }: { session: SessionState }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const signOut = useSignOut();
  useEffect(() => {
    document.title = `${t('signin.title')} · HyperBdr`;
  }, [t]);

  const steps: Record<string, { title: string; lead: string; content: ReactNode }> = {
    signed_out: {
      title: t('signin.title'),
      lead: t(surface() === 'portal' ? 'signin.leadPortal' : 'signin.lead'),
      content: <CredentialsStep expired={(session as SignedOut).expired === true} />,
    },
    totp_required: { title: t('signin.totp.title'), lead: t('signin.totp.lead'), content: <TotpStep /> },
    change_password: { title: t('signin.change.title'), lead: t('signin.change.lead'), content: <PasswordForm action={t('signin.change.submit')} /> },
    enrol_totp: {
      title: t('signin.enrol.title'),
      lead: t('signin.enrol.lead'),
      content: <TotpEnrolment username={session.user?.username ?? 'hyperbdr'} onDone={() => void client.invalidateQueries({ queryKey: keys.session })} />,
    },
  };
  const step = steps[session.state] ?? steps.signed_out!;

  return (
    <main className="hb-signin">
      <aside className="hb-signin-side">
        <Brand />
        <div>
          <p>{t('signin.claim')}</p>
          <p>{t('signin.claimMore')}</p>
        </div>
        <Logo className="hb-signin-art" ground="transparent" />
      </aside>
      <section className="hb-signin-main">
        <div className="hb-signin-tools"><Brand className="hb-brand-small" /><ThemeSwitch /><LanguageSwitch /></div>
        <div className={`hb-signin-form ${session.state === 'enrol_totp' ? 'hb-wide' : ''}`} data-testid={`signin-${session.state}`}>
          <div>
            <Typography.Title level={1}>{step.title}</Typography.Title>
            <Typography.Paragraph type="secondary" className="hb-lead">{step.lead}</Typography.Paragraph>
          </div>
          {step.content}
          {session.state !== 'signed_out' && <Button type="link" onClick={() => signOut.mutate()}>{t('signin.other')}</Button>}
        </div>
      </section>
    </main>
  );
}
