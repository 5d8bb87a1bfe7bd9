/** The policies that are Headgate's own; semver and digest are in rank-tags.test.ts, Keel's and Flux's in files of their own. */
import { describe, expect, test } from 'vitest';
import { rankTags, tagComparer } from './rank-tags.ts';
import { parseImagePolicy, type WrittenImagePolicy } from './written-policy.ts';

type Row = [policy: WrittenImagePolicy, current: string | undefined, tags: string, expected: string];

const range = { semver: { range: '*' } };

describe.each<[string, Row[]]>([
  [
    'step',
    [
      [{ step: 'patch' }, '1.2.3', '1.2.4 1.3.0 2.0.0 1.2.2', '1.2.4'],
      [{ step: 'minor' }, '1.2.3', '1.2.4 1.3.0 2.0.0', '1.3.0 1.2.4'],
      [{ step: 'major' }, '1.2.3', '1.2.4 1.3.0 2.0.0 3.0.0-rc.1', '2.0.0 1.3.0 1.2.4'],
      [{ step: 'all' }, '1.2.3', '2.0.0 3.0.0-rc.1', '3.0.0-rc.1 2.0.0'],
      [{ step: 'patch', preReleases: true }, '1.2.3', '1.2.4-rc.1 1.3.0-rc.1', '1.2.4-rc.1'],
      [{ step: 'patch' }, '1.2.3-rc.1', '1.2.3 1.2.3-rc.2', '1.2.3'],
      [{ step: 'minor' }, '1.2.3-alpine', '1.3.0 1.3.0-alpine', '1.3.0-alpine'],
      [{ step: 'minor' }, 'v0.1.0-ls1', 'v0.2.0-ls9 v0.2.0-ls10 v0.2.0', 'v0.2.0-ls10 v0.2.0-ls9'],
      [{ step: 'patch' }, '1.2', '1.2.4 1.3', '1.2.4'],
      [{ step: 'patch' }, undefined, '1.2.4 3.0.0 4.0.0-rc.1', '3.0.0 1.2.4'],
      [{ step: 'patch' }, 'latest', '1.2.4 3.0.0', '3.0.0 1.2.4'],
      [{ step: 'patch' }, 'latest-alpine', '3.0.0 2.0.0-alpine', '2.0.0-alpine'],
    ],
  ],
  [
    'calver',
    [
      [{ calver: {} }, '2024.01', '2024.02 2023.12 24.10 latest 1.2.3', '24.10 2024.02'],
      [{ calver: {} }, undefined, '20240131 20240201 3f2a9c1', '20240201 20240131'],
      [{ calver: {} }, '2024.1', '2024.2-rc1 2024.2-alpine', ''],
      [{ calver: {}, preReleases: true }, '2024.1', '2024.2-rc1 2024.2-alpine', '2024.2-rc1'],
      [{ calver: {} }, '2024.1-alpine', '2024.2 2024.2-alpine', '2024.2-alpine'],
      [{ calver: { format: 'YY.0M[.MICRO]' } }, '24.04', '24.04.1 24.4.2 2024.10', '24.04.1'],
      [{ calver: {} }, 'latest', '2024.1', '2024.1'],
    ],
  ],
  [
    'numeric',
    [
      [{ numeric: {} }, '9', '10 8 abc 9.5', '10 9.5'],
      [{ numeric: { order: 'desc' } }, '9', '10 8 7', '7 8'],
      [{ numeric: {} }, undefined, '9007199254740992 9007199254740993', '9007199254740993 9007199254740992'],
      [{ numeric: {}, filterTags: { pattern: '^b(\\d+)', extract: '$1' } }, 'b9-x', 'b10-a b8-z 11', 'b10-a'],
    ],
  ],
  [
    'alphabetical',
    [
      [{ alphabetical: {} }, 'b', 'a b c d', 'd c'],
      [{ alphabetical: { order: 'desc' } }, 'b', 'a b c', 'a'],
      [{ alphabetical: {}, exclude: ['^2024-02'] }, '2024-02', '2024-01 2024-02', ''],
    ],
  ],
  [
    'regexp',
    [
      [{ regexp: { pattern: '^build-' } }, 'build-9', 'build-10 build-8 test-11', 'build-10'],
      [{ regexp: { pattern: '-(?P<compare>\\d+)$' } }, 'z-9', 'a-10 b-8', 'a-10'],
      [{ regexp: { pattern: '^(\\w+)-(\\d+)$', extract: '$2' } }, 'z-9', 'a-10 b-8', 'a-10'],
      [{ regexp: { pattern: 'b\\d+' } }, undefined, 'a-b10 z-b9', 'z-b9 a-b10'],
      [{ regexp: { pattern: '^build-' } }, 'latest', 'build-8', 'build-8'],
    ],
  ],
  [
    'glob',
    [
      [{ glob: { pattern: 'main-*' } }, 'main-9', 'main-10 main-8 dev-11', 'main-10'],
      [{ glob: { pattern: 'main-*-*', extract: '$2' } }, 'main-zz-9', 'main-aa-10 main-bb-8', 'main-aa-10'],
      [{ glob: { pattern: 'v?' } }, undefined, 'v1 v22 v3', 'v3 v1'],
    ],
  ],
  [
    'pinned',
    [
      [{ pinned: {} }, '1.2.3', '1.2.3 1.2.4', ''],
      [{ pinned: {} }, undefined, '1.2.3', ''],
      [{ pinned: { tag: '1.2.4' } }, '1.2.3', '1.2.3 1.2.5', '1.2.4'],
      [{ pinned: { tag: '1.2.4' } }, '1.2.4', '1.2.4 1.2.5', ''],
      [{ pinned: { tag: '1.2.2' } }, '1.2.3', '1.2.2', ''],
      [{ pinned: { tag: 'stable' } }, '1.2.3', 'stable', 'stable'],
    ],
  ],
  [
    'filters',
    [
      [{ ...range, include: ['^v', '^r'] }, undefined, 'v1.0.0 1.1.0', 'v1.0.0'],
      [{ ...range, exclude: ['^v1', '2\\.'] }, undefined, 'v1.0.0 v2.0.0 v3.0.0 4.2.0', 'v3.0.0'],
      [{ ...range, filterTags: { pattern: '^(.*)-ubi$', extract: '$1' } }, '1.0.0-ubi', '1.1.0-ubi 1.2.0', '1.1.0-ubi'],
      // What runs is compared although the filter leaves it out.
      [{ ...range, exclude: ['^2'] }, '2.0.0', '1.9.0 2.0.0 3.0.0', '3.0.0'],
      [{ ...range, filterTags: { pattern: '^v(.*)$', extract: '$1' } }, '2.0.0', 'v1.9.0 v2.1.0', 'v2.1.0'],
    ],
  ],
  [
    'upgrade path',
    [
      [{ ...range, deadEnds: ['1.3.0'] }, '1.2.3', '1.3.0 v1.3.0 1.2.4', '1.2.4'],
      [{ ...range, deadEnds: ['1.3.0'] }, '1.2.3-alpine', '1.3.0-alpine 1.2.4-alpine', '1.2.4-alpine'],
      [{ ...range, barriers: ['2.0.0'] }, '1.2.3', '1.3.0 2.0.0 2.1.0', '2.0.0 1.3.0'],
      [{ ...range, barriers: ['3.0.0', '2.0.0'] }, '2.0.0', '2.5.0 3.0.0 3.1.0', '3.0.0 2.5.0'],
      [{ ...range, barriers: ['2.0.0'] }, '2.0.0', '2.5.0 3.0.0', '3.0.0 2.5.0'],
      // The barrier is gone from the registry: nothing goes round it.
      [{ ...range, barriers: ['2.0.0'] }, '1.2.3', '2.5.0', ''],
      [{ ...range, barriers: ['2.0.0'] }, undefined, '2.5.0', '2.5.0'],
      [{ ...range, oneMajorAtATime: true }, '1.2.3', '1.3.0 2.0.0 2.1.0 3.0.0', '2.1.0 2.0.0 1.3.0'],
      [{ ...range, oneMajorAtATime: true }, '1.2.3', '3.0.0 3.1.0 4.0.0', '3.1.0 3.0.0'],
      [{ semver: { range: '1.x || 3.x' }, oneMajorAtATime: true }, '1.2.3', '1.3.0 2.0.0 3.0.0', '1.3.0'],
      [{ ...range, oneMajorAtATime: true }, '1.2.3', '2.0.0-alpine 2.0.0-rc.1 3.0.0', '3.0.0'],
      [{ step: 'major', oneMajorAtATime: true }, '16', '17 18', '17'],
      [{ calver: {}, barriers: ['2024.06'] }, '2024.01', '2024.02 2024.06 2024.07', '2024.06 2024.02'],
    ],
  ],
])('%s', (_, rows) => {
  test.each(rows)('%o from %s over [%s] -> [%s]', (written, current, tags, expected) => {
    const ranking = rankTags(parseImagePolicy(written, 'policy'), { tags: split(tags), current });

    expect(ranking.candidates.map(({ tag }) => tag)).toEqual(split(expected));
  });
});

test.each<[WrittenImagePolicy, string | undefined, string, string]>([
  [{ step: 'minor' }, '1.2.3', '2.0.0', 'BeyondStep: is a major step from 1.2.3, and minor is the most'],
  [{ step: 'minor' }, '1.2.3', '1.3.0-rc.1', 'PreRelease: is a pre-release, and preReleases is not set'],
  [{ calver: {} }, '2024.1', 'main', 'NotAVersion: is no date'],
  [{ calver: { format: 'YYYY.0M' } }, undefined, '2024.1', 'NotAVersion: is not of the form YYYY.0M'],
  [{ calver: {} }, '2024.1', '2024.2-alpine', 'OtherVariant: is of another variant than the plain build'],
  [{ numeric: {} }, '9', 'abc', 'NotANumber: is no number'],
  [{ glob: { pattern: 'v*' } }, undefined, 'a', 'FilteredOut: does not match v*'],
  [{ regexp: { pattern: '^v' } }, 'v2', 'v1', 'OlderThanCurrent: is older than v2'],
  [{ pinned: { tag: '1.0' } }, '1.1', '1.0', 'OlderThanCurrent: is older than 1.1, use headgate rollback'],
  [{ pinned: {} }, '1.1', '1.2', 'OtherTag: is not 1.1, which is pinned'],
  [{ ...range, include: ['^v', '^r'] }, undefined, '1.0.0', 'FilteredOut: matches none of ^v, ^r'],
  [{ ...range, exclude: ['^1'] }, undefined, '1.0.0', 'FilteredOut: matches ^1, which is excluded'],
  [{ ...range, filterTags: { pattern: '^v' } }, undefined, '1.0.0', 'FilteredOut: does not match ^v'],
  [{ ...range, deadEnds: ['1.0'] }, undefined, '1.0.0', 'DeadEnd: is a dead end, which the policy never takes'],
  [{ ...range, barriers: ['1.5'] }, '1.0', '1.6', 'BehindBarrier: is behind the barrier 1.5, which must run first'],
])('%o from %s rejects %s: %s', (written, current, tag, reason) => {
  const { rejected } = rankTags(parseImagePolicy(written, 'policy'), { tags: [tag], current });

  expect(rejected.map((one) => `${one.reason}: ${one.message}`)).toEqual([reason]);
});

test('says which major version comes first', () => {
  const policy = parseImagePolicy({ ...range, oneMajorAtATime: true }, 'policy');

  expect(rankTags(policy, { tags: ['2.0.0', '3.0.0'], current: '1.0.0' }).rejected).toEqual([
    { tag: '3.0.0', reason: 'MajorAhead', message: 'is more than one major version ahead of 1.0.0; 2 comes first' },
  ]);
});

test.each(['main', '3f2a9c1', 'stable'])('step refuses to start from %s', (current) => {
  expect(() => rankTags({ kind: 'step', step: 'minor' }, { tags: [], current })).toThrow(
    expect.objectContaining({
      code: 'POLICY_INVALID',
      message: expect.stringContaining(`step minor: the current tag "${current}" is no version to step from`),
    }),
  );
});

describe('tagComparer', () => {
  test.each<[WrittenImagePolicy, string, string, number]>([
    [range, '1.2.0', '1.1.0', 1],
    [range, '1.1.0', 'latest', 1],
    [range, 'latest', '1.1.0', -1],
    [range, 'latest', 'main', 0],
    [{ ...range, exclude: ['2'] }, '2.0.0', '1.0.0', 1],
    [{ numeric: {} }, '10', '9', 1],
    [{ numeric: { order: 'desc' } }, '10', '9', -1],
    [{ calver: {} }, '2024.10', '2024.9', 1],
    [{ glob: { pattern: 'b*' } }, 'b10', 'b9', 1],
    [{ digest: { tag: 'a' } }, 'b', 'a', 0],
    [{ pinned: {} }, '2.0', '1.0', 0],
    [{ keel: { policy: 'force' } }, '2.0', '1.0', 1],
    [{ keel: { policy: 'force' } }, 'main', '1.0', 0],
  ])('%o: %s against %s is %s', (written, left, right, sign) => {
    expect(Math.sign(tagComparer(parseImagePolicy(written, 'policy'))(left, right))).toBe(sign);
  });
});

function split(text: string): string[] {
  return text.split(' ').filter((one) => one !== '');
}
