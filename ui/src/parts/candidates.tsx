/** Sets of new versions that a Channel tries: the one under way with its tests, and what became of those before. */
import { Stack, Text } from '@mantine/core';
import type { ChannelView } from '../api/queries.ts';
import { useText } from '../text/language.tsx';
import { Mark } from './badges.tsx';
import { DataTable } from './data-table.tsx';
import { PageLink } from './page-link.tsx';
import { When } from './times.tsx';
import { VersionText } from './versions.tsx';

type Status = NonNullable<ChannelView['status']>;
export type Candidate = NonNullable<Status['candidate']>;
type CandidateRecord = NonNullable<Status['candidates']>[number];
type Trial = Candidate['trials'][number];
type Test = NonNullable<Trial['tests']>[number];

export function CandidateView({ candidate }: { readonly candidate: Candidate }) {
  const { fleet } = useText();
  const { number, startedAt, apps, trials, faults } = candidate;
  return (
    <Stack gap="xs">
      <Text size="sm">
        {fleet.candidate(number)}, <When at={startedAt} />
      </Text>
      <Stack component="ul" gap={2} m={0} pl="md" fz="sm">
        {apps.flatMap(({ name, from, to = [] }) =>
          to.map((version) => (
            <li key={`${name} ${version.source}`}>
              <bdi>{name}</bdi> <VersionText version={from.find((one) => one.source === version.source) ?? {}} /> →{' '}
              <VersionText version={version} />
            </li>
          )),
        )}
      </Stack>
      <Trials trials={trials} />
      <Faults faults={faults} />
    </Stack>
  );
}

const toneOfVerdict = { Pass: 'good', Fail: 'bad', Inconclusive: 'wait' } as const;
const toneOfResult = { Passed: 'good', Failed: 'bad', Unclear: 'wait' } as const;

/** The matrix: what was tried together against the tests. */
function Trials({ trials }: { readonly trials: readonly Trial[] }) {
  const { fleet, common } = useText();
  const names = [...new Set(trials.flatMap(({ tests = [] }) => tests.map(({ name }) => name)))];
  return (
    <DataTable
      label={fleet.trials}
      rows={trials}
      keyOf={({ startedAt, purpose, members }) => `${startedAt} ${purpose} ${members.join()}`}
      empty={fleet.noTrials}
      columns={[
        {
          heading: fleet.triedTogether,
          cell: ({ members, purpose, path }) => (
            <>
              <Text size="sm" fw={600}>
                {members.length === 0 ? fleet.nobodyNew : members.join(', ')}
              </Text>
              <Text size="xs">{fleet.purpose[purpose]}</Text>
              {path !== undefined && (
                <Text size="xs">
                  <bdi>{path.kind === 'Install' ? fleet.install : fleet.upgradeFrom(path.from ?? '')}</bdi>
                </Text>
              )}
            </>
          ),
        },
        ...names.map((name) => ({
          heading: name,
          cell: ({ tests = [] }: Trial) => <Verdict test={tests.find((one) => one.name === name)} />,
        })),
        {
          heading: common.outcome,
          cell: ({ result }) =>
            result === undefined ? (
              <Mark tone="busy" text={fleet.trialRuns} />
            ) : (
              <>
                <Mark tone={toneOfResult[result.kind]} text={fleet.trialResult[result.kind]} />
                <Text size="xs" lineClamp={3}>
                  <bdi>{result.message}</bdi>
                </Text>
              </>
            ),
        },
      ]}
    />
  );
}

function Verdict({ test }: { readonly test: Test | undefined }) {
  const { update } = useText();
  if (test === undefined) {
    return '–';
  }
  const { verdict, message } = test;
  return (
    <span title={message}>
      <Mark
        tone={verdict === undefined ? 'busy' : toneOfVerdict[verdict]}
        text={verdict === undefined ? update.testRuns : update.verdict[verdict]}
      />
    </span>
  );
}

function Faults({ faults }: { readonly faults: Candidate['faults'] }) {
  const { fleet } = useText();
  return faults.map(({ apps, reason }) => (
    <Text size="sm" key={apps.join()}>
      {fleet.notReleased(apps.join(', '))}: <bdi>{reason}</bdi>
    </Text>
  ));
}

const toneOfOutcome = { Released: 'good', Rejected: 'bad', Unclear: 'wait' } as const;

export function CandidateHistory({ namespace, records }: CandidateHistoryProps) {
  const { fleet, common } = useText();
  return (
    <DataTable
      label={fleet.candidates}
      rows={records}
      keyOf={({ number }) => String(number)}
      empty={fleet.noCandidates}
      columns={[
        { heading: fleet.set, cell: ({ number, brought }) => <Brought number={number} brought={brought} /> },
        {
          heading: common.outcome,
          cell: ({ outcome }) => <Mark tone={toneOfOutcome[outcome]} text={fleet.candidateOutcome[outcome]} />,
        },
        {
          heading: common.reason,
          cell: ({ message, faults }) => (
            <>
              <Text size="sm">
                <bdi>{message}</bdi>
              </Text>
              <Faults faults={faults} />
            </>
          ),
        },
        {
          heading: fleet.release,
          cell: ({ release }) =>
            release === undefined ? (
              '–'
            ) : (
              <PageLink to="/releases/$namespace/$name" params={{ namespace, name: release }} size="sm">
                {release}
              </PageLink>
            ),
        },
        { heading: common.when, cell: ({ endedAt }) => <When at={endedAt} /> },
      ]}
    />
  );
}

interface CandidateHistoryProps {
  readonly namespace: string;
  readonly records: readonly CandidateRecord[];
}

function Brought({ number, brought }: Pick<CandidateRecord, 'number' | 'brought'>) {
  return (
    <>
      <Text size="sm" fw={600}>
        {number}
      </Text>
      <Text size="xs" fw={400}>
        <bdi>{brought}</bdi>
      </Text>
    </>
  );
}
