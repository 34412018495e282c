import { useMutation, useQueryClient } from '@tanstack/react-query';
import { identity, unwrap } from '@/api/client';
import { keys } from '@/api/keys';
import type { NewTenant } from '@/api/model';

export function useAddTenant() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: NewTenant) => unwrap(identity.POST('/api/v1/identity/tenants', { body })),
    onSuccess: () => client.invalidateQueries({ queryKey: keys.tenants }),
  });
}
