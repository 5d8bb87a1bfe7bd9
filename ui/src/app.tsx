/** What all pages stand in: theme, language, queries, live changes, router. */
import { createTheme, MantineProvider } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import { QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { useState } from 'react';
import { ApiProblem } from './api/client.ts';
import { LiveUpdates } from './api/live.ts';
import { makeRouter } from './router.tsx';
import { LanguageProvider } from './text/language.tsx';

const theme = createTheme({
  primaryColor: 'cyan',
  primaryShade: 9,
  defaultRadius: 'sm',
  respectReducedMotion: true,
  cursorType: 'pointer',
});

const retries = 3;
const unauthorized = 401;

function makeQueries(): QueryClient {
  const client: QueryClient = new QueryClient({
    queryCache: new QueryCache({
      onError: (error) => {
        // The session has ended: whoever looks has to sign in again.
        if (error instanceof ApiProblem && error.status === unauthorized) {
          void client.invalidateQueries({ queryKey: ['session'] });
        }
      },
    }),
    defaultOptions: {
      queries: {
        staleTime: 30_000,
        // Whoever may not, may not the second time either.
        retry: (count, error) => count < retries && !(error instanceof ApiProblem && error.status < 500),
      },
    },
  });
  return client;
}

export function App() {
  const [{ queries, router }] = useState(() => {
    const client = makeQueries();
    return { queries: client, router: makeRouter({ queries: client, live: new LiveUpdates(client) }) };
  });
  return (
    <MantineProvider theme={theme} defaultColorScheme="auto" getStyleNonce={styleNonce}>
      <LanguageProvider>
        <QueryClientProvider client={queries}>
          <Notifications position="bottom-right" />
          <RouterProvider router={router} />
        </QueryClientProvider>
      </LanguageProvider>
    </MantineProvider>
  );
}

/** The server puts it into the page, so that no other styles than ours are taken. */
function styleNonce(): string {
  return document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? '';
}
