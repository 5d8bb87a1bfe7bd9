/** Windows against a clock that is asked every minute, through every change of clocks of several zones. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseCron } from '../schedule/cron.ts';
import { timeZone } from '../schedule/time-zone.ts';
import { judgeWindows, type Window } from './window.ts';

const minuteMs = 60_000;
const zones = ['UTC', 'Europe/Amsterdam', 'America/New_York', 'Australia/Lord_Howe', 'Pacific/Apia', 'Asia/Kathmandu'];

const windows = fc.array(
  fc.record({
    kind: fc.constantFrom('Allow' as const, 'Deny' as const),
    minute: fc.constantFrom(0, 15, 30),
    hour: fc.integer({ min: 0, max: 23 }),
    weekday: fc.constantFrom('*', 'mon-fri', 'sat,sun', 'tue'),
    durationMinutes: fc.integer({ min: 1, max: 48 * 60 }),
    zone: fc.constantFrom(...zones),
  }),
  { maxLength: 4 },
);

/** Days around changes of clocks: Amsterdam, New York, Lord Howe (half an hour). */
const days = fc.constantFrom(
  '2026-03-28',
  '2026-10-24',
  '2026-03-07',
  '2026-10-31',
  '2026-04-04',
  '2026-10-03',
  '2026-06-15',
);

test('what is said to close or open does so then, and not a minute before', () => {
  fc.assert(
    fc.property(windows, days, fc.integer({ min: 0, max: 2 * 24 * 60 }), (written, day, offsetMinutes) => {
      const all = written.map(toWindow);
      const now = new Date(Date.parse(`${day}T00:00:00Z`) + offsetMinutes * minuteMs);

      const state = judgeWindows(all, now);
      const changesAt = state.kind === 'Open' ? state.closesAt : state.opensAt;

      if (changesAt !== undefined) {
        expect(changesAt.getTime()).toBeGreaterThan(now.getTime());
        expect(judgeWindows(all, changesAt).kind).not.toBe(state.kind);
        for (const share of [0.1, 0.5, 0.9, 0.999]) {
          const between = new Date(now.getTime() + (changesAt.getTime() - now.getTime()) * share);
          expect(judgeWindows(all, between).kind).toBe(state.kind);
        }
      }
    }),
    { numRuns: 300 },
  );
});

test('an opening lasts as long as it says, whatever clocks do', () => {
  fc.assert(
    fc.property(windows, days, (written, day) => {
      const [first] = written.filter(({ durationMinutes }) => durationMinutes < 23 * 60);
      if (!first) {
        return;
      }
      const window = toWindow({ ...first, kind: 'Allow' });
      const before = judgeWindows([window], new Date(`${day}T00:00:00Z`));
      const opensAt = before.kind === 'Open' ? before.closesAt : before.opensAt;
      const opened = opensAt && judgeWindows([window], opensAt);
      if (opened?.kind === 'Open') {
        expect((opened.closesAt?.getTime() ?? 0) - (opensAt?.getTime() ?? 0)).toBe(window.durationMs);
      }
    }),
    { numRuns: 300 },
  );
});

function toWindow({ kind, minute, hour, weekday, durationMinutes, zone }: Parameters<typeof fields>[0]): Window {
  return fields({ kind, minute, hour, weekday, durationMinutes, zone });
}

function fields(of: {
  readonly kind: 'Allow' | 'Deny';
  readonly minute: number;
  readonly hour: number;
  readonly weekday: string;
  readonly durationMinutes: number;
  readonly zone: string;
}): Window {
  const cron = `${of.minute} ${of.hour} * * ${of.weekday}`;
  return {
    kind: of.kind,
    opens: { times: parseCron(cron, 'cron'), offsetAt: timeZone(of.zone, 'timeZone') },
    durationMs: of.durationMinutes * minuteMs,
    text: cron,
  };
}
