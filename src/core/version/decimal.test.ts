import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareDecimals, type Decimal, parseDecimal } from './decimal.ts';

test.each(['', '.', '-', 'v1', '1.2.3', '1e5', '0x10', '1a', 'inf', 'NaN', ' 1'])('%o is no number', (text) => {
  expect(parseDecimal(text)).toBeUndefined();
});

test.each([
  ['-88', '-62'],
  ['-1', '0'],
  ['9', '10'],
  ['1.09', '1.1'],
  ['1.10', '1.9'],
  ['1', '1.0001'],
  ['-1.5', '-1.4'],
  ['1606364286', '1606364287'],
  ['9007199254740992', '9007199254740993'],
  ['0.5', '1'],
])('%s is less than %s', (left, right) => {
  expect(compare(left, right)).toBeLessThan(0);
  expect(compare(right, left)).toBeGreaterThan(0);
});

test.each([
  ['1', '1.0'],
  ['007', '7'],
  ['-0', '0'],
  ['+3', '3'],
  ['.5', '0.50'],
  ['1.', '1'],
])('%s is the same as %s', (left, right) => {
  expect(compare(left, right)).toBe(0);
});

test('agrees with the order of numbers', () => {
  const number = fc.integer({ min: -1_000_000, max: 1_000_000 }).map((value) => value / 1_000);
  fc.assert(
    fc.property(number, number, (left, right) => {
      expect(Math.sign(compare(String(left), String(right)))).toBe(Math.sign(left - right));
    }),
  );
});

function compare(left: string, right: string): number {
  return compareDecimals(read(left), read(right));
}

function read(text: string): Decimal {
  const decimal = parseDecimal(text);
  expect(decimal).toBeDefined();
  return decimal ?? { isNegative: false, whole: '', fraction: '' };
}
