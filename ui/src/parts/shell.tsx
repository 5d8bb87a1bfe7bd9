/** What surrounds every page: the way to the others, whether what is shown is as of now, and who looks at it. */
import { AppShell, Burger, Group, NavLink, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { Link, Outlet, useRouteContext, useRouterState } from '@tanstack/react-router';
import { useEffect } from 'react';
import { useLiveState } from '../api/live.ts';
import { approvalsQuery } from '../api/queries.ts';
import { useMayRead } from '../api/session.ts';
import { SignedInOnly } from '../pages/sign-in.tsx';
import { useText } from '../text/language.tsx';
import { Mark } from './badges.tsx';
import { PausedBanner } from './pause.tsx';
import { SettingsMenu } from './settings-menu.tsx';

const pages = [
  ['/', 'overview'],
  ['/approvals', 'approvals'],
  ['/history', 'history'],
  ['/sources', 'sources'],
  ['/channels', 'channels'],
  ['/policy', 'policy'],
] as const;

export function Shell() {
  const [opened, { toggle, close }] = useDisclosure();
  const text = useText();
  const path = useRouterState({ select: ({ location }) => location.pathname });
  // biome-ignore lint/correctness/useExhaustiveDependencies: the menu closes when another page is shown
  useEffect(close, [path]);
  return (
    <AppShell
      header={{ height: 56 }}
      navbar={{ width: 200, breakpoint: 'sm', collapsed: { mobile: !opened } }}
      padding="md"
    >
      <a href="#main" className="skip-link">
        {text.skip}
      </a>
      <AppShell.Header>
        <Group h="100%" px="md" justify="space-between" wrap="nowrap">
          <Group gap="sm" wrap="nowrap">
            <Burger opened={opened} onClick={toggle} hiddenFrom="sm" size="sm" aria-label={text.nav.menu} />
            <Text fw={700} size="lg">
              {text.product}
            </Text>
          </Group>
          <Group gap="md" wrap="nowrap">
            <LiveMark />
            <SettingsMenu />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="xs" aria-label={text.nav.label}>
        <Pages />
      </AppShell.Navbar>
      <AppShell.Main id="main" tabIndex={-1}>
        <SignedInOnly>
          <PausedBanner />
          <Outlet />
        </SignedInOnly>
      </AppShell.Main>
    </AppShell>
  );
}

function Pages() {
  const text = useText();
  const mayRead = useMayRead() !== undefined;
  const approvals = useQuery({ ...approvalsQuery(), enabled: mayRead }).data?.items.length ?? 0;
  const path = useRouterState({ select: ({ location }) => location.pathname });
  return pages.map(([to, name]) => (
    <NavLink
      key={to}
      component={Link}
      to={to}
      label={text.nav[name]}
      active={sectionOf(path) === to}
      {...(path === to && { 'aria-current': 'page' as const })}
      {...(name === 'approvals' && approvals > 0 && { rightSection: <Text size="sm">{approvals}</Text> })}
    />
  ));
}

/** One thing belongs to the list that it is found by. */
const sections: Readonly<Record<string, string>> = {
  apps: '/',
  updates: '/history',
  releases: '/channels',
  subscriptions: '/channels',
};

function sectionOf(path: string): string {
  const first = path.split('/')[1] ?? '';
  return sections[first] ?? `/${first}`;
}

function LiveMark() {
  const { live } = useRouteContext({ from: '__root__' });
  const text = useText();
  const state = useLiveState(live);
  const who = useMayRead();
  // Whoever has signed in may see other things than before.
  useEffect(() => (who === undefined ? undefined : live.start()), [live, who]);
  if (who === undefined) {
    return null;
  }
  const tone = state === 'live' ? 'good' : state === 'connecting' ? 'busy' : 'bad';
  return (
    <span role="status">
      <Mark tone={tone} text={text.live[state]} />
    </span>
  );
}
