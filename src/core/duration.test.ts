import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatDuration, parseDuration } from './duration.ts';

test.each([
  ['0s', 0],
  ['120ms', 120],
  ['30s', 30_000],
  ['5m', 300_000],
  ['90s', 90_000],
  ['1h30m', 5_400_000],
  ['1h30m5s7ms', 5_405_007],
  ['30m1h', 5_400_000],
  ['1m1m', 120_000],
  ['007s', 7_000],
  ['8760h', 31_536_000_000],
])('%s is %i ms', (text, durationMs) => {
  expect(parseDuration(text, 'spec.interval')).toBe(durationMs);
});

test.each([
  ['', 'is not a duration; write for example 30s, 5m or 1h30m'],
  ['5', 'is not a duration'],
  ['5 m', 'is not a duration'],
  ['-5m', 'is not a duration'],
  ['1.5h', 'is not a duration'],
  ['1d', 'is not a duration'],
  ['5M', 'is not a duration'],
  ['5m\n', 'is not a duration'],
  ['٣m', 'is not a duration'],
  ['8760h1ms', 'is longer than a year; write 8760h or less'],
  ['9999999999999999999999999999999h', 'is longer than a year'],
])('%j is refused: %s', (text, problem) => {
  expect(() => parseDuration(text, 'spec.interval')).toThrow(
    expect.objectContaining({
      code: 'OBJECT_INVALID',
      retry: 'never',
      message: expect.stringContaining(`spec.interval: "${text}" ${problem}`),
    }),
  );
});

test('a text without end is cut in the message', () => {
  const message = `spec.interval: "${'5'.repeat(32)}" is not a duration`;

  expect(() => parseDuration('5'.repeat(1_000_000), 'spec.interval')).toThrow(message);
});

test.each([
  [0, '0s'],
  [1, '1ms'],
  [999.7, '1s'],
  [1_000, '1s'],
  [1_499, '1s'],
  [1_500, '2s'],
  [60_000, '1m'],
  [59_999, '1m'],
  [3_599_600, '1h'],
  [5_400_000, '1h30m'],
  [3_605_000, '1h5s'],
  [360_000_000, '100h'],
])('%f ms is said as %s', (durationMs, text) => {
  expect(formatDuration(durationMs)).toBe(text);
});

test('what is said of whole seconds, or of less than one, is read as the same', () => {
  const yearSeconds = 31_536_000;
  const exact = fc.oneof(
    fc.integer({ min: 0, max: yearSeconds }).map((seconds) => seconds * 1_000),
    fc.integer({ min: 0, max: 999 }),
  );

  fc.assert(
    fc.property(exact, (durationMs) => {
      expect(parseDuration(formatDuration(durationMs), 'x')).toBe(durationMs);
    }),
    { numRuns: 2_000 },
  );
});
