/** Query keys: the first part is what live messages and mutations invalidate. */
export const keys = {
  session: ['session'] as const,
  users: ['users'] as const,
  accessKeys: ['access-keys'] as const,
  tenants: ['tenants'] as const,
  enrolmentTokens: ['enrolment-tokens'] as const,
  pools: ['pools'] as const,
  pool: (id: string) => ['pool', id] as const,
  tasks: ['tasks'] as const,
  task: (id: string) => ['task', id] as const,
  audit: ['audit'] as const,
  exports: ['exports'] as const,
  services: ['services'] as const,
  serviceLog: (name: string) => ['service-log', name] as const,
  deadLetters: ['dead-letters'] as const,
};
