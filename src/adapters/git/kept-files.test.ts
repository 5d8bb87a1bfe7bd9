import { expect, test } from 'vitest';
import { createKeptFiles } from './kept-files.ts';

const files = (...sizes: readonly number[]) =>
  new Map(sizes.map((size, index) => [`file-${index}-${size}`, Buffer.alloc(size)]));

test('what was read last at a place is there, and in place of what was before', () => {
  const kept = createKeptFiles(100);
  const second = files(20);

  kept.keep('a', files(10));
  kept.keep('a', second);

  expect(kept.of('a')).toBe(second);
  expect(kept.of('b').size).toBe(0);
});

test('the place that was not read for longest makes room', () => {
  const kept = createKeptFiles(100);

  kept.keep('a', files(40));
  kept.keep('b', files(20, 20));
  kept.keep('a', files(40));
  kept.keep('c', files(50));

  expect(['a', 'b', 'c'].map((place) => kept.of(place).size)).toEqual([1, 0, 1]);
});

test('a place with more than all may have is not kept, and the others stay', () => {
  const kept = createKeptFiles(100);

  kept.keep('a', files(40));
  kept.keep('b', files(60, 41));

  expect(['a', 'b'].map((place) => kept.of(place).size)).toEqual([1, 0]);
});
