import { describe, expect, test } from 'vitest';
import { journal, later, observation, startOfTest, workloadChange } from '../../../test/fixtures.ts';
import type { Outcome } from '../app-test/app-test.ts';
import { openTest, type TestRecord, withOutcome } from '../app-test/test-record.ts';
import type { DataRestore } from '../checkpoint/checkpoint.ts';
import type { Failure, Journal, UpdatePhase } from './journal.ts';
import { nextStep, type Observation, type Step } from './next-step.ts';
import * as transitions from './transitions.ts';

const settings = { timeoutMs: 300_000, stableForMs: 30_000, tests: [], data: 'OnFailure' } as const;

const pace = {
  timeoutMs: 60_000,
  intervalMs: 10_000,
  initialDelayMs: 5_000,
  count: 2,
  counts: 'Passes',
  failureLimit: 1,
  inconclusiveLimit: 0,
  late: 'Fail',
} as const;
const tests = [
  { name: 'one', pace },
  { name: 'two', pace },
];
const begun = openTest('one', pace, startOfTest);
const tried = (name: string, ...kinds: readonly Outcome['kind'][]) =>
  kinds.reduce(
    (record, kind) => withOutcome(record, pace, { kind, message: `${kind} said` }, startOfTest),
    openTest(name, pace, startOfTest),
  );
const passed = (name: string) => tried(name, 'Pass', 'Pass');

const starting = { health: { kind: 'InProgress', message: 'Deployment/web: 1 of 2 replicas ready' } } as const;
const crashing = { health: { kind: 'Failed', reason: 'CrashLoop', message: 'pod web-1 crashes' } } as const;
const crash: Failure = { reason: 'CrashLoop', message: 'pod web-1 crashes', blamesVersion: true };
const others: Failure = { reason: 'ChangedByOther', message: 'changed by kubectl', blamesVersion: false };

const noBackup: Failure = { reason: 'CheckpointFailed', message: 'the disk is full', blamesVersion: false };
const checkpoint = { id: 'web-1', kind: 'Job', state: 'Completed', startedAt: startOfTest } as const;
const running = { ...checkpoint, state: 'Running' } as const;
const stopped = [{ kind: 'Deployment', name: 'web', uid: 'uid-web', replicas: 2 }] as const;
const data = (state: DataRestore['state']): DataRestore => ({ state, update: 'web-1', message: 'it is half there' });
const shut = { kind: 'Closed', because: 'night is over', opensAt: undefined } as const;

/** Time since the phase began in ms, journal, what is seen, and the step as one line. */
type Row = readonly [UpdatePhase, number, Partial<Journal>, Partial<Observation>, string];

test.each<Row>([
  ['Pending', 0, {}, {}, 'Plan'],
  ['Pending', 0, {}, { rejected: true }, 'Cancelled: the version was rejected before anything was changed'],
  ['Pending', 0, {}, { appActive: false }, 'Cancelled: the App was suspended or deleted before anything was changed'],
  ['Pending', 0, {}, { formerRejected: true }, 'Plan'],

  ['BackingUp', 0, {}, {}, 'Backup'],
  ['BackingUp', 0, { checkpoint: running }, { ...crashing, contested: ['a'], gone: ['b'] }, 'Backup'],
  ['BackingUp', 0, {}, { rejected: true }, 'Cancelled: the version was rejected before anything was changed'],
  ['BackingUp', 0, {}, { newerAvailable: 'web 1.2.1' }, 'Cancelled: web 1.2.1 is available by now'],
  ['BackingUp', 0, {}, { window: shut }, 'Cancelled: its window closed before anything was changed: night is over'],
  ['BackingUp', 0, { stopped }, { rejected: true }, 'Resume'],
  ['BackingUp', 0, { stopped }, {}, 'Backup'],
  ['BackingUp', 0, { failure: noBackup, stopped }, {}, 'Resume'],
  ['BackingUp', 0, { failure: noBackup }, {}, 'Failed: the disk is full'],

  ['Applying', 0, { checkpoint, stopped }, {}, 'Apply'],
  ['Applying', 0, { dataRestore: data('Agreed') }, {}, 'RestoreData'],
  ['Applying', 0, { dataRestore: data('Running') }, {}, 'RestoreData'],
  ['Applying', 0, { dataRestore: data('Done') }, {}, 'Apply'],
  ['Applying', 0, { dataRestore: data('Failed') }, {}, 'Failed: it is half there'],
  ['Applying', 0, { dataRestore: data('Agreed') }, { rejected: true }, 'condemn Rejected'],
  ['Applying', 0, {}, {}, 'Apply'],
  ['Applying', 0, {}, { appActive: false }, 'Apply'],
  ['Applying', 0, {}, { rejected: true }, 'condemn Rejected: the version was rejected while it was being tried'],
  ['Applying', 0, {}, { gone: ['Deployment/web'] }, 'absolve WorkloadGone: gone or made anew: Deployment/web'],
  ['Applying', 0, {}, { contested: ['a', 'b'] }, 'absolve ChangedByOther: changed by somebody else: a, b'],
  ['Applying', 0, {}, { contested: ['a'], gone: ['b'], rejected: true }, 'condemn Rejected'],

  ['Watching', 10_000, {}, starting, 'wait Rollout until 300s: Deployment/web: 1 of 2 replicas ready'],
  ['Watching', 299_999, {}, starting, 'wait Rollout until 300s'],
  [
    'Watching',
    300_000,
    {},
    starting,
    'condemn HealthTimeout: not healthy 5m after it was applied: Deployment/web: 1 of',
  ],
  ['Watching', 10_000, {}, crashing, 'condemn CrashLoop: pod web-1 crashes'],
  ['Watching', 10_000, {}, { ...crashing, newerAvailable: 'web 1.2.1' }, 'condemn CrashLoop'],
  ['Watching', 10_000, {}, {}, 'NoteHealthy'],
  [
    'Watching',
    10_000,
    { healthySince: later(10_000) },
    {},
    'wait Stabilizing until 40s: healthy; must stay so for 30s',
  ],
  ['Watching', 39_999, { healthySince: later(10_000) }, {}, 'wait Stabilizing until 40s'],
  ['Watching', 40_000, { healthySince: later(10_000) }, {}, 'Succeeded: healthy for 30s'],
  ['Watching', 310_000, { healthySince: later(299_000) }, {}, 'wait Stabilizing until 329s'],
  ['Watching', 20_000, { healthySince: later(10_000) }, starting, 'NoteUnhealthy'],
  ['Watching', 310_000, { healthySince: later(299_000) }, starting, 'NoteUnhealthy'],
  ['Watching', 20_000, { healthySince: later(10_000) }, crashing, 'condemn CrashLoop'],
  ['Watching', 10_000, {}, { ...starting, newerAvailable: 'web 1.2.1' }, 'Superseded: web 1.2.1 arrived before this'],
  ['Watching', 40_000, { healthySince: later(0) }, { newerAvailable: 'web 1.2.1' }, 'Superseded'],
  ['Watching', 40_000, { healthySince: later(0) }, { rejected: true }, 'condemn Rejected'],
  ['Watching', 40_000, { healthySince: later(0) }, { contested: ['a'] }, 'absolve ChangedByOther'],
  ['Watching', 40_000, { healthySince: later(0) }, { gone: ['a'] }, 'absolve WorkloadGone'],
  ['Watching', 10_000, {}, { rejected: true, newerAvailable: 'web 1.2.1' }, 'condemn Rejected'],
  ['Watching', 10_000, {}, { ...starting, formerRejected: true, appActive: false }, 'wait Rollout until 300s'],

  ['Watching', 10_000, { checkpoint, stopped }, crashing, 'Resume'],
  ['Watching', 10_000, { checkpoint }, { ...starting, ran: true }, 'NoteRan'],
  ['Watching', 10_000, { checkpoint, ran: true }, { ...starting, ran: true }, 'wait Rollout until 300s'],
  ['Watching', 10_000, { checkpoint }, { ...crashing, ran: true }, 'condemn CrashLoop'],

  ['RollingBack', 0, { failure: crash, checkpoint }, { ran: true }, 'DecideData Agreed'],
  ['RollingBack', 0, { failure: crash, checkpoint, ran: true }, {}, 'DecideData Agreed'],
  ['RollingBack', 0, { failure: crash, checkpoint }, {}, 'DecideData NotNeeded: the new version was never at work'],
  ['RollingBack', 0, { failure: crash, checkpoint: running }, { ran: true }, 'Restore'],
  ['RollingBack', 0, { failure: crash, checkpoint: { ...checkpoint, kind: 'Objects' } }, { ran: true }, 'Restore'],
  ['RollingBack', 0, { failure: crash, checkpoint, dataRestore: data('Asked') }, {}, 'wait RestoreApproval'],
  ['RollingBack', 0, { failure: crash, checkpoint, dataRestore: data('Agreed') }, {}, 'RestoreData'],
  ['RollingBack', 0, { failure: crash, checkpoint, dataRestore: data('Running'), stopped }, {}, 'RestoreData'],
  ['RollingBack', 0, { failure: crash, checkpoint, dataRestore: data('Done'), stopped }, {}, 'Restore'],
  ['RollingBack', 0, { failure: crash, checkpoint, dataRestore: data('NotNeeded') }, {}, 'Restore'],
  [
    'RollingBack',
    0,
    { failure: crash, checkpoint, dataRestore: data('Failed'), stopped },
    {},
    'Failed: pod web-1 crashes; it is half there',
  ],
  ['RollingBack', 0, { failure: crash, stopped }, { formerRejected: true }, 'Resume'],
  ['VerifyingRollback', 0, { failure: crash, stopped }, {}, 'Resume'],
  ['RollingBack', 0, { failure: crash }, {}, 'Restore'],
  [
    'RollingBack',
    0,
    { failure: crash },
    { rejected: true, contested: ['a'], gone: ['b'], newerAvailable: 'x' },
    'Restore',
  ],
  [
    'RollingBack',
    0,
    { failure: crash },
    { formerRejected: true },
    'Failed: pod web-1 crashes; the former version is rejec',
  ],

  ['VerifyingRollback', 0, { failure: crash }, starting, 'wait RollbackRollout until 300s: Deployment/web: 1 of 2'],
  ['VerifyingRollback', 0, { failure: crash }, crashing, 'wait RollbackRollout until 300s: pod web-1 crashes'],
  ['VerifyingRollback', 0, { failure: crash }, {}, 'RolledBack: pod web-1 crashes'],
  ['VerifyingRollback', 0, { failure: others }, {}, 'Failed: changed by kubectl'],
  ['VerifyingRollback', 300_000, { failure: crash }, {}, 'RolledBack: pod web-1 crashes'],
  ['VerifyingRollback', 300_000, { failure: crash }, starting, 'Failed: went back because of "pod web-1 crashes", but'],
  ['VerifyingRollback', 0, { failure: crash }, { reapplied: ['a'] }, 'Restore'],
  ['VerifyingRollback', 0, { failure: crash }, { reapplied: ['a'], formerRejected: true }, 'Failed'],
  ['VerifyingRollback', 0, { failure: crash }, { formerRejected: true, contested: ['a'] }, 'RolledBack'],

  ['Succeeded', 0, {}, crashing, 'nothing'],
  ['RolledBack', 0, {}, crashing, 'nothing'],
  ['Superseded', 0, {}, crashing, 'nothing'],
  ['Cancelled', 0, {}, { rejected: true }, 'nothing'],
  ['Failed', 0, {}, { newerAvailable: 'x' }, 'nothing'],
])('%s for %i ms, %j, sees %j -> %s', (...[phase, sinceMs, fields, seen, expected]) => {
  const step = nextStep(journalIn(phase, fields), observation(seen), settings, later(sinceMs));

  expect(tell(step)).toContain(expected);
});

/** Time since the tests began in ms, their records, what is seen, and the step as one line. */
test.each<readonly [number, readonly TestRecord[], Partial<Observation>, string]>([
  [0, [], {}, 'NoteTest one: 0 attempts'],
  [0, [begun], {}, 'wait Testing until 5s: test one is to begin'],
  [5_000, [begun], {}, 'Test one'],
  [5_000, [tried('one', 'Pass')], {}, 'wait Testing until 10s: test one, after attempt 1: Pass said'],
  [10_000, [tried('one', 'Pass')], {}, 'Test one'],
  [60_000, [tried('one', 'Pass')], {}, 'NoteTest one: 1 attempts Inconclusive: no verdict within 1m; last: Pass said'],
  [60_000, [tried('one', 'Fail')], {}, 'NoteTest one: 1 attempts Fail: no verdict within 1m; last: Fail said'],
  [
    60_000,
    [tried('one', 'Error')],
    {},
    'NoteTest one: 1 attempts Inconclusive: no verdict within 1m; last: Error said',
  ],
  [60_000, [begun], {}, 'NoteTest one: 0 attempts Fail: no verdict within 1m'],
  [0, [tried('one', 'Fail', 'Fail')], {}, 'condemn TestFailed: test one: Fail said'],
  [0, [tried('one', 'Inconclusive')], {}, 'NoteTest two: 0 attempts'],
  [0, [tried('one', 'Inconclusive'), tried('two', 'Fail', 'Fail')], {}, 'condemn TestFailed: test two: Fail said'],
  [
    0,
    [tried('one', 'Inconclusive'), passed('two')],
    {},
    'wait TestInconclusive until undefineds: a person has to appr',
  ],
  [
    0,
    [{ ...tried('one', 'Inconclusive'), acceptedBy: 'ann' }, passed('two')],
    {},
    'Succeeded: 1 test passed, test one',
  ],
  [0, [passed('one'), passed('two')], {}, 'Succeeded: 2 tests passed'],
  [0, [passed('one'), passed('two'), tried('gone', 'Fail', 'Fail')], {}, 'Succeeded: 2 tests passed'],
  [0, [passed('one'), passed('two')], { rejected: true }, 'condemn Rejected'],
  [0, [passed('one'), passed('two')], { contested: ['a'] }, 'absolve ChangedByOther'],
  [0, [passed('one')], { newerAvailable: '1.3.0' }, 'Superseded: 1.3.0 arrived before this version had proved itself'],
  [0, [passed('one'), passed('two')], starting, 'Relapse'],
  [0, [tried('one', 'Fail', 'Fail')], starting, 'condemn TestFailed'],
  [0, [passed('one')], crashing, 'condemn CrashLoop'],
  [0, [begun], { window: { kind: 'Open', closesAt: later(2_000) } }, 'wait Testing until 2s'],
  [0, [begun], { window: { kind: 'Closed', because: 'night', opensAt: undefined } }, 'absolve WindowClosed'],
])('tested for %i ms, %j, sees %j -> %s', (sinceMs, records, seen, expected) => {
  const testing = { ...transitions.testsBegun(journalIn('Watching', {}), startOfTest, 'healthy'), tests: records };

  expect(tell(nextStep(testing, observation(seen), { ...settings, tests }, later(sinceMs)))).toContain(expected);
});

test('tests begin when it was stable, and not before', () => {
  const stable = journalIn('Watching', { healthySince: startOfTest });
  const decide = (sinceMs: number) => nextStep(stable, observation({}), { ...settings, tests }, later(sinceMs));

  expect([tell(decide(29_999)), tell(decide(30_000))]).toEqual([
    expect.stringContaining('wait Stabilizing'),
    'BeginTests',
  ]);
});

test('one that does not stay healthy while it is tested is not tried for ever', () => {
  let tested = journalIn('Watching', {});
  for (let count = 0; count < 4; count += 1) {
    tested = transitions.relapsed(transitions.testsBegun(tested, startOfTest, 'healthy'), startOfTest, 'broke');
  }
  const fifth = transitions.testsBegun(tested, startOfTest, 'healthy');

  expect(tell(nextStep(fifth, observation(starting), { ...settings, tests }, startOfTest))).toMatch(
    /^condemn HealthTimeout: did not stay healthy while it was tested, 5 times/,
  );
});

test('while the App cannot be read, its tests are waited for', () => {
  const testing = transitions.testsBegun(journalIn('Watching', {}), startOfTest, 'healthy');

  expect(tell(nextStep(testing, observation({}), { ...settings, tests: undefined }, startOfTest))).toMatch(
    /^wait Testing/,
  );
});

test('a message about a thousand containers names ten', () => {
  const contested = Array.from({ length: 1_000 }, (_, index) => `c${index}`);

  expect(tell(nextStep(journal(), observation({ contested }), settings, startOfTest))).toMatch(/c9, and 990 more$/);
});

describe('the record', () => {
  const opened = transitions.openJournal(later(0));
  const planned = transitions.planned(opened, { kind: 'Workloads', workloads: [workloadChange()] }, later(1));
  const watched = transitions.applied(planned, later(2));
  const healthy = transitions.notedHealthy(watched, later(3));

  test.each<[string, Journal, string]>([
    ['opened', opened, 'Plan 0-'],
    ['planned', planned, 'Plan 0-1 Done, Apply 1-'],
    ['applied', watched, 'Plan 0-1 Done, Apply 1-2 Done, Watch 2-'],
    [
      'succeeded',
      transitions.finished(healthy, 'Succeeded', 'healthy', later(9)),
      'Plan 0-1 Done, Apply 1-2 Done, Watch 2-9 Done healthy',
    ],
    [
      'superseded',
      transitions.finished(watched, 'Superseded', '2.0 came', later(9)),
      'Plan 0-1 Done, Apply 1-2 Done, Watch 2-9 Stopped 2.0 came',
    ],
    ['cancelled', transitions.finished(opened, 'Cancelled', 'rejected', later(9)), 'Plan 0-9 Stopped rejected'],
    [
      'backed up',
      transitions.applied(
        transitions.backedUp(
          transitions.planned(opened, { kind: 'Workloads', workloads: [workloadChange()] }, later(1), {
            next: 'Backup',
          }),
          { ...checkpoint, message: 'size=12' },
          later(2),
        ),
        later(3),
      ),
      'Plan 0-1 Done, Backup 1-2 Done size=12, Apply 2-3 Done, Watch 3-',
    ],
    [
      'condemned',
      transitions.condemned(healthy, crash, later(4)),
      'Plan 0-1 Done, Apply 1-2 Done, Watch 2-4 Failed pod web-1 crashes, RollBack 4-',
    ],
    [
      'rolled back',
      transitions.finished(
        transitions.restored(transitions.condemned(planned, crash, later(4)), later(5)),
        'RolledBack',
        'crash',
        later(6),
      ),
      'Plan 0-1 Done, Apply 1-4 Failed pod web-1 crashes, RollBack 4-5 Done, VerifyRollback 5-6 Done crash',
    ],
    [
      'by a controller whose clock is behind',
      transitions.finished(watched, 'Succeeded', 'healthy', later(-60_000)),
      'Plan 0-1 Done, Apply 1-2 Done, Watch 2-2 Done healthy',
    ],
  ])('%s: %s', (_, { steps }, expected) => {
    const told = steps.map((step) => {
      const times = [step.startedAt, step.finishedAt].map((time) => (time ? time.getTime() - later(0).getTime() : ''));
      return [`${step.name} ${times.join('-')}`, step.result, step.message].filter((part) => part).join(' ');
    });

    expect(told.join(', ')).toBe(expected);
  });

  test('what was waited for and since when it was healthy do not outlive what they are about', () => {
    const waiting = { reason: 'Rollout', message: 'starting', until: later(9) } as const;
    const waits = transitions.waitingFor(healthy, waiting);

    expect(waits).toEqual({ ...healthy, waiting });
    expect(transitions.notedUnhealthy(waits)).toEqual({ ...watched, waiting });
    expect(transitions.condemned(waits, crash, later(4))).not.toHaveProperty('waiting');
    expect(transitions.condemned(waits, crash, later(4))).not.toHaveProperty('healthySince');
    expect(transitions.finished(waits, 'Succeeded', 'healthy', later(9))).not.toHaveProperty('waiting');
    expect(transitions.finished(waits, 'Succeeded', 'healthy', later(9))).toMatchObject({ finishedAt: later(9) });
  });
});

/** A journal whose phase began with the test. */
function journalIn(phase: UpdatePhase, fields: Partial<Journal>): Journal {
  const opened = transitions.openJournal(startOfTest);
  const plan = { kind: 'Workloads', workloads: [workloadChange()] } as const;
  const planned = transitions.planned(opened, plan, startOfTest);
  const watched = transitions.applied(planned, startOfTest);
  const condemned = transitions.condemned(watched, fields.failure ?? crash, startOfTest);
  switch (phase) {
    case 'Pending':
      return { ...opened, ...fields };
    case 'BackingUp':
      return { ...transitions.planned(opened, plan, startOfTest, { next: 'Backup' }), ...fields };
    case 'Applying':
      return { ...planned, ...fields };
    case 'Watching':
      return { ...watched, ...fields };
    case 'Testing':
      return { ...transitions.testsBegun(watched, startOfTest, 'healthy'), ...fields };
    case 'RollingBack':
      return { ...condemned, ...fields };
    case 'VerifyingRollback':
      return { ...transitions.restored(condemned, startOfTest), ...fields };
    default:
      return transitions.finished(watched, phase, 'ended', startOfTest);
  }
}

function tell(step: Step | undefined): string {
  switch (step?.kind) {
    case undefined:
      return 'nothing';
    case 'Condemn':
      return tellFailure(step.failure);
    case 'Finish':
      return `${step.phase}: ${step.message}`;
    case 'DecideData':
      return `DecideData ${step.state}: ${step.message}`;
    case 'Wait': {
      const { reason, message, until } = step.waiting;
      const seconds = until && (until.getTime() - startOfTest.getTime()) / 1_000;
      return `wait ${reason} until ${seconds}s: ${message}`;
    }
    case 'NoteTest': {
      const { name, attempts, verdict, message } = step.record;
      return `NoteTest ${name}: ${attempts} attempts${verdict === undefined ? '' : ` ${verdict}: ${message}`}`;
    }
    case 'Test':
      return `Test ${step.name}`;
    default:
      return step?.kind ?? '';
  }
}

/** `condemn`: the version is to blame; `absolve`: it is not. */
function tellFailure({ reason, message, blamesVersion }: Failure): string {
  return `${blamesVersion ? 'condemn' : 'absolve'} ${reason}: ${message}`;
}
