import type { SessionUser } from '@/api/model';
import { useSession } from './useSession';

/** What a call needs, as the services name it. */
export const permission = {
  enrolmentsRead: 'porter.enrolments.read',
  enrolmentsWrite: 'porter.enrolments.write',
  poolsRead: 'storplus.pools.read',
  poolsWrite: 'storplus.pools.write',
  tasksRead: 'ant.tasks.read',
  tasksRun: 'ant.tasks.run',
  auditRead: 'owl.audit.read',
  reportsRead: 'report.exports.read',
  reportsRun: 'report.exports.run',
  usersRead: 'identity.users.read',
  usersWrite: 'identity.users.write',
  accessKeysRead: 'identity.access_keys.read',
  accessKeysWrite: 'identity.access_keys.write',
  tenantsManage: 'identity.tenants.manage',
  suiteRead: 'owl.suite.read',
  suiteManage: 'owl.suite.manage',
} as const;

export type Permission = (typeof permission)[keyof typeof permission];

export const allows = (user: Pick<SessionUser, 'permissions'> | null | undefined, needed: Permission): boolean =>
  user?.permissions.includes(needed) ?? false;

export function useUser(): SessionUser | undefined {
  return useSession().data?.user ?? undefined;
}

/** Whether the signed-in user may do something. The service decides; this only hides what it would refuse. */
export function useCan(needed: Permission): boolean {
  return allows(useUser(), needed);
}
