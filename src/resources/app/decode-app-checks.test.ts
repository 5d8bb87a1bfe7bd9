import { expect, test } from 'vitest';
import { nextTime } from '../../core/schedule/next-time.ts';
import { decodeChecks } from './decode-app-checks.ts';

const rest = { sources: [], deploy: {} };

test('a schedule with its time zone', () => {
  const checks = decodeChecks({ ...rest, schedule: { cron: '0 0 3 * * *', timeZone: 'Europe/Amsterdam' } });

  expect(checks).toMatchObject({ kind: 'Schedule', text: '0 0 3 * * * (Europe/Amsterdam)' });
  const next = checks.kind === 'Schedule' ? nextTime(checks.schedule, new Date('2026-07-10T00:00:00Z')) : undefined;
  expect(next?.toISOString()).toBe('2026-07-10T01:00:00.000Z');
});

test.each<[Parameters<typeof decodeChecks>[0], string]>([
  [{ ...rest }, 'Interval'],
  [{ ...rest, trigger: 'Poll' }, 'Interval'],
  [{ ...rest, trigger: 'Poll', schedule: { cron: '@hourly' } }, 'Schedule'],
  [{ ...rest, trigger: 'Webhook' }, 'Webhook'],
])('%o looks by %s', (spec, kind) => {
  expect(decodeChecks(spec).kind).toBe(kind);
});

test.each<[Parameters<typeof decodeChecks>[0], string]>([
  [{ ...rest, schedule: { cron: 'daily' } }, 'spec.schedule.cron: "daily" has 1 fields'],
  [{ ...rest, schedule: { cron: '@daily', timeZone: 'Mars' } }, 'spec.schedule.timeZone: "Mars" is not a time zone'],
  [
    { ...rest, schedule: { cron: '@daily' }, trigger: 'Webhook' },
    'spec.schedule: cannot stand beside trigger "Webhook"',
  ],
])('%o is refused: %s', (spec, problem) => {
  expect(() => decodeChecks(spec)).toThrow(problem);
});
