import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compileGlob } from './glob.ts';

test.each([
  ['*', 'any', ['any', 'any']],
  ['*', '', ['', '']],
  ['latest', 'latest', ['latest']],
  ['latest', 'earliest', undefined],
  ['lat*', 'latest', ['latest', 'est']],
  ['master-*', 'master-', ['master-', '']],
  ['master-*', 'foo-master', undefined],
  ['*-alpine', '1.2-alpine', ['1.2-alpine', '1.2']],
  ['main-*-*', 'main-ab-12-3', ['main-ab-12-3', 'ab', '12-3']],
  ['a*b*c', 'abxbc', ['abxbc', '', 'xb']],
  ['a*a', 'a', undefined],
  ['a*bb*b', 'abb', undefined],
  ['v?.?', 'v1.2', ['v1.2']],
  ['v?.?', 'v1.23', undefined],
  ['*-?b*', '1-2-xb3', ['1-2-xb3', '1-2', '3']],
  ['1.*', '1x2', undefined],
  ['[a]', 'a', undefined],
])('%s on %o: %o', (text, tag, groups) => {
  expect(compileGlob(text, 'pattern').match(tag)).toEqual(groups);
});

test('a question mark is a plain character where only stars are known', () => {
  expect(compileGlob('a?', 'pattern', '*').match('ab')).toBeUndefined();
  expect(compileGlob('a?', 'pattern', '*').match('a?')).toEqual(['a?']);
});

test.each(['', 'a'.repeat(257)])('refuses %o', (text) => {
  expect(() => compileGlob(text, 'pattern')).toThrow(expect.objectContaining({ code: 'POLICY_INVALID' }));
});

test('agrees with a regular expression', () => {
  const text = fc.stringMatching(/^[ab*?]{1,6}$/);
  fc.assert(
    fc.property(text, fc.stringMatching(/^[ab]{0,8}$/), (glob, tag) => {
      const pattern = new RegExp(`^${glob.replaceAll('*', '.*').replaceAll('?', '.')}$`);

      expect(compileGlob(glob, 'pattern').match(tag) !== undefined).toBe(pattern.test(tag));
    }),
    { numRuns: 2_000 },
  );
});

test('the groups put in place of the stars give the tag', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[ab*]{1,6}$/), fc.stringMatching(/^[ab]{0,8}$/), (glob, tag) => {
      const groups = compileGlob(glob, 'pattern').match(tag);
      fc.pre(groups !== undefined);

      const parts = glob.split('*');
      expect(parts.map((part, at) => part + (groups?.[at + 1] ?? '')).join('')).toBe(tag);
    }),
  );
});
