import { expect, test } from 'vitest';
import { digest, later, rejection, startOfTest } from '../../../test/fixtures.ts';
import { findRejection, type Rejection } from './rejection.ts';

const bad = digest('1');

test.each<[string, Partial<Rejection>, string | undefined, boolean]>([
  ['of the App', {}, bad, true],
  ['of another digest', {}, digest('2'), false],
  ['a digest that is not known', {}, undefined, false],
  ['of another App', { app: 'worker' }, bad, false],
  ['of every App of the namespace', { app: undefined }, bad, true],
  ['of another namespace', { namespace: 'other', app: undefined }, bad, false],
  ['under another tag', { tag: 'latest' }, bad, true],
  ['that holds for a moment yet', { expiresAt: later(1) }, bad, true],
  ['that expires now', { expiresAt: later(0) }, bad, false],
  ['that has expired', { expiresAt: later(-1) }, bad, false],
])('a Rejection %s, %j, for %s: %s', (_, fields, wanted, isRejected) => {
  const found = findRejection([rejection(fields)], { namespace: 'demo', name: 'web' }, wanted, startOfTest);

  expect(found !== undefined).toBe(isRejected);
});

test('one that has expired does not hide one that has not', () => {
  const forever = rejection({ name: 'forever' });

  const found = findRejection(
    [rejection({ expiresAt: later(-1) }), forever],
    { namespace: 'demo', name: 'web' },
    bad,
    startOfTest,
  );

  expect(found).toBe(forever);
});
