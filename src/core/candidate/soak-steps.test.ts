import { describe, expect, test } from 'vitest';
import type { TestPace } from '../app-test/app-test.ts';
import { openTest } from '../app-test/test-record.ts';
import type { Trial } from './candidate.ts';
import type { CandidateSight } from './candidate-step.ts';
import { soak, watched } from './soak-steps.ts';

const pace: TestPace = {
  ...{ timeoutMs: 60_000, intervalMs: 30_000, initialDelayMs: 0, count: 1, counts: 'Passes', failureLimit: 1 },
  ...{ inconclusiveLimit: 0, late: 'Inconclusive' },
};

const at = (seconds: number) => new Date(seconds * 1_000);

const settings = {
  tests: [],
  watches: [{ name: 'errors', pace }],
  paths: [],
  pathTimeoutMs: 60_000,
  soakMs: 600_000,
  consistent: (members: readonly string[]) => members,
};

const well: CandidateSight = {
  standings: new Map(),
  unwell: undefined,
  isSameDefinition: true,
  gate: { kind: 'Open' },
};
const unwell = { ...well, unwell: { message: 'App web is not well', patienceMs: 60_000 } };

const trial: Trial = {
  ...{ purpose: 'Release', members: ['web'], soaks: true, startedAt: at(0), testedAt: at(0), tests: [] },
  watches: [{ ...openTest('errors', pace, at(0)), nextAt: at(30) }],
};

const step = (change: Partial<Trial>, seconds: number, seen = well) =>
  soak({ ...trial, ...change }, at(0), { seen, settings }, at(seconds));

describe('while a set soaks', () => {
  test.each([
    { what: 'each metric gets a record', change: { watches: [] }, seconds: 0, kind: 'NoteTest' },
    { what: 'a metric is not due', change: {}, seconds: 10, kind: 'Wait' },
    { what: 'a metric is due', change: {}, seconds: 30, kind: 'Test' },
    { what: 'an App becomes unwell', change: {}, seconds: 10, seen: unwell, kind: 'NoteWell' },
    {
      what: 'it is unwell for less than its patience',
      change: { unwellSince: at(0) },
      seconds: 20,
      seen: unwell,
      kind: 'Wait',
    },
    { what: 'it is well again', change: { unwellSince: at(0) }, seconds: 20, kind: 'NoteWell' },
    { what: 'it stays unwell', change: { unwellSince: at(0) }, seconds: 60, seen: unwell, kind: 'EndTrial' },
    { what: 'the time is over', change: {}, seconds: 600, kind: 'EndTrial' },
  ])('$what: $kind', ({ change, seconds, seen, kind }) => {
    expect(step(change, seconds, seen)).toMatchObject({ kind });
  });

  test('it is looked at every 15 s, because nothing wakes a Channel when a pod restarts', () => {
    expect(step({}, 1)).toMatchObject({ waiting: { reason: 'Soaking', until: at(600) }, lookAt: at(16) });
  });

  test.each([
    { failures: 1, ends: false },
    { failures: 2, ends: true },
  ])('$failures failures of a metric that allows 1 end it: $ends', ({ failures, ends }) => {
    let [record] = trial.watches;
    for (let count = 0; count < failures && record; count += 1) {
      record = watched(record, pace, { kind: 'Fail', message: '7 is more than 1' }, at(30 * count));
    }
    const result = step({ watches: record ? [record] : [] }, 40);
    expect(result.kind === 'EndTrial').toBe(ends);
    if (result.kind === 'EndTrial') {
      expect(result.result).toMatchObject({
        kind: 'Failed',
        inSoak: true,
        message: 'test errors, while it soaked: 7 is more than 1',
      });
    }
  });

  test('passes alone do not end what watches', () => {
    const [record] = trial.watches;
    const next = record && watched(record, pace, { kind: 'Pass', message: '0' }, at(30));
    expect(next?.verdict).toBeUndefined();
  });

  test('a trial that only looks for who is to blame does not soak', () => {
    expect(step({ soaks: false }, 0)).toMatchObject({ kind: 'EndTrial', result: { kind: 'Passed' } });
  });
});
