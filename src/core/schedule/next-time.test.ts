import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseCron } from './cron.ts';
import { nextTime, type Schedule } from './next-time.ts';
import { timeZone } from './time-zone.ts';

function scheduleOf(cron: string, zone = 'UTC'): Schedule {
  return { times: parseCron(cron, 'cron'), offsetAt: timeZone(zone, 'zone') };
}

function next(cron: string, after: string, zone?: string): string | undefined {
  return nextTime(scheduleOf(cron, zone), new Date(after))?.toISOString().replace('.000Z', 'Z');
}

// Most of the rows are those of robfig/cron's own test (spec_test.go), of which rusenask/cron is a fork.
test.each([
  ['0 0/15 * * * *', '2012-07-09T14:45:00Z', '2012-07-09T15:00:00Z'],
  ['0 0/15 * * * *', '2012-07-09T14:59:59Z', '2012-07-09T15:00:00Z'],
  ['0 20-35/15 * * * *', '2012-07-09T15:45:00Z', '2012-07-09T16:20:00Z'],
  ['0 */15 * * * *', '2012-07-09T23:46:00Z', '2012-07-10T00:00:00Z'],
  ['0 20-35/15 * * * *', '2012-07-09T23:45:00Z', '2012-07-10T00:20:00Z'],
  ['15/35 20-35/15 * * * *', '2012-07-09T23:35:51Z', '2012-07-10T00:20:15Z'],
  ['15/35 20-35/15 1/2 * * *', '2012-07-09T23:35:51Z', '2012-07-10T01:20:15Z'],
  ['15/35 20-35/15 10-12 * * *', '2012-07-09T23:35:51Z', '2012-07-10T10:20:15Z'],
  ['15/35 20-35/15 1/2 */2 * *', '2012-07-09T23:35:51Z', '2012-07-11T01:20:15Z'],
  ['15/35 20-35/15 * 9-20 Jul *', '2012-07-09T23:35:51Z', '2012-07-10T00:20:15Z'],
  ['0 0 0 9 Apr-Oct ?', '2012-07-09T23:35:00Z', '2012-08-09T00:00:00Z'],
  ['0 0 0 */5 Apr,Aug,Oct Mon', '2012-07-09T23:35:00Z', '2012-08-06T00:00:00Z'],
  ['0 0 0 */5 Oct Mon', '2012-07-09T23:35:00Z', '2012-10-01T00:00:00Z'],
  ['0 0 0 * Feb Mon', '2012-07-09T23:35:00Z', '2013-02-04T00:00:00Z'],
  ['0 0 0 * Feb Mon/2', '2012-07-09T23:35:00Z', '2013-02-01T00:00:00Z'],
  ['* * * * * *', '2012-07-09T23:59:45.900Z', '2012-07-09T23:59:46Z'],
  ['0 0 0 29 Feb ?', '2012-07-09T23:35:00Z', '2016-02-29T00:00:00Z'],
  ['0 0 0 29 Feb ?', '2096-03-01T00:00:00Z', '2104-02-29T00:00:00Z'],
  ['0 0 0 30 Feb ?', '2012-07-09T23:35:00Z', undefined],
  ['0 0 0 31 Apr ?', '2012-07-09T23:35:00Z', undefined],
  // Either day fits when both are restricted.
  ['0 0 0 1,15 * Sun', '2012-07-09T00:00:00Z', '2012-07-15T00:00:00Z'],
  ['0 0 0 13 * fri', '2026-05-04T12:00:00Z', '2026-05-08T00:00:00Z'],
  // Five fields are those of crontab(5).
  ['30 2 * * mon-fri', '2026-05-08T03:00:00Z', '2026-05-11T02:30:00Z'],
  ['@hourly', '2026-05-04T12:00:00Z', '2026-05-04T13:00:00Z'],
  ['@daily', '2026-05-04T12:00:00Z', '2026-05-05T00:00:00Z'],
  ['@midnight', '2026-05-04T23:59:59.999Z', '2026-05-05T00:00:00Z'],
  ['@weekly', '2026-05-04T12:00:00Z', '2026-05-10T00:00:00Z'],
  ['@monthly', '2026-05-04T12:00:00Z', '2026-06-01T00:00:00Z'],
  ['@yearly', '2026-05-04T12:00:00Z', '2027-01-01T00:00:00Z'],
  ['@annually', '2026-05-04T12:00:00Z', '2027-01-01T00:00:00Z'],
  ['@every 10m', '2026-05-04T12:00:00Z', '2026-05-04T12:10:00Z'],
  ['@every 1h30m', '2026-05-04T12:00:01Z', '2026-05-04T13:30:00Z'],
  ['@every 1.5s', '2026-05-04T12:00:00Z', '2026-05-04T12:00:01Z'],
  ['@every 3ms', '2026-05-04T12:00:00Z', '2026-05-04T12:00:01Z'],
])('%s after %s is %s', (cron, after, expected) => {
  expect(next(cron, after)?.slice(0, 19)).toBe(expected?.slice(0, 19));
});

describe('in a time zone', () => {
  test.each([
    ['0 0 3 * * *', 'Europe/Amsterdam', '2026-01-10T00:00:00Z', '2026-01-10T02:00:00Z'],
    ['0 0 3 * * *', 'Europe/Amsterdam', '2026-07-10T00:00:00Z', '2026-07-10T01:00:00Z'],
    ['0 0 3 * * *', 'Asia/Kathmandu', '2026-07-10T00:00:00Z', '2026-07-10T21:15:00Z'],
    ['0 0 0 1 1 *', 'Pacific/Auckland', '2026-07-10T00:00:00Z', '2026-12-31T11:00:00Z'],
    // Clocks jump from 2:00 to 3:00: half past two is due at the jump, and the day after as always.
    ['0 30 2 * * *', 'Europe/Amsterdam', '2026-03-28T12:00:00Z', '2026-03-29T01:00:00Z'],
    ['0 30 2 * * *', 'Europe/Amsterdam', '2026-03-29T01:00:00Z', '2026-03-30T00:30:00Z'],
    ['0 30 * * * *', 'Europe/Amsterdam', '2026-03-29T00:30:00Z', '2026-03-29T01:30:00Z'],
    // Clocks go back from 3:00 to 2:00: half past two comes once, what is hourly goes on.
    ['0 30 2 * * *', 'Europe/Amsterdam', '2026-10-24T12:00:00Z', '2026-10-25T00:30:00Z'],
    ['0 30 2 * * *', 'Europe/Amsterdam', '2026-10-25T00:30:00Z', '2026-10-26T01:30:00Z'],
    ['0 30 2 * * *', 'Europe/Amsterdam', '2026-10-25T01:10:00Z', '2026-10-26T01:30:00Z'],
    ['0 30 * * * *', 'Europe/Amsterdam', '2026-10-25T00:30:00Z', '2026-10-25T01:30:00Z'],
    ['0 15 2 * * *', 'Australia/Lord_Howe', '2026-10-03T12:00:00Z', '2026-10-03T15:30:00Z'],
  ])('%s in %s after %s is %s', (cron, zone, after, expected) => {
    expect(next(cron, after, zone)).toBe(expected);
  });

  test('a zone that is none is named', () => {
    expect(() => timeZone('Mars/Olympus', 'spec.schedule.timeZone')).toThrow(
      'spec.schedule.timeZone: "Mars/Olympus" is not a time zone; write for example UTC or Europe/Amsterdam',
    );
  });
});

const field = fc.constantFrom('*', '*/7', '0', '5', '1-4', '3,9', '2/3');
const anyCron = fc
  .tuple(field, field, field, fc.constantFrom('*', '1', '*/9', '31'), fc.constantFrom('*', '2', 'mar-oct'), field)
  .map(([second, minute, hour, day, month, week]) =>
    [second, minute, hour, day, month, week === '3,9' ? '3' : week].join(' '),
  );
const anyTime = fc.date({ min: new Date('2020-01-01'), max: new Date('2035-01-01'), noInvalidDate: true });
const anyZone = fc.constantFrom(
  'UTC',
  'Europe/Amsterdam',
  'America/St_Johns',
  'Australia/Lord_Howe',
  'Africa/Casablanca',
);

test('the next time is later, and asking from just before it gives it again', () => {
  fc.assert(
    fc.property(anyCron, anyTime, anyZone, (cron, after, zone) => {
      const schedule = scheduleOf(cron, zone);
      const found = nextTime(schedule, after);
      fc.pre(found !== undefined);

      expect(found.getTime()).toBeGreaterThan(after.getTime());
      expect(nextTime(schedule, new Date(found.getTime() - 1))).toEqual(found);
    }),
    { numRuns: 300 },
  );
});

test('@every keeps its beat whatever process asks, and seeds spread it', () => {
  fc.assert(
    fc.property(fc.string(), anyTime, fc.integer({ min: 0, max: 86_400_000 }), (seed, first, laterMs) => {
      const schedule = scheduleOf('@every 7m');
      const beat = nextTime(schedule, first, seed)?.getTime() ?? 0;
      const later = nextTime(schedule, new Date(first.getTime() + laterMs), seed)?.getTime() ?? 0;

      expect((later - beat) % 420_000).toBe(0);
    }),
  );
  const beats = Array.from({ length: 100 }, (_, index) =>
    nextTime(scheduleOf('@every 10m'), new Date('2026-05-04T12:00:00Z'), `uid-${index}`)?.getTime(),
  );
  expect(new Set(beats).size).toBeGreaterThan(90);
});
