/** Signing in: over an identity provider, or with a token of the cluster. */
import { Alert, Button, Divider, PasswordInput, Stack } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useRouterState, useSearch } from '@tanstack/react-router';
import { type FormEvent, type ReactNode, useState } from 'react';
import { ApiProblem } from '../api/client.ts';
import { providerAddress, sessionQuery, signInByToken } from '../api/session.ts';
import { PageTitle } from '../parts/page-title.tsx';
import { QueryState } from '../parts/query-state.tsx';
import { useText } from '../text/language.tsx';

/** Shows the page to whoever may read, and to all others how to sign in, at the same address. */
export function SignedInOnly({ children }: { readonly children: ReactNode }) {
  const query = useQuery(sessionQuery());
  const path = useRouterState({ select: ({ location }) => location.pathname });
  const isSignIn = path === '/sign-in';
  return (
    <QueryState query={query}>
      {({ signedIn, anonymousRead }) =>
        signedIn || anonymousRead || isSignIn ? children : <SignIn error={undefined} />
      }
    </QueryState>
  );
}

export function SignInPage() {
  const { error } = useSearch({ from: '/sign-in' });
  return <SignIn error={error} />;
}

function SignIn({ error }: { readonly error: string | undefined }) {
  const text = useText();
  const { data: session } = useQuery(sessionQuery());
  return (
    <Stack maw={440}>
      <PageTitle title={text.signIn.title} lead={text.signIn.lead} />
      {error !== undefined && (
        <Alert color="red" variant="outline" role="alert">
          {error === 'unavailable' ? text.signIn.unavailable : text.signIn.refused}
        </Alert>
      )}
      {session?.provider && (
        <>
          <Button component="a" href={providerAddress()}>
            {text.signIn.oidc}
          </Button>
          <Divider label={text.signIn.or} />
        </>
      )}
      <TokenForm />
    </Stack>
  );
}

function TokenForm() {
  const text = useText();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const path = useRouterState({ select: ({ location }) => location.pathname });
  const [token, setToken] = useState('');
  const attempt = useMutation({
    mutationFn: () => signInByToken(token.trim()),
    onSuccess: async () => {
      await queries.resetQueries();
      if (path === '/sign-in') {
        await navigate({ to: '/' });
      }
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    attempt.mutate();
  };
  const isRefused = attempt.error instanceof ApiProblem && attempt.error.status === 401;
  return (
    <Stack component="form" onSubmit={submit}>
      <PasswordInput
        label={text.signIn.token}
        description={text.signIn.tokenHint}
        value={token}
        onChange={({ currentTarget }) => setToken(currentTarget.value)}
        autoComplete="off"
        required
        error={attempt.error && (isRefused ? text.signIn.failed : attempt.error.message)}
        visibilityToggleButtonProps={{ 'aria-label': text.signIn.show }}
      />
      <Button type="submit" variant="default" loading={attempt.isPending}>
        {text.signIn.submit}
      </Button>
    </Stack>
  );
}
