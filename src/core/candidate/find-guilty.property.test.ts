import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { findGuilty, type Search } from './find-guilty.ts';

interface Hunt {
  readonly found: Exclude<Search, { kind: 'Try' }>;
  readonly tries: number;
}

/** Tries what is asked for until somebody is found. */
function hunt(members: readonly string[], fails: (tried: readonly string[]) => boolean): Hunt {
  const known = new Map<string, 'Passed' | 'Failed'>();
  for (let tries = 0; ; tries += 1) {
    const search = findGuilty(members, (asked) => known.get(asked.toSorted().join()));
    if (search.kind !== 'Try') {
      return { found: search, tries };
    }
    const key = search.members.toSorted().join();
    if (known.has(key)) {
      throw new Error(`${key} is tried twice`);
    }
    known.set(key, fails(search.members) ? 'Failed' : 'Passed');
  }
}

const memberList = (length: number) => Array.from({ length }, (_, index) => `app-${index}`);

const sizeAndPicks = (count: number) =>
  fc
    .integer({ min: count, max: 100 })
    .chain((size) =>
      fc.tuple(
        fc.constant(memberList(size)),
        fc.uniqueArray(fc.integer({ min: 0, max: size - 1 }), { minLength: count, maxLength: count }),
      ),
    );

/** One for what ran before, and for each that is guilty two in each halving. */
const mostTries = (size: number, guilty: number) => 1 + guilty * 2 * (Math.ceil(Math.log2(size)) + 1);

describe.each([[1], [2], [3]])('%i that fail together', (count) => {
  test('are found, and nobody else, whatever their places, in a bounded number of tries', () => {
    fc.assert(
      fc.property(sizeAndPicks(count), ([members, picks]) => {
        const guilty = picks.map((pick) => `app-${pick}`).toSorted();
        const { found, tries } = hunt(members, (tried) => guilty.every((one) => tried.includes(one)));
        expect(found.kind === 'Guilty' && found.members.toSorted()).toEqual(guilty);
        expect(tries).toBeLessThanOrEqual(mostTries(members.length, count));
      }),
      { numRuns: 200 },
    );
  });
});

test('where several are guilty for themselves one of them is found', () => {
  fc.assert(
    fc.property(sizeAndPicks(4), ([members, picks]) => {
      const guilty = picks.map((pick) => `app-${pick}`);
      const { found } = hunt(members, (tried) => guilty.some((one) => tried.includes(one)));
      expect(found.kind === 'Guilty' && found.members).toHaveLength(1);
      expect(guilty).toEqual(expect.arrayContaining(found.kind === 'Guilty' ? [...found.members] : ['nobody']));
    }),
  );
});

test('a test that says this and that ends all the same', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 100 }), fc.infiniteStream(fc.boolean()), (size, coins) => {
      const { tries } = hunt(memberList(size), () => coins.next().value === true);
      expect(tries).toBeLessThanOrEqual(2 * size + 1);
    }),
  );
});

test.each([
  { what: 'one alone', members: ['web'], tries: 1, found: { kind: 'Guilty', members: ['web'] } },
  { what: 'none, as what ran before fails too', members: ['web', 'api'], tries: 1, found: { kind: 'Nobody' } },
])('$what is found after $tries try', ({ members, tries, found }) => {
  const fails = (tried: readonly string[]) => found.kind === 'Nobody' || tried.includes('web');
  expect(hunt(members, fails)).toEqual({ found, tries });
});
