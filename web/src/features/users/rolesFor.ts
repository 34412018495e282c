const ofTenant = ['tenant_admin', 'operator', 'auditor', 'readonly'];

/** Roles to choose from. A platform administrator stays one, and nobody of a tenant becomes one. */
export const rolesFor = (portal: boolean, current?: string): string[] => {
  if (current === 'platform_admin') return ['platform_admin'];
  return portal && current === undefined ? ['platform_admin', ...ofTenant] : ofTenant;
};
