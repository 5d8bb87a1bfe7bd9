/** Watched copies of Channels, Releases and Subscriptions, and whom a change of them, or of an App, wakes. */
import { isDeepStrictEqual } from 'node:util';
import { channels, type ProductObject, releases, subscriptions } from '../../adapters/cluster/kinds.ts';
import { type Watched, watch } from '../../adapters/cluster/watched.ts';
import { allScratchSpaces } from '../../controllers/scratch-controller.ts';
import { directs } from '../../engine/candidate/direct-apps.ts';
import { keyOf, parseKey, type ResourceType } from '../../kube/objects.ts';
import type { AppObjectWire } from '../../resources/app/decode-app.ts';
import { type ChannelObjectWire, decodeChannel } from '../../resources/channel/decode-channel.ts';
import { decodeReleaseObject, type ReleaseObjectWire } from '../../resources/channel/decode-release.ts';
import { decodeSubscription, type SubscriptionObjectWire } from '../../resources/channel/decode-subscription.ts';
import { subscriptionLabel } from '../../resources/metadata.ts';
import { type CacheOptions, type CommonWatch, tellerOf } from '../caches.ts';

export interface WatchOptions {
  /** What all watches have in common. */
  readonly watching: CommonWatch;
  readonly apps: Watched<AppObjectWire>;
  readonly wakeApp: (key: string) => void;
  /** Wakes who tells people of what is in a namespace. */
  readonly wakeNotices: (namespace: string) => void;
  /** Told of each change of these kinds. */
  readonly publish?: CacheOptions['publish'];
}

export interface WatchedChannels {
  readonly subscriptions: Watched<SubscriptionObjectWire>;
  readonly channels: Watched<ChannelObjectWire>;
  readonly releases: Watched<ReleaseObjectWire>;
}

export interface WakeChannels {
  subscription: (key: string) => void;
  channel: (key: string) => void;
  scratch: (key: string) => void;
}

export function startWatches({ watching, ...options }: WatchOptions, wake: WakeChannels): WatchedChannels {
  const named = ({ kind }: ResourceType, { metadata }: ProductObject) => `${kind} ${keyOf({ metadata })}`;
  const tell = tellerOf(options);
  return {
    subscriptions: watch<SubscriptionObjectWire>({
      ...watching,
      type: subscriptions,
      decode: (object) => decodeSubscription(object, named(subscriptions, object)),
      onChange(change) {
        tell(subscriptions, change);
        if (isNews(change.value, change.previous)) {
          wake.subscription(change.key);
        }
      },
    }),
    channels: watch<ChannelObjectWire>({
      ...watching,
      type: channels,
      decode: (object) => decodeChannel(object, named(channels, object)),
      onChange(change) {
        tell(channels, change);
        if (
          isNews(change.value, change.previous) ||
          !isDeepStrictEqual(saidTo(change.value), saidTo(change.previous))
        ) {
          wake.channel(change.key);
        }
        if (change.value === undefined) {
          wake.scratch(allScratchSpaces);
        }
        if (!isDeepStrictEqual(toldOf(change.value), toldOf(change.previous))) {
          options.wakeNotices(parseKey(change.key).namespace);
        }
        wakeDirected(options, change);
      },
    }),
    releases: watch<ReleaseObjectWire>({
      ...watching,
      type: releases,
      decode: (object) => decodeReleaseObject(object, named(releases, object)),
      onChange(change) {
        tell(releases, change);
        const { value, previous } = change;
        const release = value ?? previous;
        if (release && !isDeepStrictEqual(value?.status, previous?.status)) {
          options.wakeNotices(release.metadata.namespace);
        }
        if (release && isNews(value, previous)) {
          wake.channel(`${release.metadata.namespace}/${release.spec.channel}`);
        }
      },
    }),
  };
}

/** What people say to a Channel besides its spec: approvals, and a veto. */
function saidTo(channel: ChannelObjectWire | undefined): unknown {
  return [channel?.status?.candidate?.approvals?.length ?? 0, channel?.metadata.annotations];
}

/** What people may be told of a Channel. */
function toldOf(channel: ChannelObjectWire | undefined): unknown {
  const { conditions, candidate, candidates, waiting, published } = channel?.status ?? {};
  const ready = conditions?.find(({ type }) => type === 'Ready');
  const last = candidate?.trials.at(-1);
  return [
    ...[channel?.metadata.generation, ready?.status, ready?.reason, waiting?.reason, published],
    ...[candidate?.number, candidate?.faults.length, last?.testedAt, last?.result?.at, candidates?.[0]?.number],
  ];
}

/** What is new for an App, or how it moves, matters to the Channel that decides for it. */
export function wakeHubs(watched: WatchedChannels, wake: Pick<WakeChannels, 'channel'>, namespace: string): void {
  for (const channel of watched.channels.listAll().filter((one) => concerns(one, namespace))) {
    wake.channel(keyOf(channel));
  }
}

/** Its own Apps are there, or those of a trial of it. */
function concerns({ metadata, spec, status }: ChannelObjectWire, namespace: string): boolean {
  const isScratch = status?.candidate?.trials.at(-1)?.scratch === namespace;
  return spec.releases !== 'Manual' && (metadata.namespace === namespace || isScratch);
}

/** Apps that a Channel has run something else from now on. */
function wakeDirected(
  { apps, wakeApp }: Pick<WatchOptions, 'apps' | 'wakeApp'>,
  {
    value,
    previous,
  }: { readonly value: ChannelObjectWire | undefined; readonly previous: ChannelObjectWire | undefined },
): void {
  const tells = (channel: ChannelObjectWire | undefined) => [
    channel?.metadata.generation,
    channel?.status?.candidate?.number,
    channel?.status?.candidate?.trials.length,
  ];
  if (isDeepStrictEqual(tells(value), tells(previous))) {
    return;
  }
  const namespace = (value ?? previous)?.metadata.namespace ?? '';
  for (const app of apps.list(namespace)) {
    if ([value, previous].some((channel) => channel && directs(channel, app.metadata))) {
      wakeApp(keyOf(app));
    }
  }
}

interface WithGeneration {
  readonly metadata: { readonly generation?: number; readonly deletionTimestamp?: string };
}

/** Our own status writes are none. */
function isNews(value: WithGeneration | undefined, previous: WithGeneration | undefined): boolean {
  return (
    value?.metadata.generation !== previous?.metadata.generation ||
    value?.metadata.deletionTimestamp !== previous?.metadata.deletionTimestamp
  );
}

/** A Subscription says how its Apps are; a Channel only which there are. */
export function appListener(apps: Watched<AppObjectWire>, watched: WatchedChannels, wake: WakeChannels) {
  const labelsOf = new Map<string, Readonly<Record<string, string>>>();
  return (key: string): void => {
    const { namespace, name } = parseKey(key);
    const app = apps.find(namespace, name);
    const before = labelsOf.get(key);
    const now = app && (app.metadata.labels ?? {});
    const owners = new Set([before?.[subscriptionLabel], now?.[subscriptionLabel]]);
    for (const { metadata } of watched.subscriptions.listAll().filter((one) => owners.has(one.metadata.name))) {
      wake.subscription(keyOf({ metadata }));
    }
    for (const channel of isDeepStrictEqual(now, before) ? [] : watched.channels.list(namespace)) {
      wake.channel(keyOf(channel));
    }
    if (now === undefined) {
      labelsOf.delete(key);
    } else {
      labelsOf.set(key, now);
    }
  };
}
