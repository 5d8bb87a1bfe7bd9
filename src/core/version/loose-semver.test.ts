import { expect, test } from 'vitest';
import { compareLooseSemver, parseLooseSemver } from './loose-semver.ts';

test.each(['', 'latest', 'aa1.0.0', 'zzz', '1.0.0.1', '1.0.0p', '1.0_1', 'v', '1.', '1.0.0-', '1.0.0-a..b'])(
  '%o is no version',
  (text) => {
    expect(parseLooseSemver(text)).toBeUndefined();
  },
);

test.each([
  ['1', [1, 0, 0], ''],
  ['v1.4', [1, 4, 0], ''],
  ['2024.01.05', [2024, 1, 5], ''],
  ['7.9.1-1-ubi8', [7, 9, 1], '1-ubi8'],
  ['1.2.3-rc.1.2+meta', [1, 2, 3], 'rc.1.2'],
])('reads %s as %o and %o', (text, [major, minor, patch], prerelease) => {
  expect(parseLooseSemver(text)).toMatchObject({ major, minor, patch, prerelease });
});

test('sorts as Keel does (semverSort), and counts at the end of words by their value', () => {
  // The first eight are the row of keel trigger/poll/multi_tags_watcher_test.go.
  const newestFirst = [
    '2.0.0-alpha',
    '1.8.0-alpha',
    '1.5.0',
    '1.3.1-dev',
    '1.3.0',
    '1.3.0-dev1',
    '1.3.0-dev',
    '1.2.3-rc.1.2+meta',
    '1.2.3-rc.1.1',
    '1.0.0-ls10',
    '1.0.0-ls9',
    '1.0.0-1-ubi8',
    '1.0.0-10',
    '1.0.0-9',
  ];

  const sorted = newestFirst.toReversed().sort((left, right) => {
    const [one, other] = [parseLooseSemver(left), parseLooseSemver(right)];
    return one && other ? compareLooseSemver(other, one) : 0;
  });

  expect(sorted).toEqual(newestFirst);
});
