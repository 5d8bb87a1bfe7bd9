import { describe, expect, test } from 'vitest';
import { compileExtract, compilePattern } from './pattern.ts';

describe('compilePattern', () => {
  test.each([
    ['^ver', 'ver1', ['ver']],
    ['ver(\\d+)', 'xver12', ['ver12', '12']],
    ['^(a)|(b)$', 'b', ['b', '', 'b']],
    [
      '^(?P<tag>123-[0-9]+\\.[0-9]+\\.[a-z0-9]+$)',
      '123-123.123.abcd123',
      ['123-123.123.abcd123', '123-123.123.abcd123'],
    ],
    ['', 'any', ['']],
    ['^ver', 'rel1', undefined],
  ])('%s in %s: %o', (text, subject, groups) => {
    const pattern = compilePattern(text, 'pattern');

    expect(pattern.groupsIn(subject)).toEqual(groups);
    expect(pattern.isIn(subject)).toBe(groups !== undefined);
  });

  test.each([
    ['(?=a)', 'pattern: "(?=a)" is not a pattern: '],
    ['(a)\\1', 'pattern: "(a)\\1" is not a pattern: '],
    ['(', 'pattern: "(" is not a pattern: '],
    ['a{1001}', 'pattern: "a{1001}" is not a pattern: '],
    ['((a{31}){32}b){1,9}', 'is not a pattern'],
    [`${'(abcdefghij){99}'.repeat(9)}`, 'becomes too large when its repetitions are written out'],
    ['a'.repeat(513), 'pattern: a pattern of 513 characters is too long; 512 is the most'],
  ])('refuses %s', (text, message) => {
    expect(() => compilePattern(text, 'pattern')).toThrow(
      expect.objectContaining({ code: 'POLICY_INVALID', retry: 'never', message: expect.stringContaining(message) }),
    );
  });

  test.each(['^(a+)+$', '(a*)*b', '(a|aa)+$', '^(([a-z])+.)+[A-Z]([a-z])+$', '(.*)(.*)(.*)(.*)(.*)x'])(
    '%s takes no time on 30,000 characters',
    (text) => {
      const pattern = compilePattern(text, 'pattern');
      const subject = `${'a'.repeat(30_000)}!`;
      const start = performance.now();

      pattern.isIn(subject);
      pattern.groupsIn(subject);

      // JavaScript's own engine would need longer than the universe is old.
      expect(performance.now() - start).toBeLessThan(2_000);
    },
  );
});

describe('compileExtract', () => {
  const pattern = compilePattern('^(?P<v>[0-9]+)-(.*)$', 'pattern');

  test.each([
    ['$1', '12'],
    ['$v', '12'],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the syntax of Go's templates.
    ['${v}x', '12x'],
    ['$2.$v', 'ab.12'],
    ['$0', '12-ab'],
    ['$$1', '$1'],
    ['a$', 'a$'],
    ['$-', '$-'],
    ['', ''],
  ])('%s of 12-ab is %s', (template, text) => {
    const groups = pattern.groupsIn('12-ab') ?? [];

    expect(compileExtract(template, pattern, 'extract')(groups)).toBe(text);
  });

  test.each(['$3', '$name', '$1x', '$01', '$constructor'])('refuses %s, which names no group', (template) => {
    expect(() => compileExtract(template, pattern, 'extract')).toThrow(
      `extract: "${template.slice(1)}" is no group of the pattern; use the number or name of one, for example $1`,
    );
  });
});
