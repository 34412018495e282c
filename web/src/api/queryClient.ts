import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query';
import { keys } from './keys';
import { ApiProblem } from './problem';

declare module '@tanstack/react-query' {
  interface Register {
    mutationMeta: { /** A 401 here means wrong credentials, not a lost session. */ checksCredentials?: boolean };
  }
}

/** One cache for all server state. A 401 anywhere ends the session in place: the address stays as it is. */
export function makeQueryClient(): QueryClient {
  const onLost = (error: unknown) => {
    if (error instanceof ApiProblem && error.isSignedOut) endSession(client, true);
  };
  const client: QueryClient = new QueryClient({
    queryCache: new QueryCache({ onError: onLost }),
    mutationCache: new MutationCache({
      onError: (error, _variables, _result, mutation) => {
        if (!mutation.meta?.checksCredentials) onLost(error);
      },
    }),
    defaultOptions: {
      queries: {
        staleTime: 5_000,
        retry: (failures, error) => failures < 2 && error instanceof ApiProblem && (error.status === 0 || error.status >= 502),
        refetchOnWindowFocus: true,
      },
    },
  });
  return client;
}

/** Forgets the session and everything that it was allowed to see. */
export function endSession(client: QueryClient, expired: boolean): void {
  client.setQueryData(keys.session, { state: 'signed_out', expired });
  client.removeQueries({ predicate: (query) => query.queryKey[0] !== keys.session[0] });
}
