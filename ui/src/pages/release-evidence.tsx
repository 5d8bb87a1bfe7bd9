/** What speaks for a Release: the signed statements of its tests, opened on wish, because they are read from where the Channel keeps them. */
import { Button, Code, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { EvidenceView } from '../../../src/server/api/channel-views.ts';
import { evidenceQuery } from '../api/queries.ts';
import { Mark } from '../parts/badges.tsx';
import { DataTable } from '../parts/data-table.tsx';
import { Fact, Facts } from '../parts/facts.tsx';
import { QueryState } from '../parts/query-state.tsx';
import { sayDuration, When } from '../parts/times.tsx';
import { YamlView } from '../parts/yaml-view.tsx';
import { useText } from '../text/language.tsx';

type Told = EvidenceView['statements'][number];

interface ReleaseName {
  readonly namespace: string;
  readonly name: string;
}

export function ReleaseEvidence(release: ReleaseName) {
  const { fleet } = useText();
  const [asked, setAsked] = useState(false);
  return asked ? (
    <Statements {...release} />
  ) : (
    <Button variant="default" size="xs" onClick={() => setAsked(true)}>
      {fleet.showEvidence}
    </Button>
  );
}

function Statements({ namespace, name }: ReleaseName) {
  const { fleet } = useText();
  const query = useQuery(evidenceQuery(namespace, name));
  return (
    <QueryState query={query}>
      {({ statements }) =>
        statements.length === 0 ? (
          <Text size="sm">{fleet.noEvidence}</Text>
        ) : (
          <Stack gap="lg">
            {statements.map((told, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: a file that does not change; nothing else tells them apart
              <Statement key={index} told={told} />
            ))}
          </Stack>
        )
      }
    </QueryState>
  );
}

function Statement({ told }: { readonly told: Told }) {
  const { fleet } = useText();
  return (
    <Stack gap="xs">
      <Mark tone={told.result === 'PASSED' ? 'good' : 'bad'} text={fleet.evidenceResult[told.result]} />
      <RunFacts told={told} />
      <Tests tests={told.tests} />
      <Subjects subjects={told.subjects} />
      <details>
        <summary>{fleet.statement}</summary>
        <YamlView value={told.statement} label={fleet.statement} />
      </details>
    </Stack>
  );
}

function RunFacts({ told: { kubernetes, startedAt, finishedAt } }: { readonly told: Told }) {
  const { fleet, update, common } = useText();
  const tookMs = Date.parse(finishedAt ?? '') - Date.parse(startedAt ?? '');
  return (
    <Facts>
      {kubernetes !== undefined && (
        <Fact name={fleet.testedOn}>
          <bdi>Kubernetes {kubernetes}</bdi>
        </Fact>
      )}
      {startedAt !== undefined && (
        <Fact name={update.began}>
          <When at={startedAt} />
        </Fact>
      )}
      {tookMs >= 0 && <Fact name={common.took}>{sayDuration(tookMs)}</Fact>}
    </Facts>
  );
}

function Tests({ tests }: Pick<Told, 'tests'>) {
  const { fleet, update, common } = useText();
  return (
    <DataTable
      label={fleet.evidence}
      rows={tests}
      keyOf={({ name }) => name}
      empty="–"
      columns={[
        { heading: fleet.test, cell: ({ name }) => <bdi>{name}</bdi> },
        {
          heading: common.outcome,
          cell: ({ result }) =>
            result === 'Passed' ? (
              <Mark tone="good" text={update.verdict.Pass} />
            ) : (
              <Mark tone="bad" text={update.verdict.Fail} />
            ),
        },
        {
          heading: fleet.way,
          cell: ({ upgradedFrom }) => (upgradedFrom === undefined ? fleet.install : fleet.upgradeFrom(upgradedFrom)),
        },
        {
          heading: common.took,
          cell: ({ durationMs }) => (durationMs === undefined ? '–' : sayDuration(durationMs)),
        },
        {
          heading: fleet.written,
          cell: ({ logSha256 }) => (logSha256 === undefined ? '–' : <Hash text={logSha256} />),
        },
      ]}
    />
  );
}

function Subjects({ subjects }: Pick<Told, 'subjects'>) {
  const { fleet } = useText();
  return (
    <DataTable
      label={fleet.tested}
      rows={subjects}
      keyOf={({ name, digest }) => `${name} ${digest}`}
      empty="–"
      columns={[
        { heading: fleet.tested, cell: ({ name }) => <bdi>{name}</bdi> },
        { heading: fleet.digest, cell: ({ digest }) => <Hash text={digest} /> },
      ]}
    />
  );
}

function Hash({ text }: { readonly text: string }) {
  return <Code style={{ wordBreak: 'break-all' }}>{text}</Code>;
}
