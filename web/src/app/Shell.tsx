import { Drawer, Grid, Layout, Skeleton } from 'antd';
import { lazy, Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Navigate, Route, Routes, useLocation } from 'react-router';
import type { SessionUser } from '@/api/model';
import { LiveProvider } from '@/live/LiveProvider';
import { allows, permission } from '@/session/permissions';
import { surface } from '@/surface';
import { Brand } from '@/ui/Brand';
import { ErrorBoundary } from '@/ui/ErrorBoundary';
import { itemsOf, type MenuGroup } from './menu';
import { SideMenu } from './SideMenu';
import { TopBar } from './TopBar';

const AccountPage = lazy(() => import('@/features/account/AccountPage'));
const TaskDrawer = lazy(() => import('@/features/tasks/TaskDrawer'));
const NotFound = lazy(() => import('./NotFound'));

export default function Shell({ menu, user }: { menu: MenuGroup[]; user: SessionUser }) {
  const { t } = useTranslation();
  const wide = Grid.useBreakpoint().lg ?? true;
  const [menuOpen, setMenuOpen] = useState(false);
  const { pathname } = useLocation();
  const items = itemsOf(menu);
  const seesTasks = surface() === 'console' && allows(user, permission.tasksRead);

  return (
    <LiveProvider user={user}>
      <Layout className="hb-shell">
        <a href="#content" className="hb-skip">{t('shell.skip')}</a>
        <TopBar user={user} showTasks={seesTasks} onMenu={wide ? undefined : () => setMenuOpen(true)} />
        <Layout>
          {wide && (
            <Layout.Sider width={232} className="hb-sider">
              <SideMenu menu={menu} />
            </Layout.Sider>
          )}
          <Layout.Content className="hb-content" id="content" tabIndex={-1}>
            <div className="hb-page">
              <ErrorBoundary key={pathname}>
                <Suspense fallback={<Skeleton active />}>
                  <Routes>
                    {items.map(({ path, page: Page }) => <Route key={path} path={path} element={<Page />} />)}
                    <Route path="/account" element={<AccountPage />} />
                    {!items.some((item) => item.path === '/') && <Route path="/" element={<Navigate to={items[0]!.path} replace />} />}
                    <Route path="*" element={<NotFound />} />
                  </Routes>
                </Suspense>
              </ErrorBoundary>
            </div>
          </Layout.Content>
        </Layout>
        <Drawer open={menuOpen && !wide} onClose={() => setMenuOpen(false)} placement="left" size={272} title={<Brand />} className="hb-menu-drawer" styles={{ body: { padding: '8px 0' } }}>
          <SideMenu menu={menu} onChoose={() => setMenuOpen(false)} />
        </Drawer>
        {seesTasks && <Suspense><TaskDrawer /></Suspense>}
      </Layout>
    </LiveProvider>
  );
}
