import { expect, test } from 'vitest';
import { judgeWindows } from '../../core/gates/window.ts';
import type { AppSpecWire } from './app.ts';
import { decodeGates } from './decode-gates.ts';

type GatesWire = NonNullable<AppSpecWire['gates']>;

const decode = (gates: GatesWire) => decodeGates({ sources: [], deploy: {}, gates });

test('says nothing: nothing is asked', () => {
  expect(decodeGates({ sources: [], deploy: {} })).toEqual({
    approvals: undefined,
    windows: [],
    atWindowEnd: 'Finish',
    coolDown: { afterSuccessMs: 0, afterFailureMs: 0 },
    maxRollbacks: 5,
    vetoes: [],
    after: [],
    preflight: { checks: undefined, dataVersion: undefined },
  });
});

test.each([
  [{}, undefined],
  [{ approvals: { required: 0 } }, undefined],
  [{ approvals: { required: 1 } }, { required: 1, deadlineMs: 86_400_000 }],
  [{ approvals: { required: 2, deadline: '1h' } }, { required: 2, deadlineMs: 3_600_000 }],
])('%o: approvals %o', (gates, approvals) => {
  expect(decode(gates).approvals).toEqual(approvals);
});

test.each([
  [{ cron: '0 2 * * *' }, '0 2 * * * for 2h', '2026-05-05T02:00:00.000Z'],
  [{ days: ['Sat', 'Sun'], startTime: '03:30' }, 'Sat, Sun at 03:30 for 2h', '2026-05-09T03:30:00.000Z'],
  [{ startTime: '03:30' }, 'daily at 03:30 for 2h', '2026-05-05T03:30:00.000Z'],
  [{ rrule: 'FREQ=WEEKLY;BYDAY=SA;BYHOUR=2' }, 'FREQ=WEEKLY;BYDAY=SA;BYHOUR=2 for 2h', '2026-05-09T02:00:00.000Z'],
  [
    { cron: '0 2 * * *', timeZone: 'Europe/Amsterdam' },
    '0 2 * * * (Europe/Amsterdam) for 2h',
    '2026-05-05T00:00:00.000Z',
  ],
] as const)('window %j is "%s" and opens at %s', (opening, text, opensAt) => {
  const { windows } = decode({ windows: [{ kind: 'Allow', duration: '2h', ...opening }] } as GatesWire);

  expect(windows.map((window) => window.text)).toEqual([text]);
  expect(judgeWindows(windows, new Date('2026-05-04T12:00:00Z'))).toMatchObject({ opensAt: new Date(opensAt) });
});

test.each([
  [{ duration: '2h' }, 'windows[0]: exactly one of cron, startTime and rrule'],
  [{ duration: '2h', cron: '@daily', startTime: '02:00' }, 'windows[0]: exactly one of cron, startTime and rrule'],
  [{ duration: '2h', cron: '@daily', days: ['Mon'] }, 'windows[0].days: goes with startTime'],
  [{ duration: '2h', cron: 'whenever' }, 'windows[0].cron: "whenever"'],
  [{ duration: '2h', rrule: 'FREQ=DAILY;COUNT=1' }, 'windows[0].rrule: "COUNT"'],
  [{ duration: '2h', cron: '@daily', timeZone: 'Mars' }, 'windows[0].timeZone: "Mars" is not a time zone'],
  [{ duration: '0s', cron: '@daily' }, 'windows[0].duration: "0s" never opens'],
  [{ duration: 'long', cron: '@daily' }, 'windows[0].duration: "long"'],
])('window %j is refused: %s', (window, problem) => {
  const windows = [{ kind: 'Allow', ...window }];

  expect(() => decode({ windows } as GatesWire)).toThrow(
    expect.objectContaining({ code: 'OBJECT_INVALID', message: expect.stringContaining(`spec.gates.${problem}`) }),
  );
});

test('two wrong windows are told at once', () => {
  const windows = [
    { kind: 'Deny' as const, duration: '1h' },
    { kind: 'Allow' as const, duration: '1h', cron: 'x' },
  ];

  expect(() => decode({ windows })).toThrow(/windows\[0\].*windows\[1\].cron/s);
});
