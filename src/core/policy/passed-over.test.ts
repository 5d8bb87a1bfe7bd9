/** Newer versions that are not taken, each with its reason. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { passedOverOf } from './passed-over.ts';
import { rankTags, tagComparer } from './rank-tags.ts';
import { parseImagePolicy, type WrittenImagePolicy } from './written-policy.ts';

type Row = [policy: WrittenImagePolicy, current: string | undefined, tags: string, ahead: string];

describe('what is newer than what runs and not taken', () => {
  test.each<Row>([
    [{ semver: { range: '1.x' } }, '1.2.0', '1.1.0 1.2.0 1.3.0 2.0.0 3.0.0', '3.0.0:OutsideRange 2.0.0:OutsideRange'],
    [
      { semver: { range: '1.x' } },
      '1.2.0',
      '2.0.0-rc.1 1.3.0-alpine latest',
      '2.0.0-rc.1:PreRelease 1.3.0-alpine:OtherVariant',
    ],
    [
      { semver: { range: '*' }, exclude: ['^1\\.3'] },
      '1.2.0',
      '1.3.0 1.3.1 1.1.0 x',
      '1.3.1:FilteredOut 1.3.0:FilteredOut',
    ],
    [{ semver: { range: '*' }, include: ['^1\\.1'] }, '1.2.0', '1.0.0 2.0.0 edge', '2.0.0:FilteredOut'],
    [
      { semver: { range: '*' }, deadEnds: ['1.3.0'], barriers: ['1.5.0'] },
      '1.2.0',
      '1.3.0 1.5.0 1.6.0',
      '1.6.0:BehindBarrier 1.3.0:DeadEnd',
    ],
    [{ semver: { range: '*' }, oneMajorAtATime: true }, '1.2.0', '2.0.0 3.0.0', '3.0.0:MajorAhead'],
    [{ step: 'patch' }, '1.2.0', '1.2.1 1.3.0 2.0.0', '2.0.0:BeyondStep 1.3.0:BeyondStep'],
    [{ semver: { range: '1.x' } }, undefined, '1.0.0 2.0.0', '2.0.0:OutsideRange'],
    [
      { numeric: {}, filterTags: { pattern: '^b(\\d+)$', extract: '$1' }, exclude: ['b9'] },
      'b7',
      'b8 b9 b6 c99',
      'b9:FilteredOut',
    ],
    [{ regexp: { pattern: '^build-' } }, 'build-1', 'build-2 test-9', ''],
    [{ digest: { tag: 'latest' } }, 'latest', 'latest 1.0.0', ''],
    [{ keel: { policy: 'minor' } }, '1.2.0', '1.3.0 2.0.0', '2.0.0:BeyondStep'],
  ])('%j from %s over %s: %s', (written, current, tags, expected) => {
    const { ahead } = rankTags(parseImagePolicy(written, 'policy'), { tags: tags.split(' '), current });

    expect((ahead?.tags ?? []).map(({ tag, reason }) => `${tag}:${reason}`).join(' ')).toBe(expected);
  });

  test('is cut to the ten newest, and all are counted', () => {
    const tags = Array.from({ length: 1_000 }, (_, at) => `2.${at}.0`);
    const { ahead } = rankTags(parseImagePolicy({ semver: { range: '1.x' } }, 'policy'), { tags, current: '1.0.0' });

    expect(ahead?.count).toBe(1_000);
    expect(ahead?.tags.map(({ tag }) => tag)).toEqual(tags.slice(-10).reverse());
  });

  test('is the same for any order of the list, newest first, and disjoint from the candidates', () => {
    const policy = parseImagePolicy({ semver: { range: '1.x' }, exclude: ['[.]3[.]'] }, 'policy');
    const tag = fc.tuple(fc.nat(2), fc.nat(5), fc.nat(5)).map((parts) => parts.join('.'));
    fc.assert(
      fc.property(fc.uniqueArray(tag, { maxLength: 60 }), (tags) => {
        const one = rankTags(policy, { tags, current: '1.2.0' });
        const other = rankTags(policy, { tags: tags.toReversed(), current: '1.2.0' });
        const shown = (one.ahead?.tags ?? []).map((rejected) => rejected.tag);

        expect(other.ahead).toEqual(one.ahead);
        expect(shown).toEqual(shown.toSorted((left, right) => tagComparer(policy)(right, left)));
        expect(shown.filter((name) => one.candidates.some((candidate) => candidate.tag === name))).toEqual([]);
        expect(shown.every((name) => tagComparer(policy)(name, '1.2.0') > 0)).toBe(true);
      }),
    );
  });
});

test('those that were nearly taken are shown before the others', () => {
  const judged = [{ tag: '1.5.0', reason: 'MinimumAge', message: 'is not 1h old yet' } as const];
  const tags = Array.from({ length: 10 }, (_, at) => ({
    tag: `${12 - at}.0.0`,
    reason: 'OutsideRange' as const,
    message: 'is outside 1.x',
  }));

  expect(passedOverOf(judged, { tags, count: 40 })).toEqual({ versions: [...judged, ...tags.slice(0, 9)], count: 41 });
  expect(passedOverOf([])).toEqual({ versions: [], count: 0 });
});
