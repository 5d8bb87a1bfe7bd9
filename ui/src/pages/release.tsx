/** One Release: the exact versions that were tested together, what is new in them, and what speaks for them. */
import { Alert, Anchor, Code, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { fleetObjectQuery, type ReleaseView } from '../api/queries.ts';
import { DataTable } from '../parts/data-table.tsx';
import { Fact, Facts, Section } from '../parts/facts.tsx';
import { ReleaseMark } from '../parts/fleet-tables.tsx';
import { PageLink } from '../parts/page-link.tsx';
import { PageTitle } from '../parts/page-title.tsx';
import { QueryState } from '../parts/query-state.tsx';
import { sayDuration, When } from '../parts/times.tsx';
import { VersionText } from '../parts/versions.tsx';
import { useText } from '../text/language.tsx';
import { ReleaseEvidence } from './release-evidence.tsx';

const second = 1_000;

export function ReleasePage() {
  const { fleet } = useText();
  const { namespace, name } = useParams({ from: '/releases/$namespace/$name' });
  const query = useQuery(fleetObjectQuery('releases', namespace, name));
  return (
    <>
      <PageTitle title={fleet.releaseTitle(name)} lead={namespace} />
      <QueryState query={query}>{(release) => <ReleaseDetails release={release} />}</QueryState>
    </>
  );
}

function ReleaseDetails({ release }: { readonly release: ReleaseView }) {
  const { fleet } = useText();
  const { spec, status } = release;
  return (
    <Stack gap="lg">
      <div role="status">
        <ReleaseMark release={release} />
      </div>
      {status?.withdrawn && (
        <Alert color="red" variant="outline" title={fleet.withdrawn}>
          <bdi>{status.withdrawn.reason}</bdi> (<When at={status.withdrawn.at} />
          {status.withdrawn.by !== undefined && (
            <>
              , <bdi>{status.withdrawn.by}</bdi>
            </>
          )}
          )
        </Alert>
      )}
      <ReleaseFacts release={release} />
      <Section title={fleet.newIn}>
        <ReleaseNews release={release} />
      </Section>
      <Section title={fleet.set}>
        <ReleasedVersions release={release} />
      </Section>
      {spec.targets?.some(({ kind }) => kind === 'Evidence') && (
        <Section title={fleet.evidence}>
          <ReleaseEvidence namespace={release.namespace} name={release.name} />
        </Section>
      )}
      {(spec.targets ?? []).length > 0 && (
        <Section title={fleet.files}>
          <ReleaseFiles targets={spec.targets ?? []} />
        </Section>
      )}
    </Stack>
  );
}

function ReleaseFacts({ release: { namespace, spec, status } }: { readonly release: ReleaseView }) {
  const { fleet } = useText();
  const { channel, sequence, createdAt, previous, soakedFor, barrier, requires } = spec;
  return (
    <Facts>
      <Fact name={fleet.channel}>
        <PageLink to="/channels/$namespace/$name" params={{ namespace, name: channel }} size="sm" underline="always">
          {channel}
        </PageLink>{' '}
        {sequence}
      </Fact>
      <Fact name={fleet.made}>
        <When at={createdAt} />
      </Fact>
      {status?.published && (
        <Fact name={fleet.published}>
          <When at={status.published.at} />
        </Fact>
      )}
      {soakedFor !== undefined && <Fact name={fleet.soaked}>{sayDuration(soakedFor * second)}</Fact>}
      {previous !== undefined && (
        <Fact name={fleet.previous}>
          <PageLink to="/releases/$namespace/$name" params={{ namespace, name: previous }} size="sm" underline="always">
            {previous}
          </PageLink>
        </Fact>
      )}
      {barrier === true && <Fact name={fleet.barrier}>{fleet.barrierMeans}</Fact>}
      {requires?.kubernetes !== undefined && <Fact name="Kubernetes">{requires.kubernetes}</Fact>}
      {requires?.headgate !== undefined && <Fact name="Headgate">{requires.headgate}</Fact>}
    </Facts>
  );
}

function ReleaseNews({ release: { spec } }: { readonly release: ReleaseView }) {
  const { fleet } = useText();
  const { changes = [], notes, links = [] } = spec;
  return (
    <Stack gap="xs">
      {changes.length === 0 && notes === undefined && <Text size="sm">{fleet.nothingNew}</Text>}
      <Stack component="ul" gap={2} m={0} pl="md" fz="sm">
        {changes.map(({ app, kind, source, from, to }) => (
          <li key={`${app} ${kind} ${source}`}>
            <bdi>{app}</bdi>{' '}
            {kind === 'Version' ? (
              <>
                {source !== undefined && <bdi>{source} </bdi>}
                <Code>{from ?? '–'}</Code> → <Code>{to ?? '–'}</Code>
              </>
            ) : (
              fleet.changeKind[kind]
            )}
          </li>
        ))}
      </Stack>
      {notes !== undefined && (
        <Text size="sm" style={{ whiteSpace: 'pre-wrap' }}>
          <bdi>{notes}</bdi>
        </Text>
      )}
      {links.map(({ name, url }) => (
        <Anchor key={url} href={url} size="sm" rel="noreferrer noopener" target="_blank" underline="always">
          <bdi>{name}</bdi>
        </Anchor>
      ))}
    </Stack>
  );
}

function ReleasedVersions({ release: { spec } }: { readonly release: ReleaseView }) {
  const { fleet, common, app } = useText();
  const rows = spec.apps.flatMap(({ name, versions }) => versions.map((version) => ({ name, version })));
  return (
    <DataTable
      label={fleet.set}
      rows={rows}
      keyOf={({ name, version }) => `${name} ${version.source}`}
      empty={fleet.noApps}
      columns={[
        { heading: common.app, cell: ({ name }) => <bdi>{name}</bdi> },
        { heading: app.source, cell: ({ version }) => <bdi>{version.location}</bdi> },
        { heading: common.version, cell: ({ version }) => <VersionText version={version} /> },
        {
          heading: fleet.digest,
          cell: ({ version }) => <Code style={{ wordBreak: 'break-all' }}>{version.digest}</Code>,
        },
      ]}
    />
  );
}

function ReleaseFiles({ targets }: { readonly targets: NonNullable<ReleaseView['spec']['targets']> }) {
  const { fleet, common } = useText();
  return (
    <DataTable
      label={fleet.files}
      rows={targets}
      keyOf={({ path }) => path}
      empty="–"
      columns={[
        { heading: common.name, cell: ({ path }) => <bdi>{path}</bdi> },
        { heading: fleet.kind, cell: ({ kind }) => fleet.targetKind[kind] },
        { heading: fleet.bytes, cell: ({ length }) => length },
        { heading: fleet.digest, cell: ({ sha256 }) => <Code style={{ wordBreak: 'break-all' }}>{sha256}</Code> },
      ]}
    />
  );
}
