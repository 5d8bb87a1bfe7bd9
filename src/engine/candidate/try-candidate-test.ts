/** One attempt of one test of a Channel, over all of its Apps. */
import type { RunnableTest } from '../../core/app-test/app-test.ts';
import { testFields } from '../../core/app-test/test-fields.ts';
import { deadlineOf, withOutcome } from '../../core/app-test/test-record.ts';
import { type Candidate, openTrial, versionsIn } from '../../core/candidate/candidate.ts';
import { watched } from '../../core/candidate/soak-steps.ts';
import { notedRecord } from '../../core/candidate/transitions.ts';
import { invariant } from '../../core/errors.ts';
import type { VersionChange } from '../../core/update/version-change.ts';
import type { TestSubject } from '../app-test/test-runner.ts';
import { attemptTest } from '../app-test/try-test.ts';
import type { CandidateContext, HubAtWork, Performed } from './candidate-context.ts';
import { isOnPath } from './path-trial.ts';
import { changesOnPath, spaceOf } from './scratch-trial.ts';

export interface TestDue {
  readonly name: string;
  readonly of: 'tests' | 'watches';
}

/** @throws errors of the API server that pass */
export async function tryCandidateTest(
  context: CandidateContext,
  hub: HubAtWork,
  { name, of }: TestDue,
  signal: AbortSignal,
): Promise<Performed> {
  const { channelProbers, clock } = context;
  const { candidate, spec } = hub;
  const test: RunnableTest | undefined = spec.tests.find((one) => one.name === name);
  const record = openTrial(candidate)?.[of].find((one) => one.name === name);
  invariant(test !== undefined && record !== undefined, `test ${name} of a Channel is tried before it was noted`);
  const attempted = await attemptTest(
    channelProbers,
    { subject: subjectOfTrial(context, hub, of), test, record },
    signal,
  );
  switch (attempted.kind) {
    case 'Ended': {
      const judge = of === 'watches' ? watched : withOutcome;
      return {
        kind: 'Done',
        candidate: notedRecord(candidate, of, judge(record, test.pace, attempted.outcome, clock.now())),
      };
    }
    case 'Begun': {
      const run = { id: attempted.id, startedAt: clock.now() };
      return { kind: 'Done', candidate: notedRecord(candidate, of, { ...record, run }) };
    }
    case 'UnderWay': {
      const deadline = deadlineOf(record, test.pace);
      const { message, until } = attempted;
      return {
        kind: 'Waiting',
        waiting: { reason: 'Testing', message, until: until !== undefined && until < deadline ? until : deadline },
      };
    }
  }
}

/** Each App is a source, by its name; its version is that of its first source. */
function subjectOfTrial(context: CandidateContext, hub: HubAtWork, of: TestDue['of']): TestSubject {
  const { channel, candidate } = hub;
  const { name, uid } = channel.metadata;
  const trial = openTrial(candidate);
  const changes = isOnPath(trial) ? changesOnPath(context, hub, trial) : changesInPlace(candidate);
  const namespace = isOnPath(trial) ? spaceOf(hub, trial).namespace : channel.metadata.namespace;
  const update = `${name}-${candidate.number}-${candidate.trials.length}${of === 'watches' ? '-soak' : ''}`;
  return {
    owner: { kind: 'Channel', namespace: channel.metadata.namespace, name, uid },
    ...{ app: name, namespace, secretsIn: channel.metadata.namespace, changes, work: undefined },
    fields: testFields({ namespace, app: name, update }, changes),
    appliedAt: trial?.startedAt ?? candidate.startedAt,
  };
}

function changesInPlace(candidate: Candidate): readonly VersionChange[] {
  const trial = openTrial(candidate);
  const nothing = { tag: undefined, digest: undefined };
  return candidate.apps.map((app): VersionChange => {
    const [from = nothing] = app.from;
    const [to = nothing] = trial ? versionsIn(trial, app) : app.from;
    return { source: app.name, repository: '', from, to };
  });
}
