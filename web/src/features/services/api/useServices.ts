import { useQuery } from '@tanstack/react-query';
import { owl, unwrap } from '@/api/client';
import { keys } from '@/api/keys';
import { type Sample, withCpu } from '../cpu';

/** The suite's processes, read every 3 s; CPU is the share of one core since the read before. */
export const useServices = () =>
  useQuery<Sample>({
    queryKey: keys.services,
    queryFn: async ({ client }) => {
      const { items } = await unwrap(owl.GET('/api/v1/owl/suite/services'));
      return withCpu(items, Date.now(), client.getQueryData<Sample>(keys.services));
    },
    refetchInterval: 3_000,
  });
