import { describe, expect, test } from 'vitest';
import { parseCron } from './cron.ts';
import { nextTime } from './next-time.ts';
import { cronOfRule } from './recurrence-rule.ts';

describe('cronOfRule', () => {
  // From 2026-05-04T12:00:00Z, a Monday.
  test.each([
    ['FREQ=DAILY;BYHOUR=2;BYMINUTE=30', '0 30 2 * * *', '2026-05-05T02:30:00.000Z'],
    ['FREQ=WEEKLY;BYDAY=SA;BYHOUR=2;BYMINUTE=0', '0 0 2 * * sat', '2026-05-09T02:00:00.000Z'],
    ['RRULE:FREQ=WEEKLY;BYDAY=MO,TU;BYHOUR=1', '0 0 1 * * mon,tue', '2026-05-05T01:00:00.000Z'],
    ['FREQ=WEEKLY;WKST=MO;BYDAY=SU', '0 0 0 * * sun', '2026-05-10T00:00:00.000Z'],
    ['FREQ=MONTHLY;BYMONTHDAY=1,15;BYHOUR=3', '0 0 3 1,15 * *', '2026-05-15T03:00:00.000Z'],
    ['FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=24', '0 0 0 24 12 *', '2026-12-24T00:00:00.000Z'],
    ['FREQ=HOURLY;BYMINUTE=15', '0 15 * * * *', '2026-05-04T12:15:00.000Z'],
    ['freq=daily;interval=1', '0 0 0 * * *', '2026-05-05T00:00:00.000Z'],
  ])('%s is %s', (rule, cron, next) => {
    const written = cronOfRule(rule, 'rrule');
    const times = parseCron(written, 'rrule');

    expect(written).toBe(cron);
    expect(nextTime({ times, offsetAt: () => 0 }, new Date('2026-05-04T12:00:00Z'))?.toISOString()).toBe(next);
  });

  test.each([
    ['', '"" cannot be said'],
    ['FREQ=SECONDLY', 'FREQ is "SECONDLY"'],
    ['BYHOUR=2', 'FREQ is ""'],
    ['FREQ=DAILY;INTERVAL=2', 'INTERVAL counts from a start'],
    ['FREQ=DAILY;COUNT=3', '"COUNT" cannot be said by a window'],
    ['FREQ=DAILY;UNTIL=20270101T000000Z', '"UNTIL" cannot be said'],
    ['FREQ=MONTHLY;BYDAY=-1FR', 'BYDAY is "-1FR"'],
    ['FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13', 'together cannot be said'],
    ['FREQ=MONTHLY;BYMONTHDAY=-1', 'none of them negative'],
    ['FREQ=WEEKLY', 'needs BYDAY, because'],
    ['FREQ=MONTHLY', 'needs BYDAY or BYMONTHDAY'],
    ['FREQ=YEARLY;BYMONTHDAY=1', 'needs BYMONTH'],
    ['FREQ=DAILY;FREQ=DAILY', 'FREQ stands there twice'],
  ])('%s is refused: %s', (rule, problem) => {
    expect(() => cronOfRule(rule, 'spec.rrule')).toThrow(
      expect.objectContaining({ code: 'OBJECT_INVALID', message: expect.stringContaining(problem) }),
    );
  });
});
