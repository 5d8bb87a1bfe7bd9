/** What this cluster publishes and what it follows: Channels, Subscriptions, Releases. */
import { Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { fleetQuery } from '../api/queries.ts';
import { Section } from '../parts/facts.tsx';
import { ChannelTable, ReleaseTable, SubscriptionTable } from '../parts/fleet-tables.tsx';
import { PageTitle } from '../parts/page-title.tsx';
import { QueryState } from '../parts/query-state.tsx';
import { useText } from '../text/language.tsx';

export function ChannelsPage() {
  const { fleet } = useText();
  const channels = useQuery(fleetQuery('channels'));
  const subscriptions = useQuery(fleetQuery('subscriptions'));
  const releases = useQuery(fleetQuery('releases'));
  const all = [channels, subscriptions, releases];
  const isEmpty = all.every(({ data }) => data?.total === 0);
  return (
    <>
      <PageTitle title={fleet.title} lead={fleet.lead} />
      {isEmpty ? (
        <Text maw={720}>{fleet.none}</Text>
      ) : (
        <Stack gap="lg">
          <Section title={fleet.channels}>
            <QueryState query={channels}>{({ items }) => <ChannelTable channels={items} />}</QueryState>
          </Section>
          <Section title={fleet.subscriptions}>
            <QueryState query={subscriptions}>{({ items }) => <SubscriptionTable subscriptions={items} />}</QueryState>
          </Section>
          <Section title={fleet.releases}>
            <QueryState query={releases}>
              {({ items }) => <ReleaseTable releases={items} empty={fleet.noReleases} />}
            </QueryState>
          </Section>
        </Stack>
      )}
    </>
  );
}
