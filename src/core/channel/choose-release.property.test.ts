import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ChannelIndex, IndexEntry } from './channel-index.ts';
import { chooseRelease, type ReleaseChoice, type ReleaseVerdict, type Running } from './choose-release.ts';

const now = new Date('2030-01-31T00:00:00Z');
const anyVersion = { headgate: undefined, kubernetes: undefined };

const entry = (sequence: number, changed: Partial<IndexEntry> = {}): IndexEntry => ({
  name: `r${sequence}`,
  sequence,
  publishedAt: new Date('2030-01-01T00:00:00Z'),
  barrier: false,
  withdrawn: undefined,
  requires: anyVersion,
  soakedForMs: 0,
  ...changed,
});

const index = (releases: readonly IndexEntry[], paused = false): ChannelIndex => ({
  channel: 'stable',
  root: 1,
  rollout: { points: [{ afterMs: 0, share: 1 }], canary: undefined, paused },
  releases,
});

const choice = (changed: Partial<ReleaseChoice>): ReleaseChoice => ({
  index: index([]),
  current: undefined,
  cluster: { id: 'a', wariness: undefined, group: undefined },
  follow: { kind: 'Newest' },
  goesBackFromWithdrawn: false,
  minimumAgeMs: 0,
  versions: { headgate: '0.1.0', kubernetes: 'v1.34.1' },
  now,
  ...changed,
});

const releases = fc
  .array(fc.record({ barrier: fc.boolean(), dead: fc.boolean() }), { maxLength: 10 })
  .map((all) =>
    all.map(({ barrier, dead }, at) => entry(at + 1, { barrier, withdrawn: dead ? { reason: 'bad' } : undefined })),
  );

const setting = fc.record({
  releases,
  at: fc.option(fc.integer({ min: 1, max: 10 }), { nil: undefined }),
  goesBack: fc.boolean(),
  pin: fc.option(fc.integer({ min: 1, max: 10 }), { nil: undefined }),
});

test('no release that was withdrawn is ever taken, and no step passes over a barrier in either way', () => {
  fc.assert(
    fc.property(setting, ({ releases: all, at, goesBack, pin }) => {
      const current = at === undefined ? undefined : { name: `r${at}`, sequence: at };
      const follow = pin === undefined ? ({ kind: 'Newest' } as const) : ({ kind: 'Pin', release: `r${pin}` } as const);
      const verdict = chooseRelease(choice({ index: index(all), current, follow, goesBackFromWithdrawn: goesBack }));
      for (const entry of takenBy(verdict)) {
        expect(entry.withdrawn).toBeUndefined();
        const isOlder = current !== undefined && entry.sequence < current.sequence;
        expect(!isOlder || verdict.kind === 'GoBack' || pin !== undefined).toBe(true);
        const passed = barriersBetween(all, current, entry);
        expect(passed.filter((one) => one.withdrawn === undefined)).toEqual([]);
        expect(passed.length === 0 || (!isOlder && entry.barrier)).toBe(true);
      }
    }),
    { numRuns: 2_000 },
  );
});

function takenBy(verdict: ReleaseVerdict): readonly IndexEntry[] {
  if (verdict.kind === 'GoBack') {
    return [verdict.to];
  }
  return verdict.kind === 'Take' ? verdict.candidates : [];
}

/** On the way from one to another: the one that is left forward, or come to backward, is none of them. */
function barriersBetween(all: readonly IndexEntry[], from: Running | undefined, to: Running): readonly IndexEntry[] {
  const [low, high] =
    (from?.sequence ?? 0) < to.sequence ? [from?.sequence ?? 0, to.sequence - 1] : [to.sequence, from?.sequence ?? 0];
  return from === undefined ? [] : all.filter((one) => one.barrier && one.sequence > low && one.sequence <= high);
}

test('step by step every cluster comes to the newest, where no barrier was withdrawn', () => {
  const alive = releases.map((all) =>
    all.map((one) => ({ ...one, withdrawn: one.barrier ? undefined : one.withdrawn })),
  );
  fc.assert(
    fc.property(alive, (all) => {
      let current: Running = { name: 'r0', sequence: 0 };
      for (let step = 0; step <= all.length; step += 1) {
        const verdict = chooseRelease(choice({ index: index(all), current }));
        if (verdict.kind !== 'Take') {
          expect(verdict).toEqual({ kind: 'UpToDate' });
          break;
        }
        current = verdict.candidates[0] ?? current;
      }
      const newest = all.findLast(({ withdrawn }) => withdrawn === undefined);
      expect(current.sequence).toBe(newest?.sequence ?? 0);
    }),
  );
});

const three = [entry(1), entry(2), entry(3)];
const bad = { reason: 'lost data' };

test.each<{ title: string; given: Partial<ReleaseChoice>; verdict: object }>([
  { title: 'nothing is published', given: {}, verdict: { kind: 'UpToDate' } },
  {
    title: 'a first install',
    given: { index: index(three) },
    verdict: { kind: 'Take', candidates: three.toReversed() },
  },
  { title: 'the newest runs', given: { index: index(three), current: entry(3) }, verdict: { kind: 'UpToDate' } },
  {
    title: 'what runs has left the channel',
    given: { index: index([entry(5, { barrier: true }), entry(6)]), current: { name: 'r2', sequence: 2 } },
    verdict: { kind: 'Take', candidates: [{ name: 'r5' }] },
  },
  {
    title: 'held',
    given: { index: index(three), current: entry(1), follow: { kind: 'Hold' } },
    verdict: { kind: 'Wait', why: 'Held' },
  },
  {
    title: 'paused: the newest is not taken, the one before it is',
    given: { index: index(three, true), current: entry(1) },
    verdict: { kind: 'Take', candidates: [{ name: 'r2' }] },
  },
  {
    title: 'paused, one step behind',
    given: { index: index(three, true), current: entry(2) },
    verdict: { kind: 'Wait', why: 'Paused' },
  },
  {
    title: 'made for a newer Headgate',
    given: { index: index([entry(1, { requires: { headgate: '>=9', kubernetes: undefined } })]) },
    verdict: { kind: 'Wait', why: 'Unfit', message: 'r1 needs Headgate >=9, and this is 0.1.0' },
  },
  {
    title: 'made for a newer Kubernetes',
    given: { index: index([entry(1, { requires: { headgate: undefined, kubernetes: '>=1.35' } })]) },
    verdict: { kind: 'Wait', why: 'Unfit', message: 'r1 needs Kubernetes >=1.35, and this is v1.34.1' },
  },
  {
    title: 'too young',
    given: { index: index(three), minimumAgeMs: 40 * 24 * 3_600_000 },
    verdict: { kind: 'Wait', why: 'Age', until: new Date('2030-02-10T00:00:00Z') },
  },
  {
    title: 'what runs was withdrawn, and nothing is newer',
    given: { index: index([entry(1), entry(2, { withdrawn: bad })]), current: entry(2) },
    verdict: { kind: 'Withdrawn', reason: 'lost data' },
  },
  {
    title: 'what runs was withdrawn, and going back is wanted',
    given: { index: index([entry(1), entry(2, { withdrawn: bad })]), current: entry(2), goesBackFromWithdrawn: true },
    verdict: { kind: 'GoBack', to: { name: 'r1' } },
  },
  {
    title: 'what runs was withdrawn, and a newer one mends it',
    given: {
      index: index([entry(1), entry(2, { withdrawn: bad }), entry(3)]),
      current: entry(2),
      goesBackFromWithdrawn: true,
    },
    verdict: { kind: 'Take', candidates: [{ name: 'r3' }] },
  },
  {
    title: 'a withdrawn barrier does not go back',
    given: {
      index: index([entry(1), entry(2, { barrier: true, withdrawn: bad })]),
      current: entry(2),
      goesBackFromWithdrawn: true,
    },
    verdict: { kind: 'Withdrawn', reason: 'lost data' },
  },
  {
    title: 'a pin to an older one',
    given: { index: index(three), current: entry(3), follow: { kind: 'Pin', release: 'r1' } },
    verdict: { kind: 'Take', candidates: [{ name: 'r1' }] },
  },
  {
    title: 'a pin to one before a barrier',
    given: {
      index: index([entry(1), entry(2, { barrier: true })]),
      current: entry(2),
      follow: { kind: 'Pin', release: 'r1' },
    },
    verdict: { kind: 'Wait', why: 'NotThere' },
  },
  {
    title: 'a pin to what is not there',
    given: { index: index(three), follow: { kind: 'Pin', release: 'r9' } },
    verdict: { kind: 'Wait', why: 'NotThere', message: 'spec.pin: r9 is not in the channel' },
  },
])('$title', ({ given, verdict }) => {
  expect(chooseRelease(choice(given))).toMatchObject(verdict);
});
