import { useQuery } from '@tanstack/react-query';
import { identity, unwrap } from '@/api/client';
import { keys } from '@/api/keys';
import type { Session } from '@/api/model';
import { ApiProblem } from '@/api/problem';

export interface SignedOut {
  state: 'signed_out';
  /** There was a session and it ended by itself. */
  expired: boolean;
  user?: null;
}

export type SessionState = Session | SignedOut;

async function readSession(wasSignedIn: boolean): Promise<SessionState> {
  try {
    return await unwrap(identity.GET('/api/v1/identity/session'));
  } catch (error) {
    if (error instanceof ApiProblem && error.isSignedOut) return { state: 'signed_out', expired: wasSignedIn };
    throw error;
  }
}

export const useSession = () =>
  useQuery<SessionState>({
    queryKey: keys.session,
    queryFn: ({ client }) => {
      const before = client.getQueryData<SessionState>(keys.session);
      return readSession(before?.state === 'signed_in' || (before?.state === 'signed_out' && (before as SignedOut).expired));
    },
    staleTime: Infinity,
    refetchOnWindowFocus: false,
  });
