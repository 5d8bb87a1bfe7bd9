import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareTagVersions, parseTagVersion } from '../version/tag-version.ts';
import { rankTags } from './rank-tags.ts';

describe('semver', () => {
  test.each([
    // Flux image-reflector-controller, semver_test.go.
    ['1.0.x', undefined, '1.0.0 1.0.0.1 1.0.0p 1.0.1 1.2.0 0.1.0', '1.0.1 1.0.0'],
    ['1.0.x', undefined, 'v1.2.3 v1.0.0 v0.1.0', 'v1.0.0'],
    ['1.0.x', undefined, 'b1.2.3 b1.0.0', ''],
    ['1.0.x', undefined, '', ''],
    ['1.0.x', undefined, '1.2.0', ''],
    ['~1', undefined, 'v1 1.2 1.2.3 2.0.0', '1.2.3 1.2'],
    ['*', undefined, '1 1.0 v1.0.3 2.0.1-alpha.1', 'v1.0.3 1.0'],
    // Keel, semver_test.go and multi_tags_watcher_test.go.
    ['*', '1.4.5', '1.4.3', ''],
    ['*', '1.4.5', '1.4.6', '1.4.6'],
    ['*', '1.4', '1.5', '1.5'],
    ['~1.4', '1.4', '1.4.6 1.5', '1.4.6'],
    ['^1', '1.4.5', '2.0.0', ''],
    ['*', '1.4.5', '3050', ''],
    ['*', '1.4.5-xx', '1.4.6-yy', ''],
    ['^1-0', '1.2.0-dev', '1.3.0-dev 1.5.0 1.4.0-dev', '1.5.0 1.4.0-dev 1.3.0-dev'],
    ['^0', 'v0.1.0-ls1', 'v0.2.0-ls3 v0.2.0-ls2 v0.1.0-ls2 v1.0.0-ls1', 'v0.2.0-ls3 v0.2.0-ls2 v0.1.0-ls2'],
    ['*', '7.9.1-1-ubi8', '3.0.0-1-ubi8 8.0.0-1-ubi8 8.1.0 8.0.0-1-ubi9', '8.0.0-1-ubi8'],
    // Never down, never over to another build.
    ['1.x', '3.0.0', '1.0.0 1.9.9', ''],
    ['^1', '1.2.3', '1.2.3 1.2.3-alpine 1.3.0-alpine', ''],
    ['^1', '1.2.3-alpine', '1.3.0 1.3.0-alpine 1.4.0-slim', '1.3.0-alpine'],
    ['^1', '1.2.3', '1.3.0-rc.1', ''],
    ['^1', '1.3.0-rc.1', '1.3.0 1.2.9', '1.3.0'],
    ['^1-0', '1.3.0-rc.9', '1.3.0-rc.10 1.3.0-rc.8', '1.3.0-rc.10'],
    // A current tag that is no version is older than all; its variant counts.
    ['^1', 'latest', '1.0.0 1.1.0 1.1.0-alpine', '1.1.0 1.0.0'],
    ['^1', 'latest-alpine', '1.0.0 1.1.0 1.1.0-alpine', '1.1.0-alpine'],
    // One number alone only beside another such.
    ['>=15', '15', '16 17 17.2 20240101', '17.2 17 16'],
    ['>=15', '15.1', '16 17 16.1', '16.1'],
    // The most exact name first, then the spelling that runs.
    ['^1', '1.2.3', '1.3 1.3.0', '1.3.0 1.3'],
    ['^1', 'v1.2.3', '1.3.0 v1.3.0', 'v1.3.0 1.3.0'],
    ['^1', '1.2.3', 'v1.3.0 1.3.0', '1.3.0 v1.3.0'],
  ])('%s from %s over [%s] -> [%s]', (range, current, tags, expected) => {
    const ranking = rankTags({ kind: 'semver', range }, { tags: split(tags), current });

    expect(ranking.candidates.map(({ tag }) => tag)).toEqual(split(expected));
  });

  test('says why it does not take a tag', () => {
    const tags = ['2.0.0', '1.2.3', '1.2.2', 'v1.2.3', '1.3.0-rc.1', '1.3.0-alpine', 'latest', '1', '1.3.0'];

    const ranking = rankTags({ kind: 'semver', range: '^1' }, { tags, current: '1.2.3' });

    expect(ranking.rejected).toEqual([
      { tag: '2.0.0', reason: 'OutsideRange', message: 'is outside ^1' },
      { tag: '1.2.2', reason: 'OlderThanCurrent', message: 'is older than 1.2.3' },
      { tag: 'v1.2.3', reason: 'SameAsCurrent', message: 'is the same version as 1.2.3' },
      { tag: '1.3.0-rc.1', reason: 'PreRelease', message: 'is a pre-release, and ^1 names none' },
      { tag: '1.3.0-alpine', reason: 'OtherVariant', message: 'is of variant -alpine, not of the plain build' },
      { tag: 'latest', reason: 'NotAVersion', message: 'is not a version' },
      {
        tag: '1',
        reason: 'NotAVersion',
        message: 'is a single number, which is a version only where the current tag is one too',
      },
    ]);
    expect(ranking.candidates).toEqual([{ tag: '1.3.0' }]);
  });

  test('refuses a range that no parser takes', () => {
    expect(() => rankTags({ kind: 'semver', range: '1x' }, { tags: ['1.0.0'] })).toThrow(
      expect.objectContaining({ code: 'POLICY_INVALID' }),
    );
  });

  const tag = fc.oneof(
    fc
      .tuple(
        fc.constantFrom('', 'v'),
        fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 3 }),
        fc.constantFrom('', '', '', '-alpine', '-rc.1', '-rc.2', '-r1', '-r2', '-1'),
      )
      .map(([prefix, numbers, suffix]) => `${prefix}${numbers.join('.')}${suffix}`),
    fc.constantFrom('latest', '20240101', 'main-3f2a9c1'),
  );
  const range = fc.constantFrom('*', '*-0', '^1', '^1-0', '~1.2', '>0 <3', '1.x || 3.x');

  test('gives every other tag one place, candidates newest first and none older than the current tag', () => {
    fc.assert(
      fc.property(fc.uniqueArray(tag, { maxLength: 30 }), tag, range, (tags, current, rangeText) => {
        const { candidates, rejected } = rankTags({ kind: 'semver', range: rangeText }, { tags, current });

        const places = [...candidates, ...rejected].map((one) => one.tag).sort();
        expect(places).toEqual(tags.filter((one) => one !== current).sort());
        const chain = [parseTagVersion(current), ...candidates.map((one) => parseTagVersion(one.tag)).reverse()];
        const versions = chain.filter((version) => version !== undefined);
        for (const [index, version] of versions.slice(1).entries()) {
          const before = versions[index];
          expect(before && compareTagVersions(before, version)).toBeLessThanOrEqual(0);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  test('does not depend on the order of the tags', () => {
    const shuffled = fc
      .uniqueArray(tag, { maxLength: 30 })
      .chain((tags) => fc.tuple(fc.constant(tags), fc.shuffledSubarray(tags, { minLength: tags.length })));
    fc.assert(
      fc.property(shuffled, fc.option(tag, { nil: undefined }), range, ([tags, others], current, rangeText) => {
        const policy = { kind: 'semver', range: rangeText } as const;

        expect(rankTags(policy, { tags: others, current }).candidates).toEqual(
          rankTags(policy, { tags, current }).candidates,
        );
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('digest', () => {
  test.each([
    ['latest', 'latest', 'latest 1.0.0'],
    ['latest', '1.0.0', '1.0.0 latest'],
    ['latest', undefined, ''],
  ])('follows %s from %s over [%s]', (tag, current, tags) => {
    expect(rankTags({ kind: 'digest', tag }, { tags: split(tags), current }).candidates).toEqual([{ tag: 'latest' }]);
  });

  test('says that other tags are not followed', () => {
    expect(rankTags({ kind: 'digest', tag: 'edge' }, { tags: ['edge', '1.0.0'] }).rejected).toEqual([
      { tag: '1.0.0', reason: 'OtherTag', message: 'only edge is followed' },
    ]);
  });
});

function split(text: string): string[] {
  return text.split(' ').filter((one) => one !== '');
}
