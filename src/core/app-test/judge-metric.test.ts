import { expect, test } from 'vitest';
import { parseExpression } from '../expression/parse.ts';
import type { MetricLimits } from './app-test.ts';
import { judgeConditions, judgeLimits, type Measured } from './judge-metric.ts';

const number = (value: number): Measured => ({ kind: 'Number', value });
const nothing: Measured = { kind: 'Nothing', because: 'gives NaN' };
const percent = (value: number) => ({ kind: 'Percent', percent: value }) as const;

function limits(fields: Partial<MetricLimits>): MetricLimits {
  return { kind: 'Limits', min: undefined, max: undefined, baseline: undefined, ...fields };
}

const rise = limits({ baseline: { offsetMs: 0, maxIncrease: percent(10), maxDecrease: undefined } });
const fall = limits({
  baseline: { offsetMs: 0, maxIncrease: undefined, maxDecrease: { kind: 'Absolute', value: 5 } },
});

test.each<readonly [MetricLimits, Measured, Measured | undefined, string]>([
  [limits({ max: 1 }), number(1), undefined, 'Pass: 1'],
  [limits({ max: 1 }), number(1.5), undefined, 'Fail: 1.5 is more than 1'],
  [limits({ min: 1 }), number(0.99), undefined, 'Fail: 0.99 is less than 1'],
  [limits({ max: 1 }), nothing, undefined, 'Inconclusive: the query gives NaN'],
  [rise, number(11), number(10), 'Pass: 11, before the update 10'],
  [rise, number(11.1), number(10), 'Fail: 11.1, before the update 10: risen by more than 10%'],
  [rise, number(1), number(10), 'Pass: 1, before the update 10'],
  [rise, number(0.1), number(0), 'Fail: 0.1, before the update 0: risen by more than 10%'],
  [rise, number(11), nothing, 'Inconclusive: 11; before the update the query gives NaN'],
  [fall, number(94), number(100), 'Fail: 94, before the update 100: fallen by more than 5'],
  [fall, number(95), number(100), 'Pass: 95, before the update 100'],
])('%j of %j, before %j: %s', (rule, now, before, expected) => {
  const { kind, message } = judgeLimits(rule, now, before);

  expect(`${kind}: ${message}`).toBe(expected);
});

test.each<readonly [string | undefined, string | undefined, unknown, string]>([
  [undefined, undefined, [1], 'Pass: [1]'],
  ['result[0] > 1', undefined, [2], 'Pass: [2]'],
  ['result[0] > 1', undefined, [1], 'Fail: the success condition does not hold for [1]'],
  [undefined, 'result[0] > 1', [2], 'Fail: the failure condition holds for [2]'],
  [undefined, 'result[0] > 1', [1], 'Pass: [1]'],
  ['result[0] > 5', 'result[0] < 1', [3], 'Inconclusive: neither condition holds for [3]'],
  ['result[0] > 5', undefined, [], 'Error: the condition cannot be applied to []: there is no [0] in a list of 0'],
  ['result[0]', undefined, [1], 'Error: the condition cannot be applied to [1]: it gives neither true nor false'],
])('success %s, failure %s of %j: %s', (success, failure, result, expected) => {
  const read = (text: string | undefined) => (text === undefined ? undefined : parseExpression(text, 'x'));
  const outcome = judgeConditions({ kind: 'Conditions', success: read(success), failure: read(failure) }, result);

  expect(`${outcome.kind}: ${outcome.message}`).toBe(expected);
});
