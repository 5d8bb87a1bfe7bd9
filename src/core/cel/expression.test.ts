import { expect, test } from 'vitest';
import { maxExpressionLength, parseExpression, variablesOf } from './expression.ts';
import type { Verdict } from './time-limit.ts';

const conditions = [
  { type: 'Ready', status: 'True', message: 'all well' },
  { type: 'Synced', status: 'False' },
];
const object = {
  metadata: { generation: 3, name: 'orders', labels: {} },
  spec: { replicas: 3, share: 0.5, size: null },
  status: { observedGeneration: 2, phase: 'Running', conditions },
};

test.each<[string, Verdict['kind']]>([
  ['status.phase == "Running"', 'True'],
  ['status.phase == "Pending"', 'False'],
  ['has(status.observedGeneration) && metadata.generation != status.observedGeneration', 'True'],
  ["status.conditions.filter(e, e.type == 'Ready').all(e, e.status == 'True')", 'True'],
  ["status.conditions.filter(e, e.type == 'Absent').all(e, e.status == 'True')", 'True'],
  ["status.conditions.exists(e, e.type == 'Synced' && e.status == 'False')", 'True'],
  ["status.conditions.exists_one(e, e.status == 'True')", 'True'],
  ["status.conditions.exists(e, has(e.message) && e.message.matches('^all w.ll$'))", 'True'],
  ['spec.replicas + 1 == 4 && spec.replicas > 2.5', 'True'],
  ['spec.share < 1', 'True'],
  ['spec.size == null', 'True'],
  ["status.?ready.orValue('no') == 'no'", 'True'],
  ["'app' in metadata.labels", 'False'],
  ["timestamp('2026-01-01T00:00:00Z') < timestamp('2026-01-01T00:00:01Z')", 'True'],
  ['status.ready == true', 'Missing'],
  ['status.replicas.ready > 1', 'Missing'],
  ['has(status.replicas.ready)', 'Missing'],
  ['data.ready', 'Missing'],
  ["status.conditions[5].status == 'True'", 'Missing'],
  ['status.constructor == 1', 'Missing'],
  ['status.phase', 'Error'],
  ['status.phase > 3', 'Error'],
  ["status.phase.matches('(')", 'Error'],
  ['spec.replicas / 0 == 1', 'Error'],
  ['status.ready == true || status.phase == "Running"', 'True'],
])('%s is %s', (text, kind) => {
  expect(evaluate(text)).toMatchObject({ kind });
});

test.each([
  ['', 'Unexpected token: EOF'],
  ['status.phase ==', 'Unexpected token: EOF'],
  ['nope(status)', "found no matching overload for 'nope(dyn)'"],
  ["status.phase.reverse() == 'x'", "found no matching overload for 'dyn.reverse()'"],
  ['1 + 2', 'its answer is of type int, not bool'],
  ["status.phase == 'a' ? 1 : 2", 'its answer is of type int, not bool'],
  ['cel.bind(x, status.a, x == x)', 'cel.bind is left out'],
  [`status.a == "${'x'.repeat(maxExpressionLength)}"`, `${maxExpressionLength} are the most`],
  [`${'('.repeat(100)}true${')'.repeat(100)}`, 'Exceeded maxDepth'],
  [Array.from({ length: 300 }, () => 'a').join('+'), 'Exceeded max'],
])('%.60s is refused: %s', (text, problem) => {
  expect(parseExpression(text)).toMatchObject({ kind: 'Invalid', problem: expect.stringContaining(problem) });
});

function evaluate(text: string): Verdict {
  const parsed = parseExpression(text);
  if (parsed.kind === 'Invalid') {
    throw new Error(parsed.problem);
  }
  return parsed.expression.evaluate(variablesOf(object), (_, run) => run());
}
