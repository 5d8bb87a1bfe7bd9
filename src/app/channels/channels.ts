/** Channels of a hub and Subscriptions of a cluster at work, beside the controllers of Apps. */
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createOutcomeSender, type OutcomeSenderOptions } from '../../adapters/channel/outcome-sender.ts';
import { createChannelReader } from '../../adapters/channel/reader.ts';
import { createChannels } from '../../adapters/cluster/channels.ts';
import { apps as appResource, rejections, updates } from '../../adapters/cluster/kinds.ts';
import { createScratchSpaces } from '../../adapters/cluster/scratch-spaces.ts';
import { createSubscriptions, readReportSender } from '../../adapters/cluster/subscriptions.ts';
import { findValuesFault } from '../../adapters/helm/check-values.ts';
import { reconcileChannel } from '../../controllers/channel-controller.ts';
import { allScratchSpaces, reconcileScratch } from '../../controllers/scratch-controller.ts';
import { reconcileSubscription } from '../../controllers/subscription-controller.ts';
import { createDirections, type Directions } from '../../engine/candidate/direct-apps.ts';
import type { PublishMemory } from '../../engine/channel/publish-remembered.ts';
import type { ReportDesk } from '../../engine/channel/report-desk.ts';
import type { CarriedFiles } from '../../engine/ports/carried-files.ts';
import type { ChannelPublishers, Channels } from '../../engine/ports/channels.ts';
import type { Outbound } from '../../engine/ports/outbound.ts';
import type { Records } from '../../engine/ports/records.ts';
import type { FollowContext } from '../../engine/subscription/subscription-pass.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { Clock } from '../../kube/clock.ts';
import type { Controller } from '../../kube/controller.ts';
import type { Change } from '../../server/api/change-feed.ts';
import type { Logger } from '../../telemetry/log.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import { readBelow } from '../commands/read-below.ts';
import { gitEnvironment } from '../config.ts';
import { ownVersion } from '../own-version.ts';
import { start } from '../start-controller.ts';
import { createCarriedFiles } from './carried-files.ts';
import { createPublishers } from './channel-keys.ts';
import { openChannelFiles, type StoreTools } from './channel-stores.ts';
import {
  appListener,
  startWatches,
  type WakeChannels,
  type WatchedChannels,
  type WatchOptions,
  wakeHubs,
} from './channel-watches.ts';
import { type HubOptions, setUpHub } from './hub.ts';
import { openReports, type Reports, type ReportsOptions } from './report-listener.ts';

export interface ChannelsOptions
  extends Omit<HubOptions, 'channels' | 'publishers' | 'scratch' | 'onError'>,
    WatchOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly random: () => number;
  readonly metrics: Metrics;
  readonly records: Records;
  readonly outbound: Outbound;
  readonly clusterVersion: (signal: AbortSignal) => Promise<string>;
  /** Of channels that are artifacts in registries. */
  readonly artifactStore: StoreTools['registry'];
  /** Channels are published, and read by file://, below it. */
  readonly channelFolder?: string | undefined;
  /** Where clusters report outcomes to. */
  readonly reportListen?: string | undefined;
  readonly onReportsListening?: ((address: string) => void) | undefined;
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
  readonly reports: Pick<ReportDesk, 'tallyOf'>;
  readonly publishers: ChannelPublishers;
  /** What people are told of. */
  readonly hubChannels: Pick<Channels, 'list' | 'listReleases'>;
  /** Attempts of tests of Channels under way. */
  readonly countAttempts: () => number;
  /** Told of each change of our own objects. */
  onChange(change: Change): void;
  close(): Promise<void>;
}

const concurrency = 4;

export function startChannels(options: ChannelsOptions): RunningChannels {
  const { client, clock, apps } = options;
  const wake = wakeNothing();
  const watched = startWatches(options, wake);
  const folder = ownFolder(options.random);
  const tools: StoreTools = { ...options, registry: options.artifactStore, git: gitIn(join(folder, 'git')) };
  const onAppChange = appListener(apps, watched, wake);
  const following = followingOf(options, watched, { tools, folder });
  const publishMemory: PublishMemory = new Map();
  const own = {
    channels: createChannels({ client, watched }),
    publishers: createPublishers({ client, clock, folder: options.channelFolder, tools }),
    scratch: createScratchSpaces({ ...following, client, onOpened: () => wake.scratch(allScratchSpaces) }),
  };
  const reports = openDesk(options, { ...own, publishMemory }, wake);
  const hub = setUpHub({ ...options, ...own, onError: options.watching.onError }, (key) => wake.channel(key));
  const publishing = { ...options, ...hub.context, ...own, reports: reports.desk, listApps: apps.list, publishMemory };
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
  const sweeper = start(common, 'scratch', 1, (_key, signal) => reconcileScratch({ ...options, ...own }, signal));
  wake.scratch = sweeper.enqueue;
  wake.scratch(allScratchSpaces);
  wake.subscription = subscriptionController.enqueue;
  wake.channel = channelController.enqueue;
  return {
    controllers: [subscriptionController, channelController, sweeper],
    carried: createCarriedFiles(following.subscriptions, following.channels),
    watched,
    directions: createDirections(own.channels),
    reports: reports.desk,
    ...{ publishers: own.publishers, hubChannels: own.channels },
    countAttempts: hub.countAttempts,
    onChange({ kind, namespace, name }) {
      if (kind === appResource.kind) {
        onAppChange(`${namespace}/${name}`);
      }
      if ([appResource.kind, updates.kind, rejections.kind].includes(kind)) {
        wakeHubs(watched, wake, namespace);
      }
    },
    async close() {
      await reports.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function ownFolder(random: () => number): string {
  return join(tmpdir(), `headgate-channels-${process.pid}-${random().toString(36).slice(2)}`);
}

/** Until the controllers are there. */
function wakeNothing(): WakeChannels {
  const nothing = (_key: string): void => undefined;
  return { subscription: nothing, channel: nothing, scratch: nothing };
}

/** Takes the reports of clusters; a Channel that is to be paused is looked at again. */
function openDesk(
  options: ChannelsOptions,
  { channels, publishMemory }: Pick<ReportsOptions, 'channels'> & { readonly publishMemory: PublishMemory },
  wake: { readonly channel: (key: string) => void },
): Reports {
  const { reportListen: listen, onReportsListening: onListening } = options;
  const onPast: ReportsOptions['onPast'] = ({ namespace, name }) => {
    publishMemory.delete(`${namespace}/${name}`);
    wake.channel(`${namespace}/${name}`);
  };
  return openReports({ ...options, channels, listen, onPast, onListening });
}

function followingOf(
  options: ChannelsOptions,
  watched: WatchedChannels,
  { tools, folder }: { readonly tools: StoreTools; readonly folder: string },
): FollowContext {
  const { client, apps, outbound } = options;
  const openFiles = openChannelFiles(tools, (url) => readBelow(options.channelFolder, url));
  const readSender: OutcomeSenderOptions['readSender'] = (subscription, signal) =>
    readReportSender(client, subscription, signal);
  return {
    ...options,
    subscriptions: createSubscriptions({ client, watched: { ...watched, apps }, records: options.records }),
    reader: createChannelReader({ ...options, folder, openFiles }),
    reports: createOutcomeSender({ outbound, readSender }),
    findValuesFault,
    rejections: options.records,
    ownVersion,
    channels: new Map(),
  };
}

function gitIn(privateFolder: string): StoreTools['git'] {
  return { privateFolder, environment: gitEnvironment() };
}
