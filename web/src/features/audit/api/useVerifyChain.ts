import { useMutation } from '@tanstack/react-query';
import { owl, unwrap } from '@/api/client';

/** Recomputes the hash chain of the tenant's trail from its first entry. */
export const useVerifyChain = () => useMutation({ mutationFn: () => unwrap(owl.POST('/api/v1/owl/audit/verify')) });
