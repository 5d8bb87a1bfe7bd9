import { expect, test } from 'vitest';
import { sayDate, sayDistance, sayDuration } from './times.tsx';

test.each([
  [0, '0 ms'],
  [350, '350 ms'],
  [4_200, '4.2 s'],
  [200_000, '3 min 20 s'],
  [7_500_000, '2 h 5 min'],
])('%i ms took %s', (ms, text) => expect(sayDuration(ms)).toBe(text));

test.each([
  [-39_000, 'en', '39 seconds ago'],
  [180_000, 'en', 'in 3 minutes'],
  [180_000, 'de', 'in 3 Minuten'],
  [-14_400_000, 'en', '4 hours ago'],
])('%i ms away is in %s: %s', (away, language, text) => expect(sayDistance(away, language)).toBe(text));

test('a date is said in the language', () => {
  const date = new Date(2026, 10, 24, 15, 30);
  expect(sayDate(date, 'de')).toBe('24.11.2026, 15:30');
});
