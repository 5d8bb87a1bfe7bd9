/** One App: what runs, what could run and why it does or does not, its objects, its past, its settings. */
import { Group, Stack, Tabs, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import type { App } from '../../../src/server/api/schemas.ts';
import { appQuery, type Seen } from '../api/queries.ts';
import { ActionList } from '../parts/action-list.tsx';
import { AppActions } from '../parts/app-actions.tsx';
import { StateBadge } from '../parts/badges.tsx';
import { PageLink } from '../parts/page-link.tsx';
import { PageTitle } from '../parts/page-title.tsx';
import { QueryState } from '../parts/query-state.tsx';
import { UpdateTable } from '../parts/update-table.tsx';
import { WaitingLine } from '../parts/waiting-line.tsx';
import { YamlView } from '../parts/yaml-view.tsx';
import { useText } from '../text/language.tsx';
import { Backups } from './app-backups.tsx';
import { Rejections } from './app-rejections.tsx';
import { Resources } from './app-resources.tsx';
import { Versions } from './app-versions.tsx';

export function AppPage() {
  const { namespace, name } = useParams({ from: '/apps/$namespace/$name' });
  const query = useQuery(appQuery(namespace, name));
  return (
    <>
      <PageTitle title={name} lead={namespace} actions={query.data && <AppActions app={query.data} />} />
      <QueryState query={query}>{(app) => <AppDetails app={app} />}</QueryState>
    </>
  );
}

const tabs = ['versions', 'resources', 'history', 'backups', 'settings'] as const;

function AppDetails({ app }: { readonly app: Seen<App> }) {
  const text = useText();
  const { tab } = useSearch({ from: '/apps/$namespace/$name' });
  const navigate = useNavigate({ from: '/apps/$namespace/$name' });
  const open = app.update?.open ? app.update.waiting : undefined;
  return (
    <Stack>
      <Group gap="md">
        <StateBadge state={app.state} />
        <WaitingLine waiting={app.hold ? { ...app.hold, message: app.hold.reason } : (open ?? app.waiting)} />
      </Group>
      <FromChannel app={app} />
      <Tabs
        value={tabs.find((known) => known === tab) ?? 'versions'}
        onChange={(value) => void navigate({ search: value === null ? {} : { tab: value }, replace: true })}
        keepMounted={false}
      >
        <Tabs.List mb="md">
          {tabs.map((one) => (
            <Tabs.Tab key={one} value={one}>
              {text.app[one]}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value="versions">
          <Stack>
            <Versions app={app} />
            <Rejections namespace={app.namespace} app={app.name} />
          </Stack>
        </Tabs.Panel>
        <Tabs.Panel value="resources">
          <Resources namespace={app.namespace} name={app.name} />
        </Tabs.Panel>
        <Tabs.Panel value="history">
          <UpdateTable updates={app.history} empty={text.app.noHistory} />
          {app.actions.length > 0 && (
            <section>
              <Title order={2} size="h4" my="xs">
                {text.app.actions}
              </Title>
              <ActionList actions={app.actions} />
            </section>
          )}
        </Tabs.Panel>
        <Tabs.Panel value="backups">
          <Backups app={app} />
        </Tabs.Panel>
        <Tabs.Panel value="settings">
          <YamlView value={app.spec} label={text.app.settings} />
        </Tabs.Panel>
      </Tabs>
    </Stack>
  );
}

/** An App that a Subscription gives its versions. */
function FromChannel({ app: { namespace, labels, annotations } }: { readonly app: App }) {
  const text = useText();
  const name = labels['headgate.dev/subscription'];
  return name === undefined ? null : (
    <Text size="sm">
      {text.app.fromChannel}{' '}
      <PageLink to="/subscriptions/$namespace/$name" params={{ namespace, name }} size="sm" underline="always">
        {text.fleet.subscriptionTitle(name)}
      </PageLink>
      {annotations['headgate.dev/release'] !== undefined && `, ${annotations['headgate.dev/release']}`}
    </Text>
  );
}
