import { AuditOutlined, BankOutlined, CloudServerOutlined, FileTextOutlined, KeyOutlined, TeamOutlined } from '@ant-design/icons';
import { lazy } from 'react';
import { permission as p } from '@/session/permissions';
import type { MenuGroup } from './menu';

/** The O&M portal's menu: only what works. */
export const portalMenu: MenuGroup[] = [
  {
    key: 'user',
    label: 'user',
    items: [
      { path: '/user/tenants', label: 'tenants', icon: <BankOutlined />, needs: [p.tenantsManage], page: lazy(() => import('@/features/tenants/TenantsPage')) },
      { path: '/user/users', label: 'users', icon: <TeamOutlined />, needs: [p.tenantsManage], page: lazy(() => import('@/features/users/UsersPage')) },
      { path: '/user/access-keys', label: 'aksk', icon: <KeyOutlined />, needs: [p.tenantsManage], page: lazy(() => import('@/features/accessKeys/AccessKeysPage')) },
    ],
  },
  {
    key: 'operations',
    label: 'operations',
    items: [
      { path: '/operations/services', label: 'services', icon: <CloudServerOutlined />, needs: [p.suiteRead], page: lazy(() => import('@/features/services/ServicesPage')) },
      { path: '/operations/audit-logs', label: 'auditLogs', icon: <AuditOutlined />, needs: [p.suiteRead], page: lazy(() => import('@/features/audit/AuditPage')) },
      { path: '/operations/reports', label: 'reports', icon: <FileTextOutlined />, needs: [p.suiteRead], page: lazy(() => import('@/features/exports/ExportsPage')) },
    ],
  },
];
