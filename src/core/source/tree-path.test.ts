import { expect, test } from 'vitest';
import { isBelow, isTreePath, parseTreePath } from './tree-path.ts';

test.each([
  { text: '', path: '' },
  { text: '.', path: '' },
  { text: './', path: '' },
  { text: '/', path: '' },
  { text: './deploy/', path: 'deploy' },
  { text: '/deploy//production', path: 'deploy/production' },
  { text: 'a.yaml', path: 'a.yaml' },
  { text: '-x/:(glob)*', path: '-x/:(glob)*' },
])('"$text" is "$path"', ({ text, path }) => {
  expect(parseTreePath(text, 'path')).toBe(path);
});

test.each(['..', 'a/../b', '../a', 'a/.git/config', '.GIT', 'a\\b', 'a\u0000b', 'a\nb', 'x'.repeat(5_000)])(
  '%j is refused',
  (text) => {
    expect(() => parseTreePath(text, 'spec.path')).toThrow(/^spec\.path: .* is no path; /);
  },
);

test.each([
  { path: 'a/b', is: true },
  { path: '/a', is: false },
  { path: 'a//b', is: false },
  { path: 'a/./b', is: false },
  { path: '', is: false },
])('"$path" in an archive stays inside: $is', ({ path, is }) => {
  expect(isTreePath(path)).toBe(is);
});

test('a file is below its folders and itself, not below what only begins like them', () => {
  expect(['', 'a', 'a/b', 'a/b.yaml', 'a/', 'a/b.y'].map((path) => isBelow('a/b.yaml', path))).toEqual([
    true,
    true,
    false,
    true,
    false,
    false,
  ]);
});
