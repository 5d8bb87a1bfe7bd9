/** One Channel: which Apps are released together, how far the newest Release has spread, and the Releases before it. */
import { Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { type ChannelView, fleetObjectQuery, fleetQuery } from '../api/queries.ts';
import { ActionList } from '../parts/action-list.tsx';
import { CandidateApprovals } from '../parts/candidate-approvals.tsx';
import { CandidateHistory, CandidateView } from '../parts/candidates.tsx';
import { CurveView } from '../parts/curve.tsx';
import { Fact, Facts, Section } from '../parts/facts.tsx';
import { Readiness, ReleaseTable } from '../parts/fleet-tables.tsx';
import { PageLink } from '../parts/page-link.tsx';
import { PageTitle } from '../parts/page-title.tsx';
import { QueryState } from '../parts/query-state.tsx';
import { When } from '../parts/times.tsx';
import { YamlView } from '../parts/yaml-view.tsx';
import { useText } from '../text/language.tsx';

export function ChannelPage() {
  const { fleet } = useText();
  const { namespace, name } = useParams({ from: '/channels/$namespace/$name' });
  const query = useQuery(fleetObjectQuery('channels', namespace, name));
  return (
    <>
      <PageTitle title={fleet.channelTitle(name)} lead={namespace} />
      <QueryState query={query}>{(channel) => <ChannelDetails channel={channel} />}</QueryState>
    </>
  );
}

function ChannelDetails({ channel }: { readonly channel: ChannelView }) {
  const { fleet, app, common } = useText();
  const { namespace, name, curve, spec, status } = channel;
  const releases = useQuery(fleetQuery('releases'));
  return (
    <Stack gap="lg">
      <div role="status">
        <Readiness of={channel} />
      </div>
      <Facts>
        <Fact name={fleet.apps}>
          <Members namespace={namespace} apps={status?.apps ?? []} />
        </Fact>
        {spec.soak !== undefined && spec.soak !== '0s' && <Fact name={fleet.soak}>{spec.soak}</Fact>}
        {spec.schedule && (
          <Fact name={fleet.schedule}>
            {spec.schedule.cron} ({spec.schedule.timeZone ?? 'UTC'})
          </Fact>
        )}
        {status?.published && (
          <>
            <Fact name={fleet.published}>
              <When at={status.published.at} />
            </Fact>
            <Fact name={fleet.expires}>
              <When at={status.published.expires} />
            </Fact>
            {status.published.rootExpires !== undefined && (
              <Fact name={fleet.rootExpires}>
                <When at={status.published.rootExpires} />
              </Fact>
            )}
          </>
        )}
      </Facts>
      {status?.candidate && (
        <Section title={fleet.underTrial}>
          <CandidateView candidate={status.candidate} />
          <CandidateApprovals channel={channel} candidate={status.candidate} />
        </Section>
      )}
      {curve && (
        <Section title={fleet.curve}>
          <CurveView curve={curve} />
        </Section>
      )}
      <Section title={fleet.releases}>
        <QueryState query={releases}>
          {({ items }) => (
            <ReleaseTable
              releases={items.filter((one) => one.namespace === namespace && one.spec.channel === name)}
              empty={fleet.noReleases}
            />
          )}
        </QueryState>
      </Section>
      {status?.candidates && (
        <Section title={fleet.candidates}>
          <CandidateHistory namespace={namespace} records={status.candidates} />
        </Section>
      )}
      {(status?.actions ?? []).length > 0 && (
        <Section title={app.actions}>
          <ActionList actions={status?.actions ?? []} />
        </Section>
      )}
      <Section title={app.settings}>
        <details>
          <summary>{common.details}</summary>
          <YamlView value={spec} label={app.settings} />
        </details>
      </Section>
    </Stack>
  );
}

function Members({ namespace, apps }: { readonly namespace: string; readonly apps: readonly string[] }) {
  const { fleet } = useText();
  if (apps.length === 0) {
    return fleet.noApps;
  }
  return apps.map((name, index) => (
    <span key={name}>
      {index > 0 && ', '}
      <PageLink to="/apps/$namespace/$name" params={{ namespace, name }} size="sm" underline="always">
        {name}
      </PageLink>
    </span>
  ));
}
