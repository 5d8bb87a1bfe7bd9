import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareTagVersions, parseTagVersion, type TagVersion, variantOfMovingTag } from './tag-version.ts';

describe('parseTagVersion', () => {
  test.each([
    ['1.2.3', [], '', []],
    ['v1.2.3', [], '', []],
    ['1.2.3-alpine', [], 'alpine', []],
    ['1.2.3-alpine3.20', [], 'alpine3.20', []],
    ['1.2.3-jdk21-slim', [], 'jdk21-slim', []],
    ['1.2.3-rc.1', ['rc', 1], '', []],
    ['1.2.3-rc1', ['rc', 1], '', []],
    ['1.2.3-RC1', ['rc', 1], '', []],
    ['1.2.3-rc-1', ['rc', 1], '', []],
    ['1.2.3-beta.1-alpine', ['beta', 1], 'alpine', []],
    ['1.2.3-b2', ['b', 2], '', []],
    ['1.2.3-dev', ['dev'], '', []],
    ['1.2.3-develop', ['develop'], '', []],
    ['1.2.3-next.4', ['next', 4], '', []],
    ['1.2.3-bookworm', [], 'bookworm', []],
    ['1.2.3-ls30', [], 'ls#', [30]],
    ['7.9.1-1-ubi8', [], '#-ubi8', [1]],
    ['1.2.3-debian-12-r5', [], 'debian-12-r#', [5]],
    ['1.2.3-debian-12', [], 'debian-12', []],
  ] as const)('%s', (tag, prerelease, variant, counters) => {
    expect(parseTagVersion(tag)).toMatchObject({ semver: { prerelease }, variant, counters });
  });

  test.each([
    ['16', 1],
    ['16-alpine', 1],
    ['16.4', 2],
    ['v16.4.1', 3],
  ])('%s is written with %i numbers', (tag, precision) => {
    expect(parseTagVersion(tag)?.precision).toBe(precision);
  });

  test.each([
    'latest',
    'latest-alpine',
    '1.0.0.1',
    '1.0.0p',
    'b1.2.3',
    'r5',
    '20240101',
    '3050000',
    '3f2a9c1',
    'sha256-abc.sig',
    '2024.01.05',
    '1.2.3_amd64',
    '1.2.3+build',
    'V1.2.3',
    '',
    '-',
    '1.',
  ])('%j is no version', (tag) => {
    expect(parseTagVersion(tag)).toBeUndefined();
  });
});

test.each([
  ['latest', ''],
  ['latest-alpine', 'alpine'],
  ['stable-ls30', 'ls#'],
  ['main-3f2a9c1', ''],
])('%s is of variant %j', (tag, variant) => {
  expect(variantOfMovingTag(tag)).toBe(variant);
});

describe('compareTagVersions', () => {
  test.each([
    ['1.2.3', '1.2.4'],
    ['1.9', '1.10'],
    ['1.2.3-rc9', '1.2.3-rc10'],
    ['1.2.3-rc.1', '1.2.3'],
    ['1.2.3-ls9', '1.2.3-ls30'],
    ['1.2.3-ls30', '1.2.4-ls1'],
    ['1.2.3-debian-12-r9', '1.2.3-debian-12-r10'],
  ])('%s is before %s', (older, newer) => {
    expect(compareTagVersions(parse(older), parse(newer))).toBeLessThan(0);
    expect(compareTagVersions(parse(newer), parse(older))).toBeGreaterThan(0);
  });

  test.each([
    ['1.2', 'v1.2.0'],
    ['1.2.3-rc1', '1.2.3-rc.1'],
  ])('%s is %s', (left, right) => {
    expect(compareTagVersions(parse(left), parse(right))).toBe(0);
  });

  const suffix = fc.constantFrom(
    '',
    '-alpine',
    '-rc1',
    '-rc.2',
    '-rc2-alpine',
    '-1',
    '-2',
    '-r1',
    '-ls2',
    '-1-r2',
    '-dev',
    '-beta.x',
  );
  const numbers = fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 1, maxLength: 3 });
  const tagVersion = fc
    .tuple(fc.constantFrom('', 'v'), numbers, suffix)
    .map(([prefix, parts, end]) => parse(`${prefix}${parts.join('.')}${end}`));

  test('is antisymmetric and transitive', () => {
    fc.assert(
      fc.property(tagVersion, tagVersion, tagVersion, (first, second, third) => {
        expect(Math.sign(compareTagVersions(first, second))).toBe(Math.sign(-compareTagVersions(second, first)) + 0);
        if (compareTagVersions(first, second) <= 0 && compareTagVersions(second, third) <= 0) {
          expect(compareTagVersions(first, third)).toBeLessThanOrEqual(0);
        }
      }),
      { numRuns: 5_000 },
    );
  });
});

function parse(tag: string): TagVersion {
  const version = parseTagVersion(tag);
  if (version === undefined) {
    throw new Error(`${tag} is no version`);
  }
  return version;
}
