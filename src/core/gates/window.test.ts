import { describe, expect, test } from 'vitest';
import { parseCron } from '../schedule/cron.ts';
import { timeZone } from '../schedule/time-zone.ts';
import { judgeWindows, type Window } from './window.ts';

const hourMs = 3_600_000;

function window(kind: Window['kind'], cron: string, hours: number, zone = 'UTC'): Window {
  const opens = { times: parseCron(cron, 'cron'), offsetAt: timeZone(zone, 'timeZone') };
  return { kind, opens, durationMs: hours * hourMs, text: `${cron} for ${hours}h` };
}

const nightly = window('Allow', '0 2 * * *', 2);
const weekend = window('Deny', '0 0 * * sat', 48);
const always = window('Deny', '0 0 * * *', 24);
const never = window('Allow', '0 0 30 2 *', 1);

describe('judgeWindows', () => {
  // 2026-05-04 is a Monday.
  test.each([
    { name: 'no window', windows: [], now: '2026-05-04T12:00:00Z', expected: 'open' },
    {
      name: 'before an Allow window',
      windows: [nightly],
      now: '2026-05-04T01:59:59Z',
      expected: 'closed until 2026-05-04T02:00:00.000Z',
    },
    {
      name: 'when it opens',
      windows: [nightly],
      now: '2026-05-04T02:00:00Z',
      expected: 'open until 2026-05-04T04:00:00.000Z',
    },
    { name: 'in it', windows: [nightly], now: '2026-05-04T03:59:59Z', expected: 'open until 2026-05-04T04:00:00.000Z' },
    {
      name: 'when it ends',
      windows: [nightly],
      now: '2026-05-04T04:00:00Z',
      expected: 'closed until 2026-05-05T02:00:00.000Z',
    },
    {
      name: 'in a Deny window',
      windows: [weekend],
      now: '2026-05-09T12:00:00Z',
      expected: 'closed until 2026-05-11T00:00:00.000Z',
    },
    {
      name: 'before a Deny window',
      windows: [weekend],
      now: '2026-05-08T12:00:00Z',
      expected: 'open until 2026-05-09T00:00:00.000Z',
    },
    {
      name: 'Deny over Allow: the night of Monday is next',
      windows: [nightly, weekend],
      now: '2026-05-09T02:30:00Z',
      expected: 'closed until 2026-05-11T02:00:00.000Z',
    },
    {
      name: 'Deny that begins within Allow',
      windows: [nightly, window('Deny', '0 3 * * *', 5)],
      now: '2026-05-04T02:30:00Z',
      expected: 'open until 2026-05-04T03:00:00.000Z',
    },
    {
      name: 'two Allow windows that touch are one',
      windows: [nightly, window('Allow', '0 4 * * *', 1)],
      now: '2026-05-04T02:30:00Z',
      expected: 'open until 2026-05-04T05:00:00.000Z',
    },
    {
      name: 'one that opens again before it has closed',
      windows: [window('Allow', '0 */2 * * *', 3)],
      now: '2026-05-04T02:30:00Z',
      expected: 'open',
    },
    { name: 'one that never opens', windows: [never], now: '2026-05-04T12:00:00Z', expected: 'closed' },
    {
      name: 'an Allow window that a Deny window always covers',
      windows: [nightly, always],
      now: '2026-05-04T12:00:00Z',
      expected: 'closed',
    },
    {
      name: 'the night on which clocks go forward: two hours of real time',
      windows: [window('Allow', '30 1 * * *', 2, 'Europe/Amsterdam')],
      now: '2026-03-29T00:45:00Z',
      expected: 'open until 2026-03-29T02:30:00.000Z',
    },
    {
      name: 'an opening that clocks jump over begins at the jump',
      windows: [window('Allow', '30 2 * * *', 1, 'Europe/Amsterdam')],
      now: '2026-03-29T00:59:00Z',
      expected: 'closed until 2026-03-29T01:00:00.000Z',
    },
    {
      name: 'the night on which clocks go back: once, two hours of real time',
      windows: [window('Allow', '30 2 * * *', 2, 'Europe/Amsterdam')],
      now: '2026-10-25T00:45:00Z',
      expected: 'open until 2026-10-25T02:30:00.000Z',
    },
  ])('$name', ({ windows, now, expected }) => {
    const state = judgeWindows(windows, new Date(now));
    const until = state.kind === 'Open' ? state.closesAt : state.opensAt;

    expect(`${state.kind.toLowerCase()}${until ? ` until ${until.toISOString()}` : ''}`).toBe(expected);
  });

  test('says which window is in the way', () => {
    expect(judgeWindows([weekend], new Date('2026-05-09T12:00:00Z'))).toMatchObject({
      because: 'the Deny window "0 0 * * sat for 48h" is open',
    });
    expect(judgeWindows([nightly], new Date('2026-05-09T12:00:00Z'))).toMatchObject({
      because: 'no Allow window is open; there is "0 2 * * * for 2h"',
    });
  });
});
