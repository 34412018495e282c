import { Button, Flex, Result, Spin } from 'antd';
import { lazy, Suspense } from 'react';
import { useTranslation } from 'react-i18next';
import { useSession } from '@/session/useSession';
import { ProblemView } from '@/ui/ProblemView';
import { useSignOut } from '@/session/api/useSignOut';
import { itemsOf, type MenuGroup, menuFor } from './menu';

const SignInPage = lazy(() => import('@/features/signin/SignInPage'));
const Shell = lazy(() => import('./Shell'));

const waiting = <Flex align="center" justify="center" className="hb-shell"><Spin size="large" /></Flex>;

/** Sign-in takes the place of the screens and leaves the address alone, so one lands where one meant to go. */
export function SessionGate({ menu }: { menu: MenuGroup[] }) {
  const { t } = useTranslation();
  const { data: session, error, refetch } = useSession();
  const signOut = useSignOut();

  if (error && !session) return <Flex align="center" justify="center" className="hb-shell hb-pad"><ProblemView error={error} onRetry={() => void refetch()} /></Flex>;
  if (!session) return waiting;
  if (session.state !== 'signed_in' || !session.user) return <Suspense fallback={waiting}><SignInPage session={session} /></Suspense>;

  const own = menuFor(menu, session.user);
  if (itemsOf(own).length === 0) {
    return (
      <Flex align="center" justify="center" className="hb-shell">
        <Result status="403" title={t('shell.noAccess.title')} subTitle={t('shell.noAccess.text', { user: session.user.username })}
          extra={<Button type="primary" onClick={() => signOut.mutate()}>{t('shell.signOut')}</Button>} />
      </Flex>
    );
  }
  return <Suspense fallback={waiting}><Shell menu={own} user={session.user} /></Suspense>;
}
