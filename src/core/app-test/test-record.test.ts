import fc from 'fast-check';
import { expect, test } from 'vitest';
import { later, startOfTest } from '../../../test/fixtures.ts';
import type { Outcome, TestPace } from './app-test.ts';
import { openTest, type TestRecord, timedOut, withOutcome } from './test-record.ts';

const usual: TestPace = {
  timeoutMs: 60_000,
  intervalMs: 10_000,
  initialDelayMs: 0,
  count: 1,
  counts: 'Passes',
  failureLimit: 0,
  inconclusiveLimit: 0,
  late: 'Fail',
};
type Kind = Outcome['kind'];

function run(pace: TestPace, kinds: readonly Kind[]): TestRecord {
  let record = openTest('smoke', pace, startOfTest);
  for (const [index, kind] of kinds.entries()) {
    if (record.verdict === undefined) {
      record = withOutcome(record, pace, { kind, message: `${kind} ${index}` }, later(index));
    }
  }
  return record;
}

test.each<readonly [Partial<TestPace>, readonly Kind[], string]>([
  [{}, ['Pass'], 'Pass after 1: Pass 0'],
  [{}, ['Fail'], 'Fail after 1: Fail 0'],
  [{}, ['Inconclusive'], 'Inconclusive after 1: Inconclusive 0'],
  [{}, ['Error', 'Error'], 'open after 2: Error 1'],
  [{}, ['Error', 'Pass'], 'Pass after 2: Pass 1'],
  [{ failureLimit: 2 }, ['Fail', 'Fail', 'Pass'], 'Pass after 3: Pass 2'],
  [{ failureLimit: 2 }, ['Fail', 'Fail', 'Fail', 'Pass'], 'Fail after 3: Fail 2'],
  [{ count: 3 }, ['Pass', 'Pass'], 'open after 2: Pass 1'],
  [{ count: 3, failureLimit: 1 }, ['Pass', 'Fail', 'Pass', 'Pass'], 'Pass after 4: Pass 3'],
  [{ inconclusiveLimit: 1, failureLimit: 1 }, ['Inconclusive', 'Fail', 'Pass'], 'Pass after 3: Pass 2'],
  [{ counts: 'All', count: 3, failureLimit: 1 }, ['Pass', 'Fail', 'Pass'], 'Pass after 3: Pass 2'],
  [{ inconclusiveLimit: 1 }, ['Inconclusive', 'Inconclusive'], 'Inconclusive after 2: Inconclusive 1'],
])('%j of %j -> %s', (fields, kinds, expected) => {
  const { verdict = 'open', attempts, message } = run({ ...usual, ...fields }, kinds);

  expect(`${verdict} after ${attempts}: ${message}`).toBe(expected);
});

test.each<readonly [Partial<TestPace>, readonly Kind[], string]>([
  [{}, [], 'Fail: no verdict within 1m'],
  [{ late: 'Inconclusive' }, [], 'Inconclusive: no verdict within 1m'],
  [{}, ['Error'], 'Inconclusive: no verdict within 1m; last: Error 0'],
  [{ failureLimit: 1 }, ['Fail', 'Error'], 'Fail: no verdict within 1m; last: Error 1'],
  [{ count: 2 }, ['Pass'], 'Inconclusive: no verdict within 1m; last: Pass 0'],
])('when the time of %j with %j is up -> %s', (fields, kinds, expected) => {
  const pace = { ...usual, ...fields };
  const { verdict, message } = timedOut(run(pace, kinds), pace, later(60_000));

  expect(`${verdict}: ${message}`).toBe(expected);
});

test('whatever its attempts come to, a test has a verdict by its limits, and passes only with enough that pass', () => {
  const kinds = fc.array(fc.constantFrom<Kind>('Pass', 'Fail', 'Inconclusive', 'Error'), { maxLength: 30 });
  const limit = fc.integer({ min: 0, max: 4 });
  const paces = fc.record({ count: fc.integer({ min: 1, max: 4 }), failureLimit: limit, inconclusiveLimit: limit });

  fc.assert(
    fc.property(paces, kinds, (fields, given) => {
      const pace = { ...usual, ...fields };
      const record = run(pace, given);
      expect(record.failed).toBeLessThanOrEqual(pace.failureLimit + 1);
      expect(record.inconclusive).toBeLessThanOrEqual(pace.inconclusiveLimit + 1);
      expect(record.verdict === 'Pass').toBe(record.passed === pace.count);
      expect(record.verdict === 'Fail').toBe(record.failed === pace.failureLimit + 1);
      expect(record.verdict === undefined).toBe(record.finishedAt === undefined);
    }),
    { numRuns: 2_000 },
  );
});
