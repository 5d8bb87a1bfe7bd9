import { expect, test } from 'vitest';
import { later, startOfTest } from '../../../test/fixtures.ts';
import { parseCron } from '../schedule/cron.ts';
import { timeZone } from '../schedule/time-zone.ts';
import { type Drill, type DrillRequest, drillNamespaceOf, expiryOf } from './drill.ts';
import { askedBy, type DrillWishes, dueDrill } from './due-drill.ts';

const hour = 3_600_000;
const hourly = { times: parseCron('@every 1h', 'x'), offsetAt: timeZone('UTC', 'x') };
const settings = { schedule: hourly, timeoutMs: 60_000 };
const request: DrillRequest = { text: 'one', by: 'ada', keep: false, timeoutMs: undefined };
const drill = (fields: Partial<Drill> = {}): Drill => ({
  ...{ step: 'Ended', namespace: 'n', checkpoint: 'shop-1', request: undefined, by: 'x', keep: false, tests: [] },
  ...{ startedAt: startOfTest, until: later(60_000), ...fields },
});
const ask = (wishes: Partial<DrillWishes>, atMs = 0) =>
  dueDrill(
    {
      ...{ settings: undefined, request: undefined, drill: undefined, isHeld: false, since: startOfTest, seed: 'a' },
      ...wishes,
    },
    later(atMs),
  );

test.each<[string, Partial<DrillWishes>, number, 'Due' | 'Later']>([
  ['nobody asks, and there is no schedule', {}, 0, 'Later'],
  ['somebody asks', { request }, 0, 'Due'],
  ['what was asked for was done', { request, drill: drill({ request: 'one' }) }, 0, 'Later'],
  ['something else was done', { request, drill: drill({ request: 'other' }) }, 0, 'Due'],
  ['somebody asks while one is under way', { request, drill: drill({ step: 'Test' }) }, 0, 'Later'],
  ['somebody asks, and the App is held', { request, isHeld: true }, 0, 'Due'],
  ['the schedule is due', { settings }, hour, 'Due'],
  ['the schedule is due, and the App is held', { settings, isHeld: true }, hour, 'Later'],
  [
    'the schedule was due when the last one began',
    { settings, drill: drill({ startedAt: later(hour) }) },
    hour,
    'Later',
  ],
])('%s', (_, wishes, atMs, expected) => {
  expect(ask(wishes, atMs).kind).toBe(expected);
});

test('what was asked for is not done again after a drill that nobody asked for', () => {
  const asked = drill(askedBy(request, undefined));
  const scheduled = drill({ ...askedBy(undefined, asked), startedAt: later(hour) });
  expect(scheduled).toMatchObject({ request: 'one', by: 'its schedule' });
  expect(ask({ settings, request, drill: scheduled }, hour).kind).toBe('Later');
});

test('times that were missed are made up for once', () => {
  expect(ask({ settings }, 50 * hour)).toEqual({ kind: 'Due', request: undefined });
  const next = ask({ settings, drill: drill({ startedAt: later(50 * hour) }) }, 50 * hour);
  expect(next.kind === 'Later' && next.at && next.at > later(50 * hour)).toBe(true);
});

test('the namespace is another for each drill and App, and fits whatever the App is called', () => {
  const app = { name: `${'a.b'.repeat(60)}`, uid: 'u' };
  const name = drillNamespaceOf(app, startOfTest);
  expect(name).toMatch(/^headgate-drill-[a-z0-9-]+-[0-9a-f]{10}$/);
  expect(name.length).toBeLessThanOrEqual(63);
  expect(drillNamespaceOf(app, startOfTest)).toBe(name);
  expect(drillNamespaceOf(app, later(1))).not.toBe(name);
  expect(drillNamespaceOf({ ...app, uid: 'v' }, startOfTest)).not.toBe(name);
});

test('what is left of a drill expires after it would have ended, and a day later where it is kept', () => {
  const until = later(60_000);
  expect(expiryOf({ keep: false, until })).toEqual(later(60_000 + hour));
  expect(expiryOf({ keep: true, until })).toEqual(later(60_000 + 24 * hour));
});
