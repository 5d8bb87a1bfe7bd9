import { expect, test } from 'vitest';
import type { AgeFrom, FirstSeen } from '../../core/policy/requirements.ts';
import { judgeAge, SeenVersions } from './judge-age.ts';

const digest = `sha256:${'a'.repeat(64)}`;
const version = { tag: '1.1.0', digest };
const now = new Date('2026-05-04T12:00:00Z');
const hourMs = 3_600_000;
const hoursAgo = (hours: number) => new Date(now.getTime() - hours * hourMs);
const signal = new AbortController().signal;
const seenAt = (at: Date, by?: FirstSeen['by']): FirstSeen => ({ ...version, at, by });

test.each<{
  name: string;
  ageFrom: AgeFrom;
  before?: FirstSeen;
  created?: Date;
  at: Date;
  by?: FirstSeen['by'];
  isYoung: boolean;
}>([
  { name: 'never seen', ageFrom: 'FirstSeen', at: now, isYoung: true },
  { name: 'never seen, and said to be old', ageFrom: 'FirstSeen', created: hoursAgo(99), at: now, isYoung: true },
  { name: 'seen long ago', ageFrom: 'FirstSeen', before: seenAt(hoursAgo(3)), at: hoursAgo(3), isYoung: false },
  { name: 'seen at just that age', ageFrom: 'FirstSeen', before: seenAt(hoursAgo(2)), at: hoursAgo(2), isYoung: false },
  {
    name: 'seen a little later',
    ageFrom: 'FirstSeen',
    before: seenAt(hoursAgo(1.9)),
    at: hoursAgo(1.9),
    isYoung: true,
  },
  {
    name: 'a clock by a maker who is not believed any more',
    ageFrom: 'FirstSeen',
    before: seenAt(hoursAgo(99), 'Created'),
    at: now,
    isYoung: true,
  },
  {
    name: 'a clock by sight from when the maker was asked',
    ageFrom: 'FirstSeen',
    before: seenAt(hoursAgo(3), 'Untold'),
    at: hoursAgo(3),
    by: 'Untold',
    isYoung: false,
  },
  {
    name: 'old by its maker',
    ageFrom: 'Created',
    created: hoursAgo(3),
    at: hoursAgo(3),
    by: 'Created',
    isYoung: false,
  },
  {
    name: 'young by its maker',
    ageFrom: 'Created',
    created: hoursAgo(1),
    at: hoursAgo(1),
    by: 'Created',
    isYoung: true,
  },
  { name: 'a maker who tells nothing', ageFrom: 'Created', at: now, by: 'Untold', isYoung: true },
  { name: 'a maker of the future', ageFrom: 'Created', created: hoursAgo(-1), at: now, by: 'Untold', isYoung: true },
  { name: 'the year 1970', ageFrom: 'Created', created: new Date(0), at: now, by: 'Untold', isYoung: true },
  {
    name: 'seen before the maker was believed, who tells nothing',
    ageFrom: 'Created',
    before: seenAt(hoursAgo(3)),
    at: hoursAgo(3),
    by: 'Untold',
    isYoung: false,
  },
  {
    name: 'seen before the maker was believed',
    ageFrom: 'Created',
    before: seenAt(hoursAgo(3)),
    created: hoursAgo(1),
    at: hoursAgo(1),
    by: 'Created',
    isYoung: true,
  },
])('$name ($ageFrom): young $isYoung', async ({ ageFrom, before, created, at, by, isYoung }) => {
  const seen = new SeenVersions(before === undefined ? [] : [before]);
  const shelf = { findCreated: async () => created };
  const requirements = { minimumAgeMs: 2 * hourMs, ageFrom };

  const obstacle = await judgeAge({ requirements, seen, shelf, now }, version, signal);

  expect(obstacle?.kind).toBe(isYoung ? 'Young' : undefined);
  expect(seen.all).toEqual([{ ...version, at, by }]);
});

test('nobody is asked again whose clock is set', async () => {
  const seen = new SeenVersions([seenAt(hoursAgo(1), 'Untold')]);
  const shelf = { findCreated: () => Promise.reject(new Error('was asked')) };

  const obstacle = await judgeAge(
    { requirements: { minimumAgeMs: hourMs, ageFrom: 'Created' }, seen, shelf, now },
    version,
    signal,
  );

  expect(obstacle).toBeUndefined();
});
