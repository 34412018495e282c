import { useQuery } from '@tanstack/react-query';
import { owl, unwrap } from '@/api/client';
import { keys } from '@/api/keys';

export const useDeadLetters = () =>
  useQuery({ queryKey: keys.deadLetters, queryFn: () => unwrap(owl.GET('/api/v1/owl/dead-letters')), refetchInterval: 10_000 });
