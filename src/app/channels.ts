/** Channels of a hub and Subscriptions of a cluster at work, beside the controllers of Apps. */
import { readFile, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createChannelReader } from '../adapters/channel/reader.ts';
import { createChannels } from '../adapters/cluster/channels.ts';
import { apps as appResource, rejections, updates } from '../adapters/cluster/kinds.ts';
import { createSubscriptions } from '../adapters/cluster/subscriptions.ts';
import { reconcileChannel } from '../controllers/channel-controller.ts';
import { reconcileSubscription } from '../controllers/subscription-controller.ts';
import { createDirections, type Directions } from '../engine/candidate/direct-apps.ts';
import type { CarriedFiles } from '../engine/ports/carried-files.ts';
import type { Outbound } from '../engine/ports/outbound.ts';
import type { Records } from '../engine/ports/records.ts';
import type { FollowContext } from '../engine/subscription/subscription-pass.ts';
import type { KubeClient } from '../kube/client.ts';
import type { Clock } from '../kube/clock.ts';
import type { Controller } from '../kube/controller.ts';
import type { Change } from '../server/api/change-feed.ts';
import type { Logger } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { createCarriedFiles } from './carried-files.ts';
import { createPublishers } from './channel-keys.ts';
import { appListener, startWatches, type WatchedChannels, type WatchOptions, wakeHubs } from './channel-watches.ts';
import { type HubOptions, setUpHub } from './hub.ts';
import { ownVersion } from './own-version.ts';
import { start } from './start-controller.ts';

export interface ChannelsOptions extends Omit<HubOptions, 'channels' | 'publishers' | 'onError'>, WatchOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly random: () => number;
  readonly metrics: Metrics;
  readonly records: Records;
  readonly outbound: Outbound;
  readonly clusterVersion: (signal: AbortSignal) => Promise<string>;
  /** Channels are published, and read by file://, below it. */
  readonly channelFolder?: string | undefined;
  readonly assertLeading: () => void;
  readonly log: Logger;
  readonly synced: Promise<unknown>;
  readonly signal: AbortSignal;
}

export interface RunningChannels {
  readonly controllers: readonly Controller[];
  readonly carried: CarriedFiles;
  readonly watched: WatchedChannels;
  readonly directions: Directions;
  /** Attempts of tests of Channels under way. */
  readonly countAttempts: () => number;
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
  const own = {
    channels: createChannels({ client, watched }),
    publishers: createPublishers({ client, clock, folder: options.channelFolder }),
  };
  const hub = setUpHub({ ...options, ...own, onError: options.watching.onError }, (key) => wake.channel(key));
  const publishing = { ...options, ...hub.context, ...own, listApps: apps.list, publishMemory: new Map() };
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
    directions: createDirections(own.channels),
    countAttempts: hub.countAttempts,
    onChange({ kind, namespace, name }) {
      if (kind === appResource.kind) {
        onAppChange(`${namespace}/${name}`);
      }
      if ([appResource.kind, updates.kind, rejections.kind].includes(kind)) {
        wakeHubs(watched, wake, namespace);
      }
    },
    close: () => rm(folder, { recursive: true, force: true }),
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
