/** Rows of Flux's own tests: image-reflector-controller internal/policy, and pkg/policy of Flux v1. */
import { describe, expect, test } from 'vitest';
import { parseFluxV1Pattern } from './flux-v1-pattern.ts';
import type { ImagePolicy } from './policy.ts';
import { rankTags } from './rank-tags.ts';
import { parseImagePolicy, type WrittenImagePolicy } from './written-policy.ts';

const semver = (range: string): WrittenImagePolicy => ({ policy: { semver: { range } } });
const numerical = (order?: 'asc' | 'desc'): WrittenImagePolicy => ({ policy: { numerical: { order } } });
const alphabetical = (order?: 'asc' | 'desc'): WrittenImagePolicy => ({ policy: { alphabetical: { order } } });
const floats =
  '47.40896403322944 -27.8520927455902 -27.930666514224427 -31.352485948094568 -50.41072694704882 53.47333823144817 3.2008658570411086';
const stamps = '1606234201 1606364286 1606334092 1606334284 1606334201';
const builds = '123-123.123.abcd123-debug 123-123.123.abcd123 123-123.123.abcd456-debug 123-123.123.abcd456';

describe('chooses as Flux does', () => {
  test.each<[WrittenImagePolicy, string, string | undefined]>([
    // semver_test.go
    [semver('1.0.x'), '1.0.0 1.0.0.1 1.0.0p 1.0.1 1.2.0 0.1.0', '1.0.1'],
    [semver('1.0.x'), 'v1.2.3 v1.0.0 v0.1.0', 'v1.0.0'],
    [semver('1.0.x'), 'b1.2.3 b1.0.0 b0.1.0', undefined],
    [semver('1.0.x'), '', undefined],
    [semver('1.0.x'), '1.2.0', undefined],
    // fluxcd/pkg/version: three numbers, no more than one v; every suffix is a pre-release.
    [semver('*'), '3 2.1 1.0.0 vv4.0.0', '1.0.0'],
    [semver('>=1.0.0'), '1.0.0 1.1.0-alpine 1.1.0-rc.1', '1.0.0'],
    [semver('>=1.0.0-0'), '1.0.0 1.1.0-alpine 1.0.1-rc.1', '1.1.0-alpine'],
    [
      { ...semver('1.x'), filterTags: { pattern: '^(?P<v>.*)-alpine$', extract: '$v' } },
      '1.1.0-alpine 1.2.0',
      '1.1.0-alpine',
    ],
    // numerical_test.go
    [numerical(), '-62 -88 73 72 15 16 15 29 -33 -91', '73'],
    [numerical('desc'), '5 -8 -78 25 70 -4 80 92 -20 -24', '-78'],
    [numerical('asc'), floats, '53.47333823144817'],
    [numerical('desc'), floats, '-50.41072694704882'],
    [numerical('asc'), stamps, '1606364286'],
    [numerical('desc'), stamps, '1606234201'],
    [numerical(), '1', '1'],
    [numerical('desc'), '1', '1'],
    [numerical(), '0 1a b', undefined],
    [numerical(), '', undefined],
    [numerical(), '1e3 999 +Inf', '+Inf'],
    [numerical(), '1 1e999', undefined],
    // alphabetical_test.go
    [alphabetical(), '16.04 16.04.1 16.10 20.04 20.10', '20.10'],
    [alphabetical('desc'), '16.04 16.04.1 16.10 20.04 20.10', '16.04'],
    [alphabetical('asc'), 'xenial yakkety zesty artful bionic', 'zesty'],
    [alphabetical('desc'), 'xenial yakkety zesty artful bionic', 'artful'],
    [alphabetical(), stamps, '1606364286'],
    [alphabetical('desc'), stamps, '1606234201'],
    [alphabetical(), 'rel-1606234201 rel-1606364286 rel-1606334092', 'rel-1606364286'],
    [alphabetical(), '', undefined],
    // filter_test.go
    [{ ...alphabetical(), filterTags: { pattern: '' } }, 'a', 'a'],
    [{ ...alphabetical(), filterTags: { pattern: '^ver' } }, 'ver1 ver2 ver3 zel1', 'ver3'],
    [{ ...numerical(), filterTags: { pattern: 'ver(\\d+)', extract: '$1' } }, 'ver1 ver2 ver10 rel1', 'ver10'],
    [
      { ...alphabetical(), filterTags: { pattern: '^(123-[0-9]+\\.[0-9]+\\.[a-z0-9]+-debug)' } },
      builds,
      '123-123.123.abcd456-debug',
    ],
    [
      { ...alphabetical(), filterTags: { pattern: '^(?P<tag>123-[0-9]+\\.[0-9]+\\.[a-z0-9]+$)', extract: '$tag' } },
      builds,
      '123-123.123.abcd456',
    ],
    // The commonest policy of its documentation.
    [
      { ...numerical('asc'), filterTags: { pattern: '^main-[a-f0-9]+-(?P<ts>[0-9]+)', extract: '$ts' } },
      'main-3f2a9c1-1606364286 main-ffffff-1606234201 latest 99999999999',
      'main-3f2a9c1-1606364286',
    ],
  ])('%o over [%s] -> %s', (written, tags, expected) => {
    expect(choose(parseImagePolicy(written, 'policy'), tags)).toBe(expected);
  });

  test.each<[WrittenImagePolicy, string, string, string | undefined]>([
    [numerical(), '73', '72 73 15', undefined],
    [numerical(), '15', '72 73 15', '73'],
    [numerical('desc'), '15', '72 14', '14'],
    [numerical(), 'latest', '1 2', '2'],
    [alphabetical(), 'yakkety', 'xenial yakkety artful', undefined],
    [alphabetical(), 'latest', 'artful bionic', undefined],
    [{ ...alphabetical(), filterTags: { pattern: '^main-' } }, 'nightly', 'main-1', undefined],
    [{ ...alphabetical(), filterTags: { pattern: '^rel-' } }, 'latest', 'rel-1 rel-2', 'rel-2'],
    [{ ...alphabetical(), filterTags: { pattern: '^build-' } }, 'latest', 'build-1 build-2', 'build-2'],
    [semver('1.x'), '1.3.0', '1.2.0 1.3.0 2.0.0', undefined],
    [semver('1.x'), '2.0.0', '1.2.0', undefined],
    [
      { ...numerical(), filterTags: { pattern: '-(?P<ts>[0-9]+)$', extract: '$ts' } },
      'main-zz-200',
      'main-aa-201 main-bb-199',
      'main-aa-201',
    ],
  ])('but never goes back: %o from %s over [%s] -> %s', (written, current, tags, expected) => {
    expect(choose(parseImagePolicy(written, 'policy'), tags, current)).toBe(expected);
  });
});

test('says which tag spoils a list of numbers', () => {
  const ranking = rankTags({ kind: 'numerical', order: 'asc' }, { tags: ['0', '1a', 'b'] });

  expect(ranking).toEqual({
    candidates: [],
    rejected: [
      { tag: '0', reason: 'OtherTagUnreadable', message: 'is not taken, because 1a is no number' },
      { tag: '1a', reason: 'NotANumber', message: 'is no number' },
      { tag: 'b', reason: 'NotANumber', message: 'is no number' },
    ],
    ahead: {
      tags: [{ tag: '0', reason: 'OtherTagUnreadable', message: 'is not taken, because 1a is no number' }],
      count: 1,
    },
    obstacle: '"1a" is no number, so that none is taken; leave it out by filterTags, or use numeric',
  });
});

test('the tag that runs spoils a list of numbers too', () => {
  expect(choose({ kind: 'numerical', order: 'asc' }, 'latest 1 2', 'latest')).toBeUndefined();
});

test.each(['1.0.0p', '1x', 'x1', '-1', 'a', '', '*-*'])('refuses the range %o', (range) => {
  expect(() => parseImagePolicy(semver(range), 'policy')).toThrow(
    `policy.policy.semver.range: "${range}" is not a semver range`,
  );
});

test.each(['1.0.x', '^1.0', '=1.0.0', '~1.0', '>=1.0', '>0,<2.0'])('takes the range %s', (range) => {
  expect(parseImagePolicy(semver(range), 'policy')).toMatchObject({ kind: 'fluxSemver', range });
});

describe('Flux v1', () => {
  test.each([
    ['semver:*', '1 1.0 v1.0.3 2.0.1-alpha.1', 'v1.0.3'],
    ['semver:~1', 'v1 1.2 1.2.3 2.0.0 latest', '1.2.3'],
    ['semver:2.0.1-alpha.1', '2.0.1 2.0.1-alpha.1', '2.0.1-alpha.1'],
    ['*', '1 foo', 'foo'],
    ['glob:*', '1 foo', 'foo'],
    ['master-*', 'master-9 master-10 foo-master', 'master-10'],
    ['regexp:^([a-zA-Z]+)$', '1 foo foo-1', 'foo'],
    ['regex:^\\w{7}(?:\\w)?$', 'af14eb2 1 foo 946427ff-foo', 'af14eb2'],
    ['regexp:(.*?)', '1 foo', 'foo'],
  ])('%s over [%s] -> %s', (pattern, tags, expected) => {
    expect(choose(parseFluxV1Pattern(pattern, 'fluxcd.io/tag.app'), tags)).toBe(expected);
  });

  test.each(['semver:x1', 'regexp:(', 'regex:(', 'glob:', ''])(
    'refuses %o, which matches everything there',
    (pattern) => {
      expect(() => parseFluxV1Pattern(pattern, 'fluxcd.io/tag.app')).toThrow(/^fluxcd.io\/tag.app: /);
    },
  );
});

function choose(policy: ImagePolicy, tags: string, current?: string): string | undefined {
  return rankTags(policy, { tags: tags.split(' ').filter((tag) => tag !== ''), current }).candidates[0]?.tag;
}
