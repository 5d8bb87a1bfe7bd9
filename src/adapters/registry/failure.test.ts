import { expect, test } from 'vitest';
import { parseRetryAfter } from './failure.ts';

const now = new Date('2026-01-01T00:00:00Z');

test.each([
  ['17', 17_000],
  [['17'], 17_000],
  ['0', 1_000],
  ['-5', 60_000],
  ['999999999', 21_600_000],
  ['Thu, 01 Jan 2026 00:02:00 GMT', 120_000],
  ['Wed, 31 Dec 2025 00:00:00 GMT', 1_000],
  ['soon', 60_000],
  ['', 60_000],
  [undefined, 60_000],
])('Retry-After %j is %i ms', (header, expected) => {
  expect(parseRetryAfter(header, now)).toBe(expected);
});
