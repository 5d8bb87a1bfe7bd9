/** Which page an address shows. What is searched and filtered stands in the address, so that it can be sent to somebody. */
import type { QueryClient } from '@tanstack/react-query';
import { createRootRouteWithContext, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router';
import type { LiveUpdates } from './api/live.ts';
import { AppPage } from './pages/app.tsx';
import { ApprovalsPage } from './pages/approvals.tsx';
import { HistoryPage } from './pages/history.tsx';
import { NotFoundPage } from './pages/not-found.tsx';
import { OverviewPage } from './pages/overview.tsx';
import { PolicyPage } from './pages/policy.tsx';
import { SignInPage } from './pages/sign-in.tsx';
import { SourcesPage } from './pages/sources.tsx';
import { UpdatePage } from './pages/update.tsx';
import { Shell } from './parts/shell.tsx';

interface RouterContext {
  readonly queries: QueryClient;
  readonly live: LiveUpdates;
}

type Search = Readonly<Record<string, unknown>>;

const rootRoute = createRootRouteWithContext<RouterContext>()({ component: Shell, notFoundComponent: NotFoundPage });

export const overviewRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/',
  validateSearch: (search: Search) => pick(search, ['q', 'state', 'waiting', 'namespace']),
  component: OverviewPage,
});

export const appRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/apps/$namespace/$name',
  validateSearch: (search: Search) => pick(search, ['tab']),
  component: AppPage,
});

export const updateRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/updates/$namespace/$name',
  component: UpdatePage,
});

export const historyRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/history',
  validateSearch: (search: Search) => pick(search, ['q', 'phase', 'by', 'since', 'until', 'namespace', 'app']),
  component: HistoryPage,
});

const approvalsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/approvals',
  component: ApprovalsPage,
});

const sourcesRoute = createRoute({ getParentRoute: () => rootRoute, path: '/sources', component: SourcesPage });

/** What few look at comes when they do. */
const channelsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/channels',
  component: lazyRouteComponent(() => import('./pages/channels.tsx'), 'ChannelsPage'),
});

const channelRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/channels/$namespace/$name',
  component: lazyRouteComponent(() => import('./pages/channel.tsx'), 'ChannelPage'),
});

const releaseRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/releases/$namespace/$name',
  component: lazyRouteComponent(() => import('./pages/release.tsx'), 'ReleasePage'),
});

const subscriptionRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/subscriptions/$namespace/$name',
  component: lazyRouteComponent(() => import('./pages/subscription.tsx'), 'SubscriptionPage'),
});

const signInRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/sign-in',
  validateSearch: (search: Search) => pick(search, ['error']),
  component: SignInPage,
});

const policyRoute = createRoute({ getParentRoute: () => rootRoute, path: '/policy', component: PolicyPage });

const routeTree = rootRoute.addChildren([
  overviewRoute,
  appRoute,
  updateRoute,
  historyRoute,
  approvalsRoute,
  sourcesRoute,
  channelsRoute,
  channelRoute,
  releaseRoute,
  subscriptionRoute,
  policyRoute,
  signInRoute,
]);

export function makeRouter(context: RouterContext) {
  return createRouter({
    routeTree,
    context,
    basepath: new URL(document.baseURI).pathname,
    scrollRestoration: true,
    // Plain text in the address, not JSON: people write it by hand.
    parseSearch: (text) => Object.fromEntries(new URLSearchParams(text)),
    stringifySearch: (search) => {
      const entries = Object.entries(search).flatMap(([name, value]) =>
        value === undefined || value === '' ? [] : [[name, String(value)]],
      );
      return entries.length === 0 ? '' : `?${new URLSearchParams(entries)}`;
    },
  });
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}

/** The named fields that are text; everything else of an address is not ours. */
function pick<const Name extends string>(
  search: Search,
  names: readonly Name[],
): { readonly [key in Name]?: string | undefined } {
  const entries = names.flatMap((name) => {
    const value = search[name];
    return typeof value === 'string' && value !== '' ? [[name, value]] : [];
  });
  return Object.fromEntries(entries);
}
