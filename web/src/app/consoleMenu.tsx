import { ApiOutlined, AuditOutlined, DashboardOutlined, DatabaseOutlined, FileTextOutlined, KeyOutlined, ProfileOutlined, TeamOutlined } from '@ant-design/icons';
import { lazy } from 'react';
import { permission as p } from '@/session/permissions';
import type { MenuGroup } from './menu';

/** The tenant console's menu: only what works. */
export const consoleMenu: MenuGroup[] = [
  { key: 'home', items: [{ path: '/', label: 'dashboard', icon: <DashboardOutlined />, page: lazy(() => import('@/features/dashboard/DashboardPage')) }] },
  {
    key: 'configuration',
    label: 'configuration',
    items: [
      {
        key: 'production-site', label: 'productionSite', icon: <ApiOutlined />,
        items: [{ path: '/configuration/enrolment-tokens', label: 'enrolments', needs: [p.enrolmentsRead], page: lazy(() => import('@/features/enrolments/EnrolmentsPage')) }],
      },
      {
        key: 'storage', label: 'storage', icon: <DatabaseOutlined />,
        items: [{ path: '/configuration/object-storage', label: 'pools', needs: [p.poolsRead], page: lazy(() => import('@/features/pools/PoolsPage')) }],
      },
    ],
  },
  {
    key: 'operations',
    label: 'operations',
    items: [
      { path: '/operations/tasks', label: 'tasks', icon: <ProfileOutlined />, needs: [p.tasksRead], page: lazy(() => import('@/features/tasks/TasksPage')) },
      { path: '/operations/event-logs', label: 'eventLogs', icon: <AuditOutlined />, needs: [p.auditRead], page: lazy(() => import('@/features/audit/AuditPage')) },
      { path: '/operations/reports', label: 'reports', icon: <FileTextOutlined />, needs: [p.reportsRead], page: lazy(() => import('@/features/exports/ExportsPage')) },
    ],
  },
  {
    key: 'settings',
    label: 'settings',
    items: [
      { path: '/settings/users', label: 'users', icon: <TeamOutlined />, needs: [p.usersRead], page: lazy(() => import('@/features/users/UsersPage')) },
      { path: '/settings/access-keys', label: 'accessKeys', icon: <KeyOutlined />, needs: [p.accessKeysRead], page: lazy(() => import('@/features/accessKeys/AccessKeysPage')) },
    ],
  },
];
