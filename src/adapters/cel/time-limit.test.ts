import { expect, test } from 'vitest';
import { parseExpression, variablesOf } from '../../core/cel/expression.ts';
import { createTimeLimit } from './time-limit.ts';

/** As large as an object may be in etcd. */
const items = Array.from({ length: 100_000 }, (_, index) => `item-${index}`);
const variables = variablesOf({ items, text: `${'a'.repeat(50_000)}!` });

test.each([
  'items.all(a, items.all(b, items.all(c, a != "x")))',
  'items.map(a, items.map(b, a + b)).size() == 0',
  'items.exists(a, text.split("").exists(b, b == a))',
])('%s ends in time, and is not tried for ever', (text) => {
  const limit = createTimeLimit();
  const expression = parse(text);

  const verdicts = [1, 2, 3].map(() => {
    const begin = performance.now();
    const verdict = expression.evaluate(variables, limit);
    return { verdict, durationMs: performance.now() - begin };
  });

  expect(verdicts.map(({ verdict }) => verdict)).toEqual([
    { kind: 'Error', message: expect.stringContaining('was broken off') },
    { kind: 'Error', message: expect.stringContaining('was broken off') },
    { kind: 'Error', message: expect.stringContaining('is not evaluated any more') },
  ]);
  expect(verdicts[2]?.durationMs).toBeLessThan(20);
});

test('patterns that take other engines hours are harmless', () => {
  const expression = parse('text.matches("^(a+)+$")');

  expect(expression.evaluate(variables, createTimeLimit())).toEqual({ kind: 'False' });
});

test('one slow evaluation is forgotten after a quick one', () => {
  const limit = createTimeLimit();
  const expression = parse('items.all(a, items.all(b, a != "x"))');
  const small = variablesOf({ items: ['a', 'b'] });

  const kinds = [variables, small, variables, small].map((data) => expression.evaluate(data, limit).kind);

  expect(kinds).toEqual(['Error', 'True', 'Error', 'True']);
});

function parse(text: string) {
  const parsed = parseExpression(text);
  if (parsed.kind === 'Invalid') {
    throw new Error(parsed.problem);
  }
  return parsed.expression;
}
