import { expect, test } from 'vitest';
import { clipMessage, joinSome } from './text.ts';

const letters = [...'abcdefghijkl'];

test.each([
  [[], ''],
  [['a'], 'a'],
  [letters.slice(0, 10), 'a, b, c, d, e, f, g, h, i, j'],
  [letters.slice(0, 11), 'a, b, c, d, e, f, g, h, i, j, and 1 more'],
  [letters, 'a, b, c, d, e, f, g, h, i, j, and 2 more'],
])('%j is joined to "%s"', (parts, joined) => {
  expect(joinSome(parts, ', ')).toBe(joined);
});

test.each([
  [0, 0],
  [8_192, 8_192],
  [8_193, 8_192],
  [1_000_000, 8_192],
])('a message of %i characters is written with %i', (length, written) => {
  const clipped = clipMessage('x'.repeat(length));

  expect(clipped).toHaveLength(written);
  expect(clipped.endsWith('…')).toBe(written < length);
});
