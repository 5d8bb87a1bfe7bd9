/** One Subscription: what this cluster has of a channel, what comes next and when, and what was verified. */
import { Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { fleetObjectQuery, type SubscriptionView } from '../api/queries.ts';
import { Mark } from '../parts/badges.tsx';
import { DataTable } from '../parts/data-table.tsx';
import { Fact, Facts, Section } from '../parts/facts.tsx';
import { Readiness } from '../parts/fleet-tables.tsx';
import { PageLink } from '../parts/page-link.tsx';
import { PageTitle } from '../parts/page-title.tsx';
import { QueryState } from '../parts/query-state.tsx';
import { When } from '../parts/times.tsx';
import { YamlView } from '../parts/yaml-view.tsx';
import { useText } from '../text/language.tsx';

export function SubscriptionPage() {
  const { fleet } = useText();
  const { namespace, name } = useParams({ from: '/subscriptions/$namespace/$name' });
  const query = useQuery(fleetObjectQuery('subscriptions', namespace, name));
  return (
    <>
      <PageTitle title={fleet.subscriptionTitle(name)} lead={namespace} />
      <QueryState query={query}>{(subscription) => <SubscriptionDetails subscription={subscription} />}</QueryState>
    </>
  );
}

function SubscriptionDetails({ subscription }: { readonly subscription: SubscriptionView }) {
  const { fleet, app, common } = useText();
  const { spec, status } = subscription;
  return (
    <Stack gap="lg">
      <div role="status">
        <Readiness of={subscription} />
      </div>
      <SubscriptionFacts subscription={subscription} />
      <Section title={fleet.apps}>
        <FollowedApps apps={status?.apps ?? []} />
      </Section>
      <Section title={app.settings}>
        <details>
          <summary>{common.details}</summary>
          <YamlView value={spec} label={app.settings} />
        </details>
      </Section>
    </Stack>
  );
}

function SubscriptionFacts({ subscription: { spec, status } }: { readonly subscription: SubscriptionView }) {
  const { fleet, common } = useText();
  const { channel, release, since, formerRelease, available, position } = status ?? {};
  return (
    <Facts>
      <Fact name={fleet.url}>
        <bdi>{spec.url}</bdi>
      </Fact>
      <Fact name={common.running}>
        {release ?? '–'}
        {since !== undefined && (
          <>
            {', '}
            {fleet.since} <When at={since} />
          </>
        )}
      </Fact>
      {available !== undefined && <Fact name={common.available}>{available}</Fact>}
      {formerRelease !== undefined && <Fact name={fleet.previous}>{formerRelease}</Fact>}
      {position !== undefined && <Fact name={fleet.position}>{fleet.sayPosition(Math.round(position * 100))}</Fact>}
      {spec.mode === 'Hold' && <Fact name={fleet.mode}>{fleet.holds}</Fact>}
      {spec.pin !== undefined && <Fact name={fleet.mode}>{fleet.pinned(spec.pin)}</Fact>}
      {channel?.refreshedAt !== undefined && (
        <Fact name={fleet.changed}>
          <When at={channel.refreshedAt} />
        </Fact>
      )}
      {channel?.expires !== undefined && (
        <Fact name={fleet.expires}>
          <When at={channel.expires} />
        </Fact>
      )}
      {channel?.root !== undefined && (
        <Fact name={fleet.verified}>{fleet.sayVerified(channel.root, channel.timestamp ?? 0)}</Fact>
      )}
    </Facts>
  );
}

const toneOf = { Current: 'good', Pending: 'busy', Ignored: 'off', Dropped: 'off', Rejected: 'bad' } as const;

function FollowedApps({ apps }: { readonly apps: NonNullable<NonNullable<SubscriptionView['status']>['apps']> }) {
  const { fleet, common } = useText();
  return (
    <DataTable
      label={fleet.apps}
      rows={apps}
      keyOf={({ namespace, name }) => `${namespace}/${name}`}
      empty={fleet.noApps}
      columns={[
        {
          heading: common.app,
          cell: ({ namespace, name }) => (
            <PageLink to="/apps/$namespace/$name" params={{ namespace, name }} size="sm" fw={600}>
              {namespace}/{name}
            </PageLink>
          ),
        },
        {
          heading: common.state,
          cell: ({ state }) => <Mark tone={toneOf[state]} text={fleet.appState[state]} />,
        },
      ]}
    />
  );
}
