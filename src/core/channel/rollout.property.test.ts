import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { delayOf, type Rollout, type RolloutPoint, shareAt, turnOf, wavePosition } from './rollout.ts';

const hourMs = 3_600_000;

/** Points with times and shares that ascend, the last of them for all clusters. */
const points = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 100 * hourMs }), fc.integer({ min: 0, max: 10_000 })), { maxLength: 8 })
  .map((gains): readonly RolloutPoint[] => {
    let afterMs = 0;
    const times = gains.map(([gain]) => (afterMs += gain));
    const shares = gains.map(([, share]) => share / 10_000).toSorted((left, right) => left - right);
    return [
      ...times.map((time, index) => ({ afterMs: time, share: shares[index] ?? 0 })),
      { afterMs: afterMs + 1, share: 1 },
    ];
  });

const rollout = fc.record({
  points,
  canary: fc.option(fc.record({ group: fc.constant('canary'), durationMs: fc.integer({ min: 0, max: hourMs }) }), {
    nil: undefined,
  }),
  paused: fc.constant(false),
});

const position = fc.double({ min: 0, max: 1, noNaN: true });

describe('the curve of a rollout', () => {
  test('never falls, from none to all', () => {
    fc.assert(
      fc.property(rollout, fc.nat(), fc.nat(), (curve, one, other) => {
        const [early, late] = [Math.min(one, other), Math.max(one, other)];
        expect(shareAt(curve, early)).toBeLessThanOrEqual(shareAt(curve, late));
        expect(shareAt(curve, Number.MAX_SAFE_INTEGER)).toBe(1);
      }),
    );
  });

  test('gives each position its turn, when the share has come to it and not before', () => {
    fc.assert(
      fc.property(rollout, position, (curve, at) => {
        const delayMs = delayOf(curve, at) ?? Number.NaN;
        const slack = 1e-6;
        expect(shareAt(curve, delayMs + 1)).toBeGreaterThanOrEqual(at - slack);
        expect(delayMs < 1 ? 0 : shareAt(curve, delayMs - 1)).toBeLessThanOrEqual(at + slack);
      }),
    );
  });

  test('never takes back a turn', () => {
    fc.assert(
      fc.property(rollout, position, fc.nat(), fc.nat(), (curve, at, one, other) => {
        const cluster = { id: 'a', wariness: undefined, group: undefined };
        const turn = (afterMs: number) =>
          turnOf(curve, cluster, { position: at, publishedAt: new Date(0), now: new Date(afterMs) });
        const isNow = (afterMs: number) => turn(afterMs).kind === 'Now';
        const [early, late] = [Math.min(one, other), Math.max(one, other)];
        expect(isNow(early) && !isNow(late)).toBe(false);
        const { at: due } = { at: undefined, ...turn(early) };
        expect(due === undefined || isNow(due.getTime() + 1)).toBe(true);
      }),
    );
  });
});

describe('the positions of clusters', () => {
  const clusters = Array.from({ length: 20_000 }, (_, index) => ({ id: `cluster-${index}`, wariness: undefined }));

  test.each(['1', '2', 'spring-release'])('follow the curve of Release %s within 1 %', (release) => {
    const curve: Rollout = {
      points: [
        { afterMs: hourMs, share: 0.05 },
        { afterMs: 24 * hourMs, share: 0.5 },
        { afterMs: 48 * hourMs, share: 1 },
      ],
      canary: undefined,
      paused: false,
    };
    const positions = clusters.map((cluster) => wavePosition(cluster, 'stable', release));
    for (const hours of [0.5, 1, 6, 12, 24, 36, 47]) {
      const reached = positions.filter((at) => (delayOf(curve, at) ?? Infinity) <= hours * hourMs).length;
      expect(Math.abs(reached / clusters.length - shareAt(curve, hours * hourMs))).toBeLessThan(0.01);
    }
  });

  test('are another for each Release, and wariness is the position', () => {
    const early = (release: string) =>
      clusters.filter((cluster) => wavePosition(cluster, 'stable', release) < 0.1).map(({ id }) => id);
    const second = new Set(early('2'));
    const both = early('1').filter((id) => second.has(id));
    // By chance a tenth of a tenth.
    expect(Math.abs(both.length / clusters.length - 0.01)).toBeLessThan(0.005);
    expect(wavePosition({ id: 'a', wariness: 0.25 }, 'stable', '1')).toBe(0.25);
  });
});

test.each([
  { group: 'canary', wariness: 1, hours: 0, turn: 'Now' },
  { group: undefined, wariness: 0, hours: 1, turn: 'Later' },
  { group: undefined, wariness: 0, hours: 2, turn: 'Now' },
  { group: 'other', wariness: 0.5, hours: 6, turn: 'Later' },
  { group: 'other', wariness: 0.5, hours: 7, turn: 'Now' },
  { group: undefined, wariness: 1, hours: 11, turn: 'Later' },
  { group: undefined, wariness: 1, hours: 12, turn: 'Now' },
])('group $group with wariness $wariness has its turn after $hours h: $turn', ({ group, wariness, hours, turn }) => {
  const rollout: Rollout = {
    points: [{ afterMs: 10 * hourMs, share: 1 }],
    canary: { group: 'canary', durationMs: 2 * hourMs },
    paused: false,
  };
  const at = { position: wariness, publishedAt: new Date(0), now: new Date(hours * hourMs) };
  expect(turnOf(rollout, { id: 'a', wariness, group }, at).kind).toBe(turn);
});

test('a curve that ends below all never comes to the last clusters', () => {
  const half: Rollout = { points: [{ afterMs: 0, share: 0.5 }], canary: undefined, paused: false };
  const cluster = { id: 'a', wariness: 0.9, group: undefined };
  expect(turnOf(half, cluster, { position: 0.9, publishedAt: new Date(0), now: new Date() })).toEqual({
    kind: 'Later',
    at: undefined,
  });
});
