import { expect, test } from 'vitest';
import { jobNameOf } from './job-name.ts';

test.each([
  ['web-3', 'backup', /^web-3-backup-[0-9a-f]{10}$/],
  ['shop.web-3', 'backup', /^shop-web-3-backup-[0-9a-f]{10}$/],
  ['a'.repeat(253), 'restore-1', /^a{42}-restore-1-[0-9a-f]{10}$/],
  [`${'a'.repeat(41)}-${'b'.repeat(20)}`, 'restore-1', /^a{41}-restore-1-[0-9a-f]{10}$/],
])('%s, %s -> %s', (name, step, expected) => {
  const made = jobNameOf({ name, uid: 'one' }, step);

  expect(made).toMatch(expected);
  expect(made.length).toBeLessThanOrEqual(63);
});

test('the same object and step have one name, another object of that name has another', () => {
  const web = { name: 'web-3', uid: 'one' };

  expect(jobNameOf(web, 'backup')).toBe(jobNameOf({ ...web }, 'backup'));
  expect(
    new Set([jobNameOf(web, 'backup'), jobNameOf(web, 'restore'), jobNameOf({ ...web, uid: 'two' }, 'backup')]).size,
  ).toBe(3);
});
