import { expect, test } from 'vitest';
import { cutPlan, formatNumbers, parseNumbers, planOf } from './plan.ts';

test('a seed gives one plan, another seed another, and every kind of blow is in it', () => {
  const plan = planOf(7, 5);
  expect(planOf(7, 5)).toEqual(plan);
  expect(planOf(8, 5)).not.toEqual(plan);
  expect(plan.map(({ number }) => number)).toEqual(plan.map((_, at) => at));
  const kinds = new Set(plan.map(({ blow }) => (blow.kind === 'publish' ? blow.version : blow.kind)));
  expect([...kinds].toSorted()).toEqual([
    'again',
    'apiServerRestarts',
    'clockJumps',
    'crash',
    'freeze',
    'good',
    'hang',
    'kill',
    'older',
    'registryAway',
  ]);
});

test.for([
  ['', []],
  ['3', [3]],
  ['3,7-9', [3, 7, 8, 9]],
  [' 1 - 2', undefined],
  ['x', undefined],
] as const)('SOAK_SKIP=%s names %j', ([text, numbers]) => {
  if (numbers === undefined) {
    expect(() => parseNumbers(text)).toThrow(/no number of an event/);
    return;
  }
  expect([...parseNumbers(text)]).toEqual(numbers);
  expect(formatNumbers(numbers)).toBe(text);
});

test('a failing plan is cut to the two events that it needs', async () => {
  const plan = planOf(1, 1);
  const needed = [4, 17];
  const left = await cutPlan(
    plan,
    async (rest) => needed.every((number) => rest.some((event) => event.number === number)),
    200,
  );
  expect(left.map(({ number }) => number)).toEqual(needed);
});

test('cutting ends with its tries', async () => {
  let asked = 0;
  await cutPlan(
    planOf(1, 1),
    async () => {
      asked += 1;
      return false;
    },
    3,
  );
  expect(asked).toBe(3);
});
