/** Rows of Keel's own tests: internal/policy and trigger/poll/multi_tags_watcher_test.go. */
import { describe, expect, test } from 'vitest';
import type { KeelPolicy } from './policy.ts';
import { rankTags } from './rank-tags.ts';
import { parseImagePolicy } from './written-policy.ts';

describe('versions', () => {
  // semver_test.go: policy, current, new, is an update.
  test.each<[string, string, string, boolean]>([
    ['all', '1.4.5', '1.4.3', false],
    ['all', '1.4.5', '1.4.6', true],
    ['all', '1.4.5', '1.4.5', false],
    ['all', '1.4', '1.5', true],
    ['all', '1.4.5-xx', '1.4.5-yy', true],
    ['all', '1.4.5', '3050', false],
    ['major', '1.4.5', '1.5.5', true],
    ['major', '1.4.5', '2.4.5', true],
    ['patch', '1.4.5', '1.4.6', true],
    ['patch', '1.4.5', '1.4.4', false],
    ['patch', '1.4.5', '2.4.6', false],
    ['patch', '1.4.5', '1.4.5', false],
    ['patch', '1.4', '1.4.6', true],
    ['patch', '1.4', '1.5', false],
    ['minor', '1.4.5', '1.5.5', true],
    ['minor', '1.4.5', '1.4.6', true],
    ['minor', '1.4.5', '2.0.0', false],
    ['minor', '1.4.5', '1.4.5-xx', false],
    ['minor', 'v1.0.0', 'v1.0.1-metadata', false],
    ['minor', 'v1.0.0-metadata', 'v1.0.1-metadata', true],
    ['minor', '1.4.5-xx', '1.4.6-xx', true],
    ['minor', '1.4.5-xx', '1.4.6-yy', false],
    ['patch --match-pre-release=false', '1.4.5-xx', '1.4.5-yy', true],
  ])('%s: %s -> %s is %s', (policy, current, tag, isUpdate) => {
    expect(choose(policy, tag, current)).toBe(isUpdate ? tag : undefined);
  });

  // multi_tags_watcher_test.go: policy, current, all tags, the chosen one.
  const mixed = '1.3.0-dev 1.5.0 1.8.0-alpha';
  const free = '--match-pre-release=false';
  test.each<[string, string, string, string | undefined]>([
    [`major ${free}`, '1.3', '1.3 2.5 2.7 3.8', '3.8'],
    [`major ${free}`, '2.5', '1.3 2.5 2.7 3.8', '3.8'],
    [`minor ${free}`, '2.5', '1.3 2.5 2.7 3.8', '2.7'],
    ['major', '1.1.0', mixed, '1.5.0'],
    ['major', '1.2.0-dev', mixed, '1.3.0-dev'],
    [`minor ${free}`, '1.2.0-dev', mixed, '1.8.0-alpha'],
    [`minor ${free}`, 'v0.1.0-ls1', 'v0.1.2-ls1 v0.1.2-ls2 v0.1.3-ls1 v0.2.0-ls2 v0.2.0-ls3', 'v0.2.0-ls3'],
    [`patch ${free}`, '1.2', '1.3 1.5 2.0 1.2.1', '1.2.1'],
    [`minor ${free}`, '1.2', '1.3 1.5 2.0 1.2.1', '1.5'],
    [`major ${free}`, '1.2', '1.3 1.5 2.0 1.2.1', '2.0'],
    [`patch ${free}`, '1.2.0', '1.3.0 1.5.0 2.0.0 1.2.1', '1.2.1'],
    [`minor ${free}`, '1.2.0', '1.3.0 1.5.0 2.0.0 1.2.1', '1.5.0'],
    [`major ${free}`, '1.2.0', '1.3.0 1.5.0 2.0.0 1.2.1', '2.0.0'],
    ['major', '1.0.0', mixed, '1.5.0'],
    ['all', '1.6.0-alpha', mixed, '1.8.0-alpha'],
    // From latest every version is taken, whatever the policy; a version has a dot.
    ['patch', 'latest', '1.0.0 2.1.0 latest 20240101', '2.1.0'],
    ['minor', 'latest', '1.0.0 2.1.0-rc.1', '2.1.0-rc.1'],
    // Ours: ls10 is newer than ls9.
    [`minor ${free}`, '1.0.0-ls1', '1.0.0-ls9 1.0.0-ls10', '1.0.0-ls10'],
  ])('%s from %s over [%s] -> %s', (policy, current, tags, expected) => {
    expect(choose(policy, tags, current)).toBe(expected);
  });

  test.each(['main', 'stable', '1.0.0.1', '3f2a9c1'])(
    'refuses to start from %s, which Keel never updates',
    (current) => {
      expect(() => choose('minor', '1.0.0', current)).toThrow(
        `keel:minor: the current tag "${current}" is no version, so that Keel would never update it`,
      );
    },
  );
});

describe('force', () => {
  // force_test.go
  test.each<[string, string, string, boolean]>([
    ['force', 'latest', 'latest', true],
    ['force', 'latest', 'main', true],
    ['force', 'latest', '1.2.3', true],
    ['force', '7.9.1-1-ubi8', '8.0.0', true],
    ['force', '7.9.1-1-ubi8', '3.0.0', false],
    ['force', '8.1.0', '8.0.0', false],
    ['force', '8.1.0', '8.1.0', true],
    ['force', '1.4.5', '1.4.6', true],
    ['force', '1.2.3-4', '1.2.3-3', false],
    ['force', '1.2.3-3', '1.2.3-4', true],
    ['force', '7.9.1-1-ubi8', '7.9.1', true],
    ['force --match-tag', 'latest', 'latest', true],
    ['force --match-tag', 'latest', 'main', false],
    ['force --match-tag', '1.2.3', '1.2.4', false],
  ])('%s: %s -> %s is %s', (policy, current, tag, isUpdate) => {
    expect(chooseAmong(policy, tag, current)).toBe(isUpdate ? tag : undefined);
  });

  test.each<[string, string, string | undefined]>([
    ['latest', '3.0.0 3.0.1 7.9.1-1-ubi8 8.0.0 latest 8.3.1', '8.3.1'],
    ['latest', 'latest main beta', 'latest'],
    // Ours: Keel takes what the registry happens to list first.
    ['latest', 'beta latest main', 'latest'],
    ['1.3', '1.3 2.5 2.7 3.8', '3.8'],
    ['v1.0.0', 'v1.0.0 v1.2.0 v1.1.0', 'v1.2.0'],
    ['8.1.0', '8.1.0 8.0.0 latest', '8.1.0'],
    ['8.1.0', 'latest main', 'latest'],
    // Ours: Keel goes to latest, and from there to 8.0.0.
    ['8.1.0', '8.0.0 latest', undefined],
    ['latest', '', undefined],
  ])('from %s over [%s] -> %s', (current, tags, expected) => {
    expect(choose('force', tags, current)).toBe(expected);
  });
});

describe('patterns', () => {
  const builds = 'build-1a3560ef-1696801785 build-2a3560ef-1695801785 build-3a3560ef-1695801785';
  test.each<[string, string | undefined, string, string | undefined]>([
    // glob_test.go
    ['glob:latest', 'latest', 'latest', undefined],
    ['glob:latest', 'latest', 'earliest', undefined],
    ['glob:lat*', 'latest', 'latest', undefined],
    ['glob:latest.*', 'latest.20241321', 'latest.20251321', 'latest.20251321'],
    ['glob:latest.*', 'latest.20251321', 'latest.20241321', undefined],
    ['glob:build-*', undefined, 'build-1 build-2 other', 'build-2'],
    ['glob:build-*', 'latest', 'build-1', undefined],
    ['regexp:^build-.*-(?P<compare>.+)$', undefined, builds, 'build-1a3560ef-1696801785'],
    ['regexp:^build-.*-.+$', undefined, builds, 'build-3a3560ef-1695801785'],
    ['regexp:^build', 'latest', builds, 'build-3a3560ef-1695801785'],
    // Ours: no way back, which Keel takes when a webhook names an older tag.
    ['regexp:^build-.*-(?P<compare>.+)$', 'build-9a3560ef-1697000000', builds, undefined],
    ['regexp:^v', 'v2', 'v1', undefined],
  ])('%s from %s over [%s] -> %s', (policy, current, tags, expected) => {
    expect(choose(policy, tags, current)).toBe(expected);
  });
});

describe('names', () => {
  test.each(['', 'never'])('%o takes nothing', (policy) => {
    expect(rankTags(read(policy), { tags: ['1.0.0', '1.1.0'], current: '1.0.0' })).toEqual({
      candidates: [],
      rejected: [{ tag: '1.1.0', reason: 'NeverUpdated', message: 'is not taken, because the policy is never' }],
    });
  });

  test.each([
    ['newest', '"newest" is no policy of Keel; they are all, major, minor, patch, force, never, glob:PATTERN and'],
    ['Minor', '"Minor" is no policy of Keel'],
    ['constructor', '"constructor" is no policy of Keel'],
    ['glob:a:b', '"glob:a:b" has a second colon, which no tag has'],
    ['glob:', 'an empty pattern matches nothing'],
    ['regexp:(', '"(" is not a pattern'],
  ])('refuses %s: %s', (policy, message) => {
    expect(() => read(policy)).toThrow(
      expect.objectContaining({ code: 'POLICY_INVALID', message: expect.stringContaining(`keel.policy: ${message}`) }),
    );
  });

  test('a colon may stand in a regular expression', () => {
    expect(read('regexp:^(?:a|b)$')).toMatchObject({ policy: 'regexp:^(?:a|b)$' });
  });
});

function read(words: string): KeelPolicy {
  const [policy = '', ...flags] = words.split(' ');
  const written = {
    policy,
    matchTag: flags.includes('--match-tag'),
    matchPreRelease: !flags.includes('--match-pre-release=false'),
  };
  const parsed = parseImagePolicy({ keel: written }, 'policy');
  expect(parsed.kind).toBe('keel');
  return { kind: 'keel', ...written };
}

function choose(words: string, tags: string, current: string | undefined): string | undefined {
  return rankTags(read(words), { tags: split(tags), current }).candidates[0]?.tag;
}

/** As the command line does: with matchTag the tag that runs is a candidate whether the list has it or not. */
function chooseAmong(words: string, tags: string, current: string): string | undefined {
  const { candidates } = rankTags(read(words), { tags: split(tags), current });
  return candidates.find(({ tag }) => split(tags).includes(tag))?.tag;
}

function split(text: string): string[] {
  return text.split(' ').filter((one) => one !== '');
}
