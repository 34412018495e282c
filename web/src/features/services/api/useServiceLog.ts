import { useQuery } from '@tanstack/react-query';
import { owl, unwrap } from '@/api/client';
import { keys } from '@/api/keys';

export const useServiceLog = (name: string | null, follow: boolean) =>
  useQuery({
    queryKey: keys.serviceLog(name ?? ''),
    queryFn: () => unwrap(owl.GET('/api/v1/owl/suite/services/{name}/logs', { params: { path: { name: name! }, query: { tail: 200 } } })),
    enabled: name !== null,
    refetchInterval: follow ? 2_000 : false,
    gcTime: 0,
  });
