import { expect, test } from 'vitest';
import { adoptedAppName } from './adopted-name.ts';

test.each([
  [{ kind: 'Deployment', name: 'web' }, 'deployment-web'],
  [{ kind: 'CronJob', name: 'web' }, 'cronjob-web'],
  [{ kind: 'Deployment', name: 'a'.repeat(41) }, `deployment-${'a'.repeat(41)}`],
  [{ kind: 'Deployment', name: 'a'.repeat(42) }, `deployment-${'a'.repeat(32)}-f81b625e`],
] as const)('%o: %s', (reference, name) => {
  expect(adoptedAppName(reference)).toBe(name);
  expect(name.length).toBeLessThanOrEqual(52);
});

test('names that differ behind the cut stay apart', () => {
  const names = ['x', 'y'].map((end) => adoptedAppName({ kind: 'StatefulSet', name: `${'a'.repeat(250)}${end}` }));

  expect(new Set(names).size).toBe(2);
});
