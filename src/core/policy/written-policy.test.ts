import { describe, expect, test } from 'vitest';
import { describeImagePolicy, needsTagList } from './policy.ts';
import { parseImagePolicy, type WrittenImagePolicy } from './written-policy.ts';

const field = 'spec.sources[0].policy';

describe('parseImagePolicy', () => {
  test.each<[WrittenImagePolicy, object, string, boolean]>([
    [{ semver: { range: '>0,<2.0' } }, { kind: 'semver', range: '>0,<2.0' }, 'semver >0,<2.0', true],
    [{ step: 'minor' }, { kind: 'step', step: 'minor' }, 'minor steps', true],
    [{ step: 'major', preReleases: true }, { kind: 'step', step: 'major', preReleases: true }, 'major steps', true],
    [{ calver: {} }, { kind: 'calver' }, 'calver', true],
    [{ calver: { format: 'YYYY.0M' } }, { kind: 'calver', format: 'YYYY.0M' }, 'calver YYYY.0M', true],
    [{ numeric: {} }, { kind: 'numeric', order: 'asc' }, 'numeric asc', true],
    [{ numerical: { order: 'desc' } }, { kind: 'numerical', order: 'desc' }, 'numerical desc', true],
    [{ alphabetical: {} }, { kind: 'alphabetical', order: 'asc' }, 'alphabetical asc', true],
    [{ regexp: { pattern: '^v' } }, { kind: 'regexp', pattern: '^v' }, 'regexp ^v', true],
    [{ glob: { pattern: 'v*', extract: '$1' } }, { kind: 'glob', pattern: 'v*', extract: '$1' }, 'glob v*', true],
    [{ digest: { tag: 'latest' } }, { kind: 'digest', tag: 'latest' }, 'digest of latest', false],
    [{ pinned: {} }, { kind: 'pinned' }, 'pinned', false],
    [{ pinned: { tag: '1.2.3' } }, { kind: 'pinned', tag: '1.2.3' }, 'pinned to 1.2.3', false],
    [
      { keel: { policy: 'minor' } },
      { kind: 'keel', policy: 'minor', matchPreRelease: true, matchTag: false },
      'keel:minor',
      true,
    ],
    [
      { keel: { policy: 'force', matchTag: true } },
      { kind: 'keel', policy: 'force', matchPreRelease: true, matchTag: true },
      'keel:force',
      false,
    ],
    [
      { policy: { semver: { range: '1.x' } }, filterTags: { pattern: '^v(.*)$', extract: '$1' } },
      { kind: 'fluxSemver', range: '1.x', filter: { pattern: '^v(.*)$', extract: '$1' } },
      'semver 1.x',
      true,
    ],
    [
      {
        semver: { range: '*' },
        include: ['^v'],
        exclude: [],
        oneMajorAtATime: true,
        barriers: ['2.0'],
        deadEnds: ['2.1.3'],
      },
      {
        kind: 'semver',
        range: '*',
        filter: { include: ['^v'], exclude: [] },
        path: { oneMajorAtATime: true, barriers: ['2.0'], deadEnds: ['2.1.3'] },
      },
      'semver *',
      true,
    ],
    [
      { semver: { range: '*' }, include: [], oneMajorAtATime: false, filterTags: {} },
      { kind: 'semver', range: '*' },
      'semver *',
      true,
    ],
  ])('%o -> %o, %s', (written, policy, line, needsList) => {
    const parsed = parseImagePolicy(written, field);

    expect(parsed).toEqual(policy);
    expect(describeImagePolicy(parsed)).toBe(line);
    expect(needsTagList(parsed)).toBe(needsList);
  });

  const range = { semver: { range: '*' } };
  test.each<[WrittenImagePolicy, string]>([
    [{}, `${field}: no policy given; write exactly one`],
    [{ filterTags: { pattern: 'a' } }, `${field}: no policy given; write exactly one`],
    [{ policy: {} }, `${field}.policy: no policy given; write exactly one`],
    [{ ...range, digest: { tag: 'a' } }, `${field}: both semver and digest given; write exactly one`],
    [{ ...range, policy: { numerical: {} } }, `${field}: both semver and policy given; write exactly one`],
    [{ semver: { range: '1x' } }, `${field}.semver.range: "1x" is not a semver range; write for example 1.x`],
    [{ semver: { range: '' } }, `${field}.semver.range: "" is not a semver range`],
    [{ digest: { tag: 'a b' } }, `${field}.digest.tag: "a b" is not a tag`],
    [{ pinned: { tag: '' } }, `${field}.pinned.tag: "" is not a tag`],
    [{ calver: { format: 'MAJOR' } }, `${field}.calver.format: "MAJOR" is no calendar format; write for example`],
    [{ regexp: { pattern: '(' } }, `${field}.regexp.pattern: "(" is not a pattern`],
    [{ regexp: { pattern: 'a', extract: '$1' } }, `${field}.regexp.extract: "1" is no group of the pattern`],
    [{ glob: { pattern: 'a*', extract: '$2' } }, `${field}.glob.extract: "2" is no group of the pattern`],
    [{ ...range, filterTags: { pattern: '(' } }, `${field}.filterTags.pattern: "(" is not a pattern`],
    [{ ...range, filterTags: { extract: '$x' } }, `${field}.filterTags.extract: "x" is no group of the pattern`],
    [{ ...range, include: ['a', '('] }, `${field}.include[1]: "(" is not a pattern`],
    [{ ...range, exclude: ['('] }, `${field}.exclude[0]: "(" is not a pattern`],
    [{ ...range, barriers: ['x'] }, `${field}: policy.barriers[0]: "x" is no version in the order of this policy`],
    [
      { ...range, deadEnds: ['1.0', 'x'] },
      `${field}: policy.deadEnds[1]: "x" is no version in the order of this policy`,
    ],
    [{ ...range, preReleases: true }, `${field}.preReleases: semver knows pre-releases without it; write a range that`],
    [{ numeric: {}, preReleases: true }, `${field}.preReleases: numeric knows pre-releases without it; leave it out`],
    [{ calver: {}, oneMajorAtATime: true }, `${field}.oneMajorAtATime: calver knows no major versions; leave it out`],
    [{ digest: { tag: 'a' }, exclude: ['b'] }, `${field}: digest chooses no tag by filters, barriers or dead ends`],
    [{ pinned: {}, deadEnds: ['1.0'] }, `${field}: pinned chooses no tag by filters, barriers or dead ends`],
    [{ keel: { policy: 'all' }, include: ['b'] }, `${field}: keel chooses no tag by filters, barriers or dead ends`],
  ])('refuses %o: %s', (written, message) => {
    expect(() => parseImagePolicy(written, field)).toThrow(
      expect.objectContaining({ code: 'POLICY_INVALID', retry: 'never', message: expect.stringContaining(message) }),
    );
  });
});
