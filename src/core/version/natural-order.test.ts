import fc from 'fast-check';
import { expect, test } from 'vitest';
import { naturalKey } from './natural-order.ts';
import { compareTexts } from './tag-version.ts';

test.each([
  ['build-9', 'build-10'],
  ['ls9', 'ls10'],
  ['1.9', '1.10'],
  ['a', 'a1'],
  ['1', 'a'],
  ['1-a', '1.a'],
  ['20240131', '20240201'],
  ['99999999999999999998', '99999999999999999999'],
  ['9', '10000000000000000000000'],
])('%s is before %s', (left, right) => {
  expect(compareTexts(naturalKey(left), naturalKey(right))).toBeLessThan(0);
  expect(compareTexts(naturalKey(right), naturalKey(left))).toBeGreaterThan(0);
});

test.each([
  ['1.01', '1.1'],
  ['000', '0'],
])('%s is the same as %s', (left, right) => {
  expect(naturalKey(left)).toBe(naturalKey(right));
});

test('numbers are in the order of their values behind any text', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[a-z.-]{0,5}$/), fc.maxSafeNat(), fc.maxSafeNat(), (text, left, right) => {
      const order = compareTexts(naturalKey(`${text}${left}`), naturalKey(`${text}${right}`));

      expect(Math.sign(order)).toBe(Math.sign(left - right));
    }),
  );
});
