import { useTranslation } from 'react-i18next';
import { permission, useCan, useUser } from '@/session/permissions';
import { PageHeader } from '@/ui/PageHeader';
import { EventsCard } from './components/EventsCard';
import { PoolsCard } from './components/PoolsCard';
import { TasksCard } from './components/TasksCard';
import { TokensCard } from './components/TokensCard';

/** What the lists say, at a glance; each card needs the permission of its list. */
export default function DashboardPage() {
  const { t } = useTranslation();
  const user = useUser();
  const [pools, tasks, tokens, audit] = [useCan(permission.poolsRead), useCan(permission.tasksRead), useCan(permission.enrolmentsRead), useCan(permission.auditRead)];
  return (
    <>
      <PageHeader title={t('dashboard.title')} description={t('dashboard.welcome', { name: user?.nickname || user?.username, tenant: user?.tenant_name })} />
      <div className="hb-grid">
        {pools && <PoolsCard />}
        {tasks && <TasksCard />}
        {tokens && <TokensCard />}
      </div>
      {audit && <EventsCard />}
    </>
  );
}
