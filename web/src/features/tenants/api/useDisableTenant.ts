import { useMutation, useQueryClient } from '@tanstack/react-query';
import { identity, unwrap } from '@/api/client';
import { keys } from '@/api/keys';

export function useDisableTenant() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => unwrap(identity.POST('/api/v1/identity/tenants/{id}/disable', { params: { path: { id } } })),
    onSuccess: () => client.invalidateQueries({ queryKey: keys.tenants }),
  });
}
