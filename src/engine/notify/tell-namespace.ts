/** Tells what there is to tell of the Updates and Channels of one namespace: level by level from their journals, so that a restart loses nothing. */

import type { Notify } from '../../core/app/app.ts';
import { describeError, isOperationError } from '../../core/errors.ts';
import type { Channel, Notice } from '../../core/notify/notice.ts';
import { noticesOf } from '../../core/notify/notices-of.ts';
import { type Batch, type Delivery, dueBatches, enlist, nextDue, settled } from '../../core/notify/outbox.ts';
import { type NoticeLetter, type NoticeRequest, tell } from '../../core/notify/requests.ts';
import { sayVersion } from '../../resources/app/app-status.ts';
import { type AppObjectWire, readAppSpec } from '../../resources/app/decode-app.ts';
import { decodeChannelSpec } from '../../resources/channel/decode-channel.ts';
import { scratchLabel } from '../../resources/metadata.ts';
import { changesOf, journalOf, type UpdateObjectWire } from '../../resources/update/decode-update.ts';
import type { Channels } from '../ports/channels.ts';
import type { Clock } from '../ports/clock.ts';
import type { Mailer } from '../ports/mailer.ts';
import type { Outbound } from '../ports/outbound.ts';
import type { OutboxStore, StoredOutbox } from '../ports/outbox-store.ts';
import type { Records } from '../ports/records.ts';
import type { SecretValues } from '../ports/secret-values.ts';
import { channelNotices } from './channel-notices.ts';

export interface NotifyContext {
  readonly records: Records;
  /** Of a hub, which are no channels that somebody is told over. */
  readonly hubChannels: Pick<Channels, 'list' | 'listReleases'>;
  readonly clock: Clock;
  readonly outbound: Outbound;
  readonly mailer: Mailer;
  readonly secretValues: SecretValues;
  readonly outboxes: OutboxStore;
  /** What was read of the outboxes, by namespace; nobody else writes them. */
  readonly knownOutboxes: Map<string, StoredOutbox>;
  /** Channels for all Apps, read anew so that a change of the file counts. */
  readonly commonChannels: () => readonly CommonChannel[];
  readonly onDelivery: (channel: Channel, notices: readonly Notice[], delivery: Delivery) => void;
}

export interface CommonChannel extends Channel {
  /** For Apps that name none. */
  readonly isDefault: boolean;
}

/** So many Updates of an App, the newest ones, can have something that was not told yet. */
const mostUpdates = 4;

interface Round {
  readonly namespace: string;
  readonly channels: readonly Channel[];
  readonly wanted: readonly { readonly notice: Notice; readonly channel: Channel }[];
}

/** Whom something is told to, and what; a notice of a time to come is told then. */
interface Told {
  readonly channels: readonly Channel[];
  readonly notices: readonly Notice[];
}

/**
 * @returns when there is more to do; undefined: when something happens
 * @throws errors of the API server that pass; API_CONFLICT when the outbox is another one
 */
export async function tellNamespace(
  context: NotifyContext,
  namespace: string,
  signal: AbortSignal,
): Promise<Date | undefined> {
  const common = context.commonChannels();
  const all = [...toldOfApps(context, common, namespace), ...toldOfHub(context, common, namespace)];
  const told = all.filter(({ channels }) => channels.length > 0);
  const channels = [...new Map(told.flatMap((one) => one.channels).map((one) => [one.name, one])).values()];
  if (channels.length === 0) {
    return undefined;
  }
  const now = context.clock.now();
  const wanted = told.flatMap(({ channels: own, notices }) =>
    notices.filter(({ at }) => at <= now).flatMap((notice) => own.map((channel) => ({ notice, channel }))),
  );
  const later = told.flatMap(({ notices }) => notices.map(({ at }) => at)).filter((at) => at > now);
  const due = await work(context, { namespace, channels, wanted }, signal);
  return [...later, ...(due ? [due] : [])].toSorted((left, right) => left.getTime() - right.getTime())[0];
}

function toldOfApps(context: NotifyContext, common: readonly CommonChannel[], namespace: string): readonly Told[] {
  const { records } = context;
  // Most clusters tell nobody, and a pass comes with each change of an Update: none of the other Apps is looked at then.
  const apps = common.some(({ isDefault }) => isDefault)
    ? records.listApps(namespace)
    : records.listAppsNotifying(namespace);
  // What is tried in a scratch namespace is told by its Channel.
  const lasting = apps.filter(({ metadata }) => metadata.labels?.[scratchLabel] === undefined);
  return lasting.map((app) => {
    const reading = readAppSpec(app);
    const channels = reading.kind === 'Invalid' ? [] : channelsOf(common, app.metadata.name, reading.value.notify);
    return { channels, notices: channels.length === 0 ? [] : noticesOfApp(context, app) };
  });
}

function toldOfHub(
  { hubChannels }: NotifyContext,
  common: readonly CommonChannel[],
  namespace: string,
): readonly Told[] {
  return hubChannels.list(namespace).flatMap((hub): readonly Told[] => {
    try {
      const { notify, soakMs, publish } = decodeChannelSpec(hub);
      // An App may have the same name, and a channel of the same.
      const channels = channelsOf(common, `channel/${hub.metadata.name}`, notify);
      const { timestampMs } = publish.lifetimes;
      const releases = channels.length === 0 ? [] : hubChannels.listReleases(hub);
      return [
        { channels, notices: channels.length === 0 ? [] : channelNotices(hub, { soakMs, timestampMs }, releases) },
      ];
    } catch (error) {
      if (isOperationError(error, 'OBJECT_INVALID')) {
        return [];
      }
      throw error;
    }
  });
}

async function work(context: NotifyContext, round: Round, signal: AbortSignal): Promise<Date | undefined> {
  const { namespace, channels, wanted } = round;
  const { clock } = context;
  let stored = context.knownOutboxes.get(namespace) ?? (await context.outboxes.read(namespace, signal));
  const save = async (outbox: StoredOutbox['outbox']) => {
    if (outbox !== stored.outbox) {
      // Until it is written nothing is known for sure, and it is read again.
      context.knownOutboxes.delete(namespace);
      stored = await context.outboxes.write(namespace, outbox, stored.revision, signal);
    }
    context.knownOutboxes.set(namespace, stored);
  };
  await save(enlist(stored.outbox, wanted, clock.now()));
  const batches = dueBatches(stored.outbox, channels, clock.now());
  const deliveries = await Promise.all(
    batches.map(async (batch) => ({ batch, delivery: await deliver(context, { namespace, channels, batch }, signal) })),
  );
  const now = clock.now();
  await save(deliveries.reduce((outbox, one) => settled(outbox, one.batch, one.delivery, now), stored.outbox));
  return nextDue(stored.outbox, channels, now);
}

/** Those that the App names, its own and those for all; else those for all that are for everybody. */
function channelsOf(
  common: readonly CommonChannel[],
  owner: string,
  { to, channels }: Pick<Notify, 'to' | 'channels'>,
): readonly Channel[] {
  const own = to.map((channel) => ({ ...channel, name: `${owner}/${channel.name}` }));
  const named = common.filter(({ name }) => channels.includes(name));
  const namesNone = to.length === 0 && channels.length === 0;
  return [...own, ...named, ...(namesNone ? common.filter(({ isDefault }) => isDefault) : [])];
}

function noticesOfApp({ records, clock }: NotifyContext, { metadata, spec }: AppObjectWire): readonly Notice[] {
  const updates = records.listUpdates(metadata.namespace, metadata.name).slice(0, mostUpdates);
  return updates.toReversed().flatMap((update) =>
    noticesOf(
      {
        uid: update.metadata.uid,
        namespace: metadata.namespace,
        app: metadata.name,
        name: update.metadata.name,
        versions: versionsOf(update),
        releaseNotes: spec.notify?.releaseNotes,
      },
      journalOf(update, clock.now()),
    ),
  );
}

function versionsOf({ spec }: UpdateObjectWire): string {
  return changesOf(spec)
    .map(({ source, from, to }) => `${source} ${sayVersion(from)} -> ${sayVersion(to)}`)
    .join(', ');
}

interface Parcel {
  readonly namespace: string;
  readonly channels: readonly Channel[];
  readonly batch: Batch;
}

async function deliver(
  context: NotifyContext,
  { namespace, channels, batch }: Parcel,
  signal: AbortSignal,
): Promise<Delivery> {
  const channel = channels.find(({ name }) => name === batch.channel);
  if (channel === undefined) {
    return { kind: 'Refused', message: 'the channel is gone' };
  }
  const notices = batch.entries.map(({ notice }) => notice);
  const delivery = await send(context, { namespace, channel, notices }, signal);
  context.onDelivery(channel, notices, delivery);
  return delivery;
}

interface Message {
  readonly namespace: string;
  readonly channel: Channel;
  readonly notices: readonly Notice[];
}

async function send(
  context: NotifyContext,
  { namespace, channel, notices }: Message,
  signal: AbortSignal,
): Promise<Delivery> {
  const { values } = channel;
  try {
    const read =
      values.kind === 'Given' ? values.values : await context.secretValues.read(namespace, values.name, signal);
    for (const one of tell(channel, notices, read, context.clock.now())) {
      const delivery = one.kind === 'Letter' ? await post(context, one, signal) : await request(context, one, signal);
      if (delivery.kind !== 'Sent') {
        return delivery;
      }
    }
    return { kind: 'Sent' };
  } catch (error) {
    if (isOperationError(error) && error.code !== 'INVARIANT') {
      return { kind: 'Failed', message: describeError(error), retryAfterMs: undefined };
    }
    throw error;
  }
}

async function post({ mailer }: NotifyContext, letter: NoticeLetter, signal: AbortSignal): Promise<Delivery> {
  await mailer.send(letter, signal);
  return { kind: 'Sent' };
}

const longestRetryAfterSeconds = 3_600;

async function request({ outbound }: NotifyContext, wanted: NoticeRequest, signal: AbortSignal): Promise<Delivery> {
  const { kind: _, ...sent } = wanted;
  const { status, headers } = await outbound.send(
    { what: 'tell of an Update or a Channel', ...sent, maxBytes: 65_536, cutsBody: true, maxRedirects: 0 },
    signal,
  );
  if (status >= 200 && status < 300) {
    return { kind: 'Sent' };
  }
  const message = `the service answers ${status}`;
  const seconds = Number(headers.get('retry-after'));
  const retryAfterMs = seconds > 0 && seconds <= longestRetryAfterSeconds ? seconds * 1_000 : undefined;
  // What is wrong with a Secret may be put right; what the service never takes stays so.
  const isFinal = [400, 405, 413, 415, 422].includes(status);
  return isFinal ? { kind: 'Refused', message } : { kind: 'Failed', message, retryAfterMs };
}
