/** Who looks at the pages, and how they can sign in. */
import { queryOptions, useQuery } from '@tanstack/react-query';
import { get, rememberCsrfToken, send } from './client.ts';

export interface Session {
  readonly signedIn: boolean;
  readonly name?: string;
  readonly groups: readonly string[];
  /** Token, Proxy, Session or Anonymous. */
  readonly via: string;
  readonly csrfToken?: string;
  /** There is an identity provider to sign in with. */
  readonly provider: boolean;
  readonly anonymousRead: boolean;
}

export const sessionQuery = () =>
  queryOptions({
    queryKey: ['session'],
    queryFn: async ({ signal }) => {
      const session = await get<Session>('session', {}, signal);
      rememberCsrfToken(session.csrfToken);
      return session;
    },
    staleTime: 60_000,
  });

/** Who reads; undefined as long as somebody has to sign in first, or it is not known yet. */
export function useMayRead(): string | undefined {
  const { data } = useQuery(sessionQuery());
  return data && (data.signedIn || data.anonymousRead) ? (data.name ?? 'anonymous') : undefined;
}

/** @throws ApiProblem `unauthorized` for a token that is not good, `too-many-requests` after too many of them */
export async function signInByToken(token: string): Promise<void> {
  await send('POST', 'session', { token });
}

export async function signOut(): Promise<void> {
  await send('DELETE', 'session');
}

/** Where the way over the identity provider begins; it comes back to where one was. */
export function providerAddress(): string {
  const url = new URL('auth/login', document.baseURI);
  url.searchParams.set('return', location.pathname + location.search);
  return url.href;
}
