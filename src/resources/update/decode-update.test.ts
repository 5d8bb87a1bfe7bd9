import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { digest, journal, later, startOfTest } from '../../../test/fixtures.ts';
import { checkpointStates, dataRestoreStates } from '../../core/checkpoint/checkpoint.ts';
import { failureReasons } from '../../core/health/health.ts';
import { type Journal, stepNames, updatePhases } from '../../core/update/journal.ts';
import { openJournal } from '../../core/update/transitions.ts';
import { waitingReasons } from '../../core/waiting.ts';
import { workloadKinds } from '../../core/workload/workload.ts';
import { changesOf, decodeUpdate, encodeJournal, encodeWaiting, journalOf } from './decode-update.ts';

const metadata = { name: 'web-1', namespace: 'demo', uid: 'uid', creationTimestamp: '2026-05-04T12:00:00Z' };
const change = { source: 'web', repository: 'ghcr.io/org/web', from: { tag: '1.0.0' }, to: { digest: digest('1') } };
const spec = {
  app: 'web',
  sequence: 1,
  trigger: { kind: 'Source', by: 'headgate', reason: 'newer' },
  changes: [change],
};

describe('journal', () => {
  const time = fc.date({ min: new Date('2020-01-01'), max: new Date('2100-01-01'), noInvalidDate: true });
  const wholeSecond = time.map((date) => new Date(Math.floor(date.getTime() / 1_000) * 1_000));
  const text = fc.string({ maxLength: 10, unit: 'grapheme' });
  const container = fc.record({
    container: text,
    init: fc.boolean(),
    source: text,
    before: text,
    after: text,
    restore: text,
  });
  const workload = fc.record({
    kind: fc.constantFrom(...workloadKinds),
    name: text,
    uid: text,
    reversible: fc.boolean(),
    containers: fc.array(container, { maxLength: 2 }),
  });
  const step = fc.record(
    {
      name: fc.constantFrom(...stepNames),
      startedAt: time,
      finishedAt: time,
      result: fc.constantFrom('Done', 'Failed', 'Stopped'),
      message: text,
    },
    { requiredKeys: ['name', 'startedAt'] },
  );
  const waiting = fc.record(
    { reason: fc.constantFrom(...waitingReasons), message: text, until: wholeSecond },
    { requiredKeys: ['reason', 'message'] },
  );
  const failure = fc.record({ reason: fc.constantFrom(...failureReasons), message: text, blamesVersion: fc.boolean() });
  const checkpoint = fc.record(
    {
      ...{
        id: text,
        kind: fc.constantFrom('Job' as const, 'Objects' as const),
        state: fc.constantFrom(...checkpointStates),
      },
      ...{ startedAt: time, finishedAt: time, expiresAt: time, sealedAt: time },
      ...{ sizeBytes: fc.nat(), message: text, job: text, objects: text },
    },
    { requiredKeys: ['id', 'kind', 'state', 'startedAt'] },
  );
  const stopped = fc.record({ kind: fc.constant('Deployment' as const), name: text, uid: text, replicas: fc.nat() });
  const dataRestore = fc.record(
    {
      ...{ state: fc.constantFrom(...dataRestoreStates), update: text, message: text, by: text, job: text },
      ...{ attempt: fc.integer({ min: 1, max: 9 }), startedAt: time, finishedAt: time },
    },
    { requiredKeys: ['state', 'update'] },
  );
  const journals: fc.Arbitrary<Journal> = fc.record(
    {
      checkpoint,
      stopped: fc.array(stopped, { maxLength: 2 }),
      ran: fc.boolean(),
      dataRestore,
      phase: fc.constantFrom(...updatePhases),
      startedAt: time,
      steps: fc.array(step, { maxLength: 5 }),
      plan: fc.record({
        kind: fc.constant('Workloads' as const),
        workloads: fc.array(workload, { minLength: 1, maxLength: 2 }),
      }),
      healthySince: time,
      failure,
      waiting,
      finishedAt: time,
    },
    { requiredKeys: ['phase', 'startedAt', 'steps'] },
  );

  test('is read as it was written, through the API server and its schema', () => {
    fc.assert(
      fc.property(journals, (written) => {
        const status: unknown = JSON.parse(JSON.stringify(encodeJournal(written)));

        const read = journalOf(decodeUpdate({ metadata, spec, status }, 'Update demo/web-1'), startOfTest);

        expect(read).toEqual(written);
      }),
      { numRuns: 1_000 },
    );
  });

  test.each([
    ['no status', undefined],
    ['a status without journal', { conditions: [] }],
    ['a phase without start', { phase: 'Applying' }],
  ])('%s: nothing was done yet', (_, status) => {
    const update = decodeUpdate({ metadata, spec, ...(status && { status }) }, 'Update demo/web-1');

    expect(journalOf(update, startOfTest)).toEqual(openJournal(startOfTest));
  });

  test('a message of 64 KiB from a webhook is cut to what the API server takes', () => {
    const message = 'x'.repeat(65_536);
    const failed = journal({
      phase: 'RollingBack',
      steps: [{ name: 'Apply', startedAt: startOfTest, finishedAt: startOfTest, result: 'Failed', message }],
      failure: { reason: 'RefusedByApiServer', message, blamesVersion: false },
      waiting: { reason: 'Rollout', message },
    });

    const status = encodeJournal(failed);

    expect(() => decodeUpdate({ metadata, spec, status }, 'Update demo/web-1')).not.toThrow();
    expect(status.failure?.message.length).toBeLessThan(10_000);
  });
});

test.each([
  [0, '2026-05-04T12:00:00Z'],
  [1, '2026-05-04T12:00:01Z'],
  [999, '2026-05-04T12:00:01Z'],
  [1_000, '2026-05-04T12:00:01Z'],
])('until of %i ms after the second is written %s: a look then is not too early', (afterMs, until) => {
  expect(encodeWaiting({ reason: 'Rollout', message: 'starting', until: later(afterMs) })).toEqual({
    reason: 'Rollout',
    message: 'starting',
    until,
  });
});

test('what is left out of a version is undefined', () => {
  const { spec: decoded } = decodeUpdate({ metadata, spec }, 'Update demo/web-1');

  expect(changesOf(decoded)).toEqual([
    { ...change, from: { tag: '1.0.0', digest: undefined }, to: { tag: undefined, digest: digest('1') } },
  ]);
});

test.each([
  [{ ...spec, changes: [] }, undefined, 'spec.changes must not have fewer than 1 items'],
  [{ ...spec, sequence: 0 }, undefined, 'spec.sequence 0 must be >= 1'],
  [
    spec,
    { phase: 'Dreaming' },
    'status.phase "Dreaming" must be equal to one of the allowed values: Pending, BackingUp, Applying',
  ],
  [spec, { phase: 'Applying', startedAt: 'noon' }, 'status.startedAt "noon" must match format'],
])('refuses %j with status %j: %s', (written, status, problem) => {
  const object = { metadata, spec: written, ...(status && { status }) };

  expect(() => decodeUpdate(object, 'Update demo/web-1')).toThrow(`Update demo/web-1: ${problem}`);
});
