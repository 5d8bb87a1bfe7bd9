/** What holds for every policy, whatever it is set to. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isOperationError } from '../errors.ts';
import type { ImagePolicy } from './policy.ts';
import { rankTags, tagComparer } from './rank-tags.ts';
import type { Ranking, RankingInput } from './ranking.ts';
import { parseImagePolicy } from './written-policy.ts';

const number = fc.integer({ min: 0, max: 3 });
const version = fc
  .tuple(
    fc.constantFrom('', 'v'),
    fc.array(number, { minLength: 1, maxLength: 3 }),
    fc.constantFrom('', '', '', '-alpine', '-rc.1', '-rc.2', '-ls9', '-ls10', '-xx'),
  )
  .map(([prefix, numbers, suffix]) => `${prefix}${numbers.join('.')}${suffix}`);
const date = fc.tuple(fc.constantFrom('2023', '2024', '24'), number, number).map((numbers) => numbers.join('.'));
const build = fc.tuple(fc.constantFrom('main', 'dev'), number, fc.nat(12)).map((parts) => parts.join('-'));
const tag = fc.oneof(
  version,
  date,
  build,
  fc.nat(20).map(String),
  fc.constantFrom('latest', 'main', '1.5', '-3', '20240101'),
);
const tags = fc.uniqueArray(tag, { maxLength: 25 });

const order = fc.constantFrom('asc', 'desc');
const limits = fc.record(
  {
    include: fc.constantFrom(['^[v0-9]'], ['^main-', '^[0-9]+$']),
    exclude: fc.constantFrom(['-rc'], ['^v', 'alpine$'], ['0$']),
    filterTags: fc.constantFrom(
      { pattern: '^v?[0-9]' },
      { pattern: '^main-(?P<a>[0-9]+)-(?P<b>[0-9]+)$', extract: '$b' },
      { pattern: '^v?(.*)$', extract: '$1' },
    ),
  },
  { requiredKeys: [] },
);
const range = fc.constantFrom('*', '*-0', '^1', '~1.2', '>0 <3', '1.x || 3.x').map((text) => ({ range: text }));
const listed = fc.oneof(
  range.map((semver) => ({ semver })),
  fc
    .tuple(range, fc.boolean())
    .map(([semver, oneMajorAtATime]) => ({ semver, oneMajorAtATime, deadEnds: ['1.0', '2.1'] })),
  range.map((semver) => ({ semver, barriers: ['1.2', '2.0.1'] })),
  range.map((semver) => ({ policy: { semver } })),
  fc.constantFrom('major', 'minor', 'patch', 'all').map((step) => ({ step })),
  fc.boolean().map((preReleases) => ({ calver: {}, preReleases })),
  order.map((one) => ({ numeric: { order: one } })),
  order.map((one) => ({ numerical: { order: one } })),
  order.map((one) => ({ policy: { alphabetical: { order: one } } })),
  fc.constantFrom({ pattern: '^main' }, { pattern: '-(?P<compare>.*)$' }).map((regexp) => ({ regexp })),
  fc.constantFrom({ pattern: 'main-*' }, { pattern: '*-*', extract: '$2' }).map((glob) => ({ glob })),
);
const limited = fc.tuple(listed, limits).map(([choice, limit]) => ({ ...choice, ...limit }));
const unlimited = fc.oneof(
  fc
    .tuple(fc.constantFrom('all', 'major', 'minor', 'patch', 'force', 'never', 'glob:m*', 'regexp:^[mv]'), fc.boolean())
    .map(([policy, match]) => ({ keel: { policy, matchPreRelease: match, matchTag: match } })),
  tag.map((one) => ({ digest: { tag: one.replace('-', '') } })),
  fc.constantFrom({ pinned: {} }, { pinned: { tag: '1.2' } }),
);
const policy = fc
  .oneof({ weight: 3, arbitrary: limited }, { weight: 1, arbitrary: unlimited })
  .map((written) => ({ written, policy: parse(written) }));
const current = fc.option(tag, { nil: undefined });

describe('every policy', () => {
  test('gives each tag one place', () => {
    fc.assert(
      fc.property(policy, tags, current, ({ policy: one }, list, running) => {
        const ranking = rank(one, { tags: list, current: running });
        fc.pre(ranking !== undefined);

        const named = namedBy(one, running);
        const places = [...ranking.candidates, ...ranking.rejected].map((place) => place.tag);
        expect(new Set(places).size).toBe(places.length);
        expect(places.filter((place) => place !== running && place !== named).sort()).toEqual(
          list.filter((place) => place !== running && place !== named).sort(),
        );
      }),
      { numRuns: 2_000 },
    );
  });

  test('chooses the same whatever the order of the tags', () => {
    const shuffled = tags.chain((list) =>
      fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })),
    );
    fc.assert(
      fc.property(policy, shuffled, current, ({ policy: one }, [list, other], running) => {
        const ranking = rank(one, { tags: list, current: running });
        fc.pre(ranking !== undefined);

        expect(rank(one, { tags: other, current: running })?.candidates).toEqual(ranking.candidates);
      }),
      { numRuns: 2_000 },
    );
  });

  test('never takes what is older than what runs', () => {
    fc.assert(
      fc.property(policy, tags, tag, ({ policy: one }, list, running) => {
        const ranking = rank(one, { tags: list, current: running });
        fc.pre(ranking !== undefined);

        const compare = tagComparer(one);
        for (const candidate of ranking.candidates.filter((place) => place.tag !== running)) {
          expect(compare(candidate.tag, running)).toBeGreaterThanOrEqual(0);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  test('has the best candidate first', () => {
    fc.assert(
      fc.property(policy, tags, current, ({ policy: one }, list, running) => {
        const candidates = rank(one, { tags: list, current: running })?.candidates ?? [];

        const compare = tagComparer(one);
        for (const [at, candidate] of candidates.slice(1).entries()) {
          expect(compare(candidates[at]?.tag ?? '', candidate.tag)).toBeGreaterThanOrEqual(0);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  test('takes the best candidate, and then nothing more', () => {
    fc.assert(
      fc.property(policy, tags, current, ({ policy: one, written }, list, running) => {
        const best = rank(one, { tags: list, current: running })?.candidates[0]?.tag;
        // Barriers and majors are passed one after the other.
        fc.pre(best !== undefined && !('barriers' in written) && !('oneMajorAtATime' in written));

        const after = rank(one, { tags: list, current: best })?.candidates ?? [];
        expect(after.filter((place) => place.tag !== best)).toEqual([]);
      }),
      { numRuns: 2_000 },
    );
  });

  test('orders tags in one way', () => {
    fc.assert(
      fc.property(policy, fc.tuple(tag, tag, tag), ({ policy: one }, [a, b, c]) => {
        const compare = tagComparer(one);
        const sign = (left: string, right: string) => Math.sign(compare(left, right));

        expect(sign(a, a)).toBe(0);
        expect(sign(a, b) + sign(b, a)).toBe(0);
        if (one.kind !== 'keel' && sign(a, b) >= 0 && sign(b, c) >= 0) {
          expect(sign(a, c)).toBeGreaterThanOrEqual(0);
        }
      }),
      { numRuns: 4_000 },
    );
  });
});

test('no policy takes a tag that its own patterns leave out', () => {
  fc.assert(
    fc.property(limited, tags, current, (written, list, running) => {
      const ranking = rank(parse(written), { tags: list, current: running });
      fc.pre(ranking !== undefined);

      const { include, exclude, filterTags } = written;
      for (const candidate of ranking.candidates) {
        const has = (pattern: string) => new RegExp(pattern.replaceAll('(?P<', '(?<')).test(candidate.tag);
        expect(include === undefined || include.some(has)).toBe(true);
        expect(exclude === undefined || !exclude.some(has)).toBe(true);
        expect(filterTags === undefined || has(filterTags.pattern)).toBe(true);
      }
    }),
    { numRuns: 2_000 },
  );
});

function parse(written: object): ImagePolicy {
  return parseImagePolicy(written, 'policy');
}

/** Undefined where the policy cannot start from the current tag. */
function rank(one: ImagePolicy, input: RankingInput): Ranking | undefined {
  try {
    return rankTags(one, input);
  } catch (error) {
    if (isOperationError(error, 'POLICY_INVALID')) {
      return undefined;
    }
    throw error;
  }
}

/** The tag that is a candidate whether the list has it or not. */
function namedBy(one: ImagePolicy, running: string | undefined): string | undefined {
  if (one.kind === 'digest' || one.kind === 'pinned') {
    return one.tag;
  }
  return one.kind === 'keel' && one.policy === 'force' && one.matchTag ? (running ?? 'latest') : undefined;
}
