/** Channels of a hub and Subscriptions of a cluster at work, beside the controllers of Apps. */
import { readFile, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { createChannelReader } from '../adapters/channel/reader.ts';
import { createChannels } from '../adapters/cluster/channels.ts';
import {
  apps as appResource,
  channels,
  type ProductObject,
  releases,
  subscriptions,
} from '../adapters/cluster/kinds.ts';
import { createSubscriptions } from '../adapters/cluster/subscriptions.ts';
import { type Watched, watch } from '../adapters/cluster/watched.ts';
import { reconcileChannel } from '../controllers/channel-controller.ts';
import { reconcileSubscription } from '../controllers/subscription-controller.ts';
import type { CarriedFiles } from '../engine/ports/carried-files.ts';
import type { Outbound } from '../engine/ports/outbound.ts';
import type { DirectRecords } from '../engine/ports/records.ts';
import type { FollowContext } from '../engine/subscription/subscription-pass.ts';
import type { KubeClient } from '../kube/client.ts';
import type { Clock } from '../kube/clock.ts';
import type { Controller } from '../kube/controller.ts';
import { keyOf, parseKey, type ResourceType } from '../kube/objects.ts';
import type { AppObjectWire } from '../resources/decode-app.ts';
import { type ChannelObjectWire, decodeChannel } from '../resources/decode-channel.ts';
import { decodeReleaseObject, type ReleaseObjectWire } from '../resources/decode-release.ts';
import { decodeSubscription, type SubscriptionObjectWire } from '../resources/decode-subscription.ts';
import { subscriptionLabel } from '../resources/metadata.ts';
import type { Change } from '../server/api/change-feed.ts';
import type { Logger } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { type CacheOptions, type CommonWatch, tellerOf } from './caches.ts';
import { createCarriedFiles } from './carried-files.ts';
import { createPublishers } from './channel-keys.ts';
import { ownVersion } from './own-version.ts';
import { start } from './start-controller.ts';

export interface ChannelsOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly random: () => number;
  readonly metrics: Metrics;
  /** What all watches have in common. */
  readonly watching: CommonWatch;
  readonly apps: Watched<AppObjectWire>;
  readonly records: DirectRecords;
  readonly outbound: Outbound;
  readonly clusterVersion: (signal: AbortSignal) => Promise<string>;
  /** Channels are published, and read by file://, below it. */
  readonly channelFolder?: string | undefined;
  /** Told of each change of these kinds. */
  readonly publish?: CacheOptions['publish'];
  readonly assertLeading: () => void;
  readonly log: Logger;
  readonly synced: Promise<unknown>;
  readonly signal: AbortSignal;
}

export interface RunningChannels {
  readonly controllers: readonly Controller[];
  readonly carried: CarriedFiles;
  readonly watched: WatchedChannels;
  /** Told of each change of our own objects. */
  onChange(change: Change): void;
  close(): Promise<void>;
}

const concurrency = 4;

export function startChannels(options: ChannelsOptions): RunningChannels {
  const { client, clock, apps } = options;
  const wake = { subscription: (_key: string): void => undefined, channel: (_key: string): void => undefined };
  const watched = startWatches(options, wake);
  const folder = join(tmpdir(), `headgate-channels-${process.pid}-${options.random().toString(36).slice(2)}`);
  const readLocal = (url: string) => readBelow(options.channelFolder, url);
  const onAppChange = appListener(apps, watched, wake);
  const following: FollowContext = {
    ...options,
    subscriptions: createSubscriptions({ client, watched: { ...watched, apps }, records: options.records }),
    reader: createChannelReader({ ...options, folder, readLocal }),
    rejections: options.records,
    ownVersion,
    channels: new Map(),
  };
  const publishing = {
    ...options,
    channels: createChannels({ client, watched }),
    publishers: createPublishers({ client, clock, folder: options.channelFolder }),
    listApps: apps.list,
  };
  const synced = Promise.all([options.synced, ...Object.values(watched).map((one) => one.synced)]);
  // Rejects when all is stopped before, which the passes are told otherwise.
  synced.catch(() => undefined);
  const common = { options, synced };
  const subscriptionController = start(common, 'subscription', concurrency, (key, signal) =>
    reconcileSubscription(following, key, signal),
  );
  const channelController = start(common, 'channel', concurrency, (key, signal) =>
    reconcileChannel(publishing, key, signal),
  );
  wake.subscription = subscriptionController.enqueue;
  wake.channel = channelController.enqueue;
  return {
    controllers: [subscriptionController, channelController],
    carried: createCarriedFiles(following.subscriptions, following.channels),
    watched,
    onChange({ kind, namespace, name }) {
      if (kind === appResource.kind) {
        onAppChange(`${namespace}/${name}`);
      }
    },
    close: () => rm(folder, { recursive: true, force: true }),
  };
}

export interface WatchedChannels {
  readonly subscriptions: Watched<SubscriptionObjectWire>;
  readonly channels: Watched<ChannelObjectWire>;
  readonly releases: Watched<ReleaseObjectWire>;
}

interface WakeChannels {
  subscription: (key: string) => void;
  channel: (key: string) => void;
}

function startWatches({ watching, ...options }: ChannelsOptions, wake: WakeChannels): WatchedChannels {
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
        if (isNews(change.value, change.previous)) {
          wake.channel(change.key);
        }
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
        if (release && isNews(value, previous)) {
          wake.channel(`${release.metadata.namespace}/${release.spec.channel}`);
        }
      },
    }),
  };
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
function appListener(apps: Watched<AppObjectWire>, watched: WatchedChannels, wake: WakeChannels) {
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

/** Whoever may write a Subscription must not read what only this process can. */
async function readBelow(folder: string | undefined, url: string): Promise<Buffer | undefined> {
  if (folder === undefined) {
    return undefined;
  }
  try {
    const [root, path] = await Promise.all([realpath(folder), realpath(fileURLToPath(url))]);
    return path.startsWith(`${root}${sep}`) ? await readFile(path) : undefined;
  } catch {
    return undefined;
  }
}
