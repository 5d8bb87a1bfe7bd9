import fc from 'fast-check';
import { expect, test } from 'vitest';
import { later, startOfTest } from '../../../test/fixtures.ts';
import type { Channel, Notice } from './notice.ts';
import { type Delivery, dueBatches, enlist, mostPerMinute, nextDue, type Outbox, settled } from './outbox.ts';

const minute = 60_000;
const hour = 60 * minute;

function notice(id: string, fields: Partial<Notice> = {}): Notice {
  return {
    ...{ id, event: 'Succeeded', level: 'Success', at: startOfTest, namespace: 'demo', app: 'web', update: 'web-1' },
    ...{ versions: 'web 1.0.0 -> 1.1.0', message: 'healthy', releaseNotes: undefined, ...fields },
  } as Notice;
}

function channel(fields: Partial<Channel> = {}): Channel {
  const values = { kind: 'Given', values: new Map() } as const;
  return {
    name: 'ops',
    kind: 'Slack',
    level: 'Info',
    digestAtMinute: undefined,
    title: '',
    text: '',
    values,
    ...fields,
  };
}

const ops = channel();
const want = (...notices: readonly Notice[]) => notices.map((one) => ({ notice: one, channel: ops }));

test('the same notice is enlisted once for a channel, also after it was sent', () => {
  const once = enlist([], want(notice('a')), startOfTest);
  const [batch] = dueBatches(once, [ops], startOfTest);
  const sent = batch ? settled(once, batch, { kind: 'Sent' }, later(1_000)) : once;

  expect(enlist(once, want(notice('a')), startOfTest)).toBe(once);
  expect(enlist(sent, want(notice('a')), later(2_000))).toBe(sent);
  expect(dueBatches(sent, [ops], later(hour))).toEqual([]);
  expect(nextDue(sent, [ops], later(2_000))).toBeUndefined();
});

test.each([
  ['Info', 'Warning', 0],
  ['Warning', 'Warning', 1],
  ['Error', 'Warning', 1],
  ['Success', 'Info', 1],
] as const)('of level %s on a channel from %s: %i', (level, least, count) => {
  const wanted = [{ notice: notice('a', { level }), channel: channel({ level: least }) }];

  expect(enlist([], wanted, startOfTest)).toHaveLength(count);
});

const alarms = channel({ name: 'alarms', kind: 'Alertmanager', level: 'Warning' });
const alarm = (id: string, level: Notice['level'], fields: Partial<Notice> = {}) => ({
  notice: notice(id, { level, ...fields }),
  channel: alarms,
});
const openOf = (outbox: Outbox) => outbox.filter(({ state }) => state === 'Open').map(({ id }) => id);

test('an alert ends whatever the level of its channel', () => {
  const fired = enlist([], [alarm('a', 'Warning')], startOfTest);
  const [batch] = dueBatches(fired, [alarms], startOfTest);
  const sent = batch ? settled(fired, batch, { kind: 'Sent' }, startOfTest) : fired;

  expect(openOf(enlist(sent, [alarm('b', 'Success')], later(1_000)))).toEqual(['b']);
});

test('an alert that is over before it could be told is not told afterwards, where it would fire again', () => {
  const [fired, other] = [alarm('a', 'Warning'), alarm('b', 'Warning', { app: 'db' })];
  const open = enlist([], [fired, other], startOfTest);
  const [batch] = dueBatches(open, [alarms], startOfTest);
  const failed = batch
    ? settled(open, batch, { kind: 'Failed', message: 'down', retryAfterMs: undefined }, startOfTest)
    : [];

  const outbox = enlist(failed, [fired, other, alarm('c', 'Info'), alarm('d', 'Success')], later(1_000));

  expect(openOf(outbox)).toEqual(['b', 'd']);
  expect(outbox[0]).toMatchObject({ state: 'GivenUp', problem: 'a newer notice of the same took its place' });
});

test('what happened more than an hour before anybody looked is not told', () => {
  expect(enlist([], want(notice('a')), later(hour - 1))).toHaveLength(1);
  expect(enlist([], want(notice('a')), later(hour))).toEqual([]);
});

test('a failed attempt is made again later and later, and a last time', () => {
  let outbox = enlist([], want(notice('a')), startOfTest);
  const waits: number[] = [];
  let now = startOfTest;
  for (let count = 0; count < 20; count += 1) {
    const due = nextDue(outbox, [ops], now);
    if (due === undefined) {
      break;
    }
    waits.push((due.getTime() - now.getTime()) / 1_000);
    now = due;
    const [batch] = dueBatches(outbox, [ops], now);
    outbox = batch ? settled(outbox, batch, { kind: 'Failed', message: 'down', retryAfterMs: undefined }, now) : outbox;
  }

  expect(waits).toEqual([0, 15, 30, 60, 120, 240, 480, 960, 1_920, 3_600, 3_600, 3_600]);
  expect(outbox).toMatchObject([{ state: 'GivenUp', attempts: 12, problem: 'down' }]);
});

test('a service that says when is asked then', () => {
  const outbox = enlist([], want(notice('a')), startOfTest);
  const [batch] = dueBatches(outbox, [ops], startOfTest);
  const delivery: Delivery = { kind: 'Failed', message: '429', retryAfterMs: 42_000 };

  expect(nextDue(batch ? settled(outbox, batch, delivery, startOfTest) : [], [ops], startOfTest)).toEqual(
    later(42_000),
  );
});

test('a storm is told twenty a minute', () => {
  const notices = Array.from({ length: 50 }, (_, index) => notice(String(index)));
  let outbox = enlist([], want(...notices), startOfTest);
  const sentAt: number[] = [];
  let now = startOfTest;
  for (let due: Date | undefined = now; due !== undefined; due = nextDue(outbox, [ops], now)) {
    now = new Date(Math.max(due.getTime(), now.getTime()));
    for (const batch of dueBatches(outbox, [ops], now)) {
      sentAt.push((now.getTime() - startOfTest.getTime()) / minute);
      outbox = settled(outbox, batch, { kind: 'Sent' }, now);
    }
  }

  expect(sentAt).toEqual([...Array(20).fill(0), ...Array(20).fill(1), ...Array(10).fill(2)]);
});

test('a digest is one message at its time of the day', () => {
  // The test starts at noon.
  const daily = channel({ digestAtMinute: 8 * 60 });
  const wanted = ['a', 'b'].map((id) => ({ notice: notice(id), channel: daily }));
  const outbox = enlist([], wanted, startOfTest);

  expect(nextDue(outbox, [daily], startOfTest)).toEqual(new Date('2026-05-05T08:00:00Z'));
  expect(dueBatches(outbox, [daily], later(19 * hour))).toEqual([]);
  expect(dueBatches(outbox, [daily], later(20 * hour)).map(({ entries }) => entries.map(({ id }) => id))).toEqual([
    ['a', 'b'],
  ]);
});

test('it never grows without bound, and keeps what is still to be told before what was', () => {
  const notices = Array.from({ length: 600 }, (_, index) => notice(String(index)));
  const full = enlist([], want(...notices), startOfTest);

  expect(full).toHaveLength(400);
  expect(full.at(-1)?.id).toBe('599');
});

/** A teller that sends, fails, or dies after it has sent and before it could write so. */
class Teller {
  readonly told = new Map<string, number>();
  outbox: Outbox = [];
  now = startOfTest;
  kills = 0;
  readonly notices: readonly Notice[];

  constructor(count: number) {
    this.notices = Array.from({ length: count }, (_, index) => notice(String(index)));
  }

  act(what: 'sends' | 'fails' | 'dies' | 'waits'): void {
    this.now = what === 'waits' ? new Date(this.now.getTime() + minute) : this.now;
    this.outbox = enlist(this.outbox, want(...this.notices), this.now);
    for (const batch of dueBatches(this.outbox, [ops], this.now)) {
      const id = batch.entries[0]?.id ?? '';
      this.told.set(id, (this.told.get(id) ?? 0) + (what === 'fails' ? 0 : 1));
      this.kills += what === 'dies' ? 1 : 0;
      const failed: Delivery = { kind: 'Failed', message: 'no', retryAfterMs: undefined };
      const delivery: Delivery = what === 'fails' ? failed : { kind: 'Sent' };
      this.outbox = what === 'dies' ? this.outbox : settled(this.outbox, batch, delivery, this.now);
    }
  }

  settle(): void {
    for (let due = nextDue(this.outbox, [ops], this.now); due; due = nextDue(this.outbox, [ops], this.now)) {
      this.now = new Date(Math.max(due.getTime(), this.now.getTime()));
      this.act('sends');
    }
    this.act('sends');
  }
}

test('whatever fails, and whenever it is killed before it could write, each notice is told, and told once if it was not killed', () => {
  const acts = fc.array(fc.constantFrom('sends', 'fails', 'dies', 'waits'), { maxLength: 11 });
  fc.assert(
    fc.property(acts, fc.integer({ min: 1, max: 5 }), (given, count) => {
      const teller = new Teller(count);
      for (const what of given) {
        teller.act(what);
      }
      teller.settle();
      expect(teller.told.size).toBe(count);
      expect([...teller.told.values()].reduce((sum, one) => sum + one, 0)).toBe(count + teller.kills);
    }),
    { numRuns: 500 },
  );
});

test('the limit is what the test above counts with', () => {
  expect(mostPerMinute).toBe(20);
});
