import fc from 'fast-check';
import * as npm from 'semver';
import { describe, expect, test } from 'vitest';
import { compareSemver, parseSemver, type Semver } from './semver.ts';

const number = fc.integer({ min: 0, max: 12 });
const identifier = fc.oneof(number, fc.constantFrom('alpha', 'beta', 'rc', 'rc1', 'RC', '-', '0a'));
const version: fc.Arbitrary<Semver> = fc.record({
  major: number,
  minor: number,
  patch: number,
  prerelease: fc.oneof({ weight: 2, arbitrary: fc.constant([]) }, fc.array(identifier, { minLength: 1, maxLength: 3 })),
});

describe('parseSemver', () => {
  test.each([
    ['1.2.3', 1, 2, 3, []],
    ['v1.2.3', 1, 2, 3, []],
    ['1', 1, 0, 0, []],
    ['v1.4', 1, 4, 0, []],
    ['1.2.3-rc.1', 1, 2, 3, ['rc', 1]],
    ['1.2.3-rc.1+build.5', 1, 2, 3, ['rc', 1]],
    ['1.2.3+build', 1, 2, 3, []],
    ['1.2.3--', 1, 2, 3, ['-']],
    ['999999999999999.0.0', 999_999_999_999_999, 0, 0, []],
  ] as const)('%s', (text, ...[major, minor, patch, prerelease]) => {
    expect(parseSemver(text)).toEqual({ major, minor, patch, prerelease });
  });

  test.each([
    '',
    'v',
    'latest',
    'b1.2.3',
    '1.0.0.1',
    '1.0.0p',
    '01.2.3',
    '1.02.3',
    '1.2.3-',
    '1.2.3-01',
    '1.2.3-a..b',
    '1.2.3 ',
    ' 1.2.3',
    '1..3',
    '-1',
    '1e3',
    '1000000000000000.0.0',
    `1.2.3-${'a'.repeat(300)}`,
  ])('%j is none', (text) => {
    expect(parseSemver(text)).toBeUndefined();
  });
});

describe('compareSemver', () => {
  test('orders the example of semver 11.4', () => {
    const inOrder = [
      '1.0.0-alpha',
      '1.0.0-alpha.1',
      '1.0.0-alpha.beta',
      '1.0.0-beta',
      '1.0.0-beta.2',
      '1.0.0-beta.11',
      '1.0.0-rc.1',
      '1.0.0',
    ];
    const shuffled = [...inOrder].reverse().map((text) => ({ text, version: parse(text) }));

    shuffled.sort((left, right) => compareSemver(left.version, right.version));

    expect(shuffled.map(({ text }) => text)).toEqual(inOrder);
  });

  test('does not see build metadata', () => {
    expect(compareSemver(parse('1.0.0+a'), parse('1.0.0+b'))).toBe(0);
  });

  test('agrees with npm, and so is antisymmetric', () => {
    fc.assert(
      fc.property(version, version, (left, right) => {
        const order = Math.sign(compareSemver(left, right));

        expect(order).toBe(npm.compare(format(left), format(right)));
        expect(Math.sign(compareSemver(right, left))).toBe(order === 0 ? 0 : -order);
      }),
      { numRuns: 2_000 },
    );
  });

  test('is transitive', () => {
    fc.assert(
      fc.property(version, version, version, (first, second, third) => {
        const [low, middle, high] = [first, second, third].sort(compareSemver);
        if (low !== undefined && middle !== undefined && high !== undefined) {
          expect(compareSemver(low, middle)).toBeLessThanOrEqual(0);
          expect(compareSemver(middle, high)).toBeLessThanOrEqual(0);
          expect(compareSemver(low, high)).toBeLessThanOrEqual(0);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  test('reads back what it printed', () => {
    fc.assert(
      fc.property(version, (one) => {
        expect(parseSemver(format(one))).toEqual(one);
      }),
    );
  });
});

function parse(text: string): Semver {
  const version = parseSemver(text);
  if (version === undefined) {
    throw new Error(`${text} is no version`);
  }
  return version;
}

function format({ major, minor, patch, prerelease }: Semver): string {
  return `${major}.${minor}.${patch}${prerelease.length > 0 ? `-${prerelease.join('.')}` : ''}`;
}
