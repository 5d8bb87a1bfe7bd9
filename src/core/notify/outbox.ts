/**
 * What is still to be told, and what was told lately, of one namespace. Pure. It is written down before the first attempt and after each, so that
 * a restart neither loses nor repeats a notice, except for one that was on its way.
 */
import { alertNameOf, type Channel, endsAlert, isAtLeast, type Notice } from './notice.ts';

export interface OutboxEntry {
  /** Of the notice. */
  readonly id: string;
  readonly channel: string;
  readonly notice: Notice;
  readonly state: 'Open' | 'Sent' | 'GivenUp';
  readonly attempts: number;
  /** When it may be sent; of one that was sent, when it was. */
  readonly at: Date;
  /** What came of the last attempt that failed. */
  readonly problem?: string;
}

export type Outbox = readonly OutboxEntry[];

/** Older events are not told any more: whoever hears of them first after a day of silence has no use for them. */
const longestAgeMs = 24 * 3_600_000;
/** For a controller that was away: what happened before it came, and was not written down. */
const longestUnseenMs = 3_600_000;
const firstRetryMs = 15_000;
const longestRetryMs = 3_600_000;
const mostAttempts = 12;
const dayMs = 24 * 3_600_000;
const minuteMs = 60_000;
/** Notices of one channel in a minute; a storm is told later, and nobody is shut out by the service. */
export const mostPerMinute = 20;
const mostEntries = 400;

/** Adds what is not there yet. @returns the same outbox when there is nothing new */
export function enlist(
  outbox: Outbox,
  wanted: readonly { readonly notice: Notice; readonly channel: Channel }[],
  now: Date,
): Outbox {
  const known = new Set(outbox.map(keyOf));
  const fresh = wanted
    .filter(({ notice, channel }) => isToldBy(channel, notice))
    .filter(({ notice, channel }) => !known.has(keyOf({ id: notice.id, channel: channel.name })))
    .filter(({ notice }) => now.getTime() - notice.at.getTime() < longestUnseenMs)
    .map(({ notice, channel }): OutboxEntry => {
      const at = channel.digestAtMinute === undefined ? now : nextDigest(channel.digestAtMinute, now);
      return { id: notice.id, channel: channel.name, notice, state: 'Open', attempts: 0, at };
    });
  const alerting = wanted.filter(({ channel }) => channel.kind === 'Alertmanager').map(({ channel }) => channel.name);
  return fresh.length === 0 ? outbox : prune(withoutOvertaken([...outbox, ...fresh], new Set(alerting), now), now);
}

/** An alert that nobody ends would fire for a day, so that its end is told whatever the level. */
function isToldBy({ kind, level }: Channel, notice: Notice): boolean {
  return isAtLeast(notice.level, level) || (kind === 'Alertmanager' && endsAlert(notice));
}

/** An alert is a state and not a story: one that is told after what ended it would fire again. */
function withoutOvertaken(outbox: Outbox, alerting: ReadonlySet<string>, now: Date): Outbox {
  const placeOf = ({ channel, notice }: OutboxEntry) => `${channel} ${alertNameOf(notice)} ${notice.app}`;
  const newest = new Map(outbox.map((entry) => [placeOf(entry), entry]));
  return outbox.map((entry) =>
    entry.state === 'Open' && alerting.has(entry.channel) && newest.get(placeOf(entry)) !== entry
      ? { ...entry, state: 'GivenUp', at: now, problem: 'a newer notice of the same took its place' }
      : entry,
  );
}

/** The next time of that minute of the day. */
function nextDigest(minute: number, now: Date): Date {
  const midnight = Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate());
  const today = midnight + minute * minuteMs;
  return new Date(today > now.getTime() ? today : today + dayMs);
}

export interface Batch {
  readonly channel: string;
  /** One, or all of a digest. */
  readonly entries: readonly OutboxEntry[];
}

/** What is to be sent now: of a digest all at once, of the others the oldest first and as many as a minute allows. */
export function dueBatches(outbox: Outbox, channels: readonly Channel[], now: Date): readonly Batch[] {
  return channels.flatMap((channel) => {
    const open = outbox.filter((entry) => entry.channel === channel.name && entry.state === 'Open' && entry.at <= now);
    if (open.length === 0) {
      return [];
    }
    if (channel.digestAtMinute !== undefined) {
      return [{ channel: channel.name, entries: open }];
    }
    const room = Math.max(0, mostPerMinute - sentLately(outbox, channel.name, now).length);
    return open.slice(0, room).map((entry) => ({ channel: channel.name, entries: [entry] }));
  });
}

/** When something is to be sent next; undefined: nothing is left. */
export function nextDue(outbox: Outbox, channels: readonly Channel[], now: Date): Date | undefined {
  const times = channels.flatMap((channel) => {
    const open = outbox.filter((entry) => entry.channel === channel.name && entry.state === 'Open');
    const soonest = Math.min(...open.map(({ at }) => at.getTime()));
    const lately = sentLately(outbox, channel.name, now);
    const isFull = channel.digestAtMinute === undefined && lately.length >= mostPerMinute;
    const free = isFull ? Math.min(...lately.map(({ at }) => at.getTime())) + minuteMs : 0;
    return open.length === 0 ? [] : [Math.max(soonest, free)];
  });
  return times.length === 0 ? undefined : new Date(Math.min(...times));
}

function sentLately(outbox: Outbox, channel: string, now: Date): Outbox {
  const since = now.getTime() - minuteMs;
  return outbox.filter((entry) => entry.channel === channel && entry.state === 'Sent' && entry.at.getTime() > since);
}

export type Delivery =
  | { readonly kind: 'Sent' }
  /** @property retryAfterMs where the service says so */
  | { readonly kind: 'Failed'; readonly message: string; readonly retryAfterMs: number | undefined }
  /** Trying again cannot help. */
  | { readonly kind: 'Refused'; readonly message: string };

/** The outbox after an attempt. */
export function settled(outbox: Outbox, batch: Batch, delivery: Delivery, now: Date): Outbox {
  const keys = new Set(batch.entries.map(keyOf));
  const next = outbox.map((entry) => (keys.has(keyOf(entry)) ? settle(entry, delivery, now) : entry));
  return prune(next, now);
}

function settle(entry: OutboxEntry, delivery: Delivery, now: Date): OutboxEntry {
  const attempts = entry.attempts + 1;
  if (delivery.kind === 'Sent') {
    const { problem: _, ...rest } = entry;
    return { ...rest, state: 'Sent', attempts, at: now };
  }
  const isOver = now.getTime() - entry.notice.at.getTime() > longestAgeMs + dayMs;
  if (delivery.kind === 'Refused' || attempts >= mostAttempts || isOver) {
    return { ...entry, state: 'GivenUp', attempts, at: now, problem: delivery.message };
  }
  const waitMs = delivery.retryAfterMs ?? Math.min(longestRetryMs, firstRetryMs * 2 ** entry.attempts);
  return { ...entry, attempts, at: new Date(now.getTime() + waitMs), problem: delivery.message };
}

/** What was told stays for as long as it could be enlisted again; of too many the oldest that are done go first. */
function prune(outbox: Outbox, now: Date): Outbox {
  const keptMs = longestUnseenMs + minuteMs;
  const kept = outbox.filter(({ state, at }) => state === 'Open' || now.getTime() - at.getTime() < keptMs);
  const surplus = kept.length - mostEntries;
  if (surplus <= 0) {
    return kept;
  }
  const done = kept.filter(({ state }) => state !== 'Open').slice(0, surplus);
  const gone = new Set([...done, ...kept.filter(({ state }) => state === 'Open').slice(0, surplus - done.length)]);
  return kept.filter((entry) => !gone.has(entry));
}

function keyOf({ id, channel }: Pick<OutboxEntry, 'id' | 'channel'>): string {
  return `${id} ${channel}`;
}
