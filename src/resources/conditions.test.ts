import { expect, test } from 'vitest';
import { later, startOfTest } from '../../test/fixtures.ts';
import { setConditions, type Verdict } from './conditions.ts';

const good: Verdict = { status: 'True', reason: 'UpToDate', message: 'web 1.0.0 is the newest' };
const before = setConditions(undefined, { Ready: good }, 1, startOfTest);

test('a new condition changes now, to the second', () => {
  expect(setConditions(undefined, { Ready: good }, 1, later(999))).toEqual([
    { type: 'Ready', ...good, observedGeneration: 1, lastTransitionTime: '2026-05-04T12:00:00Z' },
  ]);
});

test('an unchanged verdict gives an equal list, so that nothing is written', () => {
  expect(setConditions(before, { Ready: good }, 1, later(60_000))).toEqual(before);
});

test.each<[string, Partial<Verdict>, number, string]>([
  ['reason', { reason: 'VersionRejected' }, 1, '2026-05-04T12:00:00Z'],
  ['message', { message: 'web 1.1.0 is the newest' }, 1, '2026-05-04T12:00:00Z'],
  ['generation', {}, 2, '2026-05-04T12:00:00Z'],
  ['status to False', { status: 'False' }, 1, '2026-05-04T12:01:00Z'],
  ['status to Unknown', { status: 'Unknown' }, 1, '2026-05-04T12:01:00Z'],
])('a change of %s, %j with generation %i: last transition %s', (_, fields, generation, lastTransitionTime) => {
  const verdict = { ...good, ...fields };

  expect(setConditions(before, { Ready: verdict }, generation, later(60_000))).toEqual([
    { type: 'Ready', ...verdict, observedGeneration: generation, lastTransitionTime },
  ]);
});

test('a condition without a verdict goes, and comes back as new', () => {
  const both = setConditions(before, { Ready: good, Stalled: good }, 1, later(1_000));
  const one = setConditions(both, { Ready: good }, 1, later(2_000));
  const again = setConditions(one, { Ready: good, Stalled: good }, 1, later(3_000));

  expect(one).toEqual(before);
  expect(again.map((condition) => condition.lastTransitionTime)).toEqual([
    '2026-05-04T12:00:00Z',
    '2026-05-04T12:00:03Z',
  ]);
});

test('a message longer than the API server takes is cut', () => {
  const [ready] = setConditions(undefined, { Ready: { ...good, message: 'x'.repeat(65_536) } }, 1, startOfTest);

  expect(ready?.message.length).toBeLessThan(10_000);
});
