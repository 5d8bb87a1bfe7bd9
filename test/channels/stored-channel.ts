/** A channel in any store, with keys of its own, and clusters that read it by its address. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createChannelPublisher } from '../../src/adapters/channel/publisher.ts';
import { createChannelReader } from '../../src/adapters/channel/reader.ts';
import { makeRoot, publishRoot } from '../../src/adapters/channel/root-ceremony.ts';
import type { ChannelStore } from '../../src/adapters/channel/store.ts';
import { createRegistryClient } from '../../src/adapters/registry/client.ts';
import {
  openChannelFiles,
  openChannelStore,
  type StoreAccess,
  type StoreTools,
} from '../../src/app/channels/channel-stores.ts';
import type { Publication } from '../../src/engine/ports/channel-publisher.ts';
import type { ChannelView } from '../../src/engine/ports/channel-reader.ts';
import { createManualClock, type ManualClock } from '../kube/manual-clock.ts';
import { openOutbound } from '../servers/open-outbound.ts';
import { contentOf, type Keyring, lifetimes, newKeyring, planFor, signal } from './channel-ground.ts';

export interface StoredCluster {
  look(): Promise<ChannelView>;
  /** What the index says. */
  index(): Promise<string>;
}

export interface StoredChannel {
  readonly clock: ManualClock;
  readonly keys: Keyring;
  readonly tools: StoreTools;
  /** As the hub opens it. */
  store(): ChannelStore;
  publish(files: Readonly<Record<string, string>>): Promise<Publication>;
  /** One that has seen nothing yet. @param address default: where the hub writes */
  cluster(address?: string, access?: StoreAccess): StoredCluster;
  stop(): Promise<void>;
}

async function readLocal(url: string): Promise<Buffer | undefined> {
  try {
    return await readFile(fileURLToPath(url));
  } catch {
    return undefined;
  }
}

const yearMs = 365 * 24 * 3_600_000;
export const nobody: StoreAccess = { login: undefined, caBundle: undefined };

export function loginOf(entries: Readonly<Record<string, string>>): StoreAccess {
  const all = Object.entries(entries).map(([key, value]) => [key, Buffer.from(value)] as const);
  return { login: { of: 'Secret "login"', entries: new Map(all) }, caBundle: undefined };
}

/** Makes the first root. */
export async function openStoredChannel(address: string, access: StoreAccess = nobody): Promise<StoredChannel> {
  const top = await mkdtemp(join(tmpdir(), 'stored-channel-'));
  const clock = createManualClock(new Date());
  const keys = newKeyring();
  const outbound = openOutbound();
  const registry = createRegistryClient({ clock });
  const tools: StoreTools = {
    ...{ outbound, clock, registry },
    git: { privateFolder: join(top, 'git'), environment: { PATH: process.env['PATH'] ?? '' } },
  };
  const store = () => openChannelStore(tools, address, access);
  const root = await makeRoot(planFor(keys, new Date(clock.now().getTime() + yearMs)), undefined, keys.root, signal);
  await publishRoot(store(), root, undefined, signal);
  let clusters = 0;
  return {
    ...{ clock, keys, tools, store },
    publish: (files) =>
      createChannelPublisher({ store: store(), keys, lifetimes, clock }).publish(() => contentOf(files), signal),
    cluster(url = address, by = access) {
      clusters += 1;
      const place = { owner: `cluster ${clusters}`, urls: [url], trustedRoot: root.bytes, ...by };
      const own = { ...tools, git: { ...tools.git, privateFolder: join(top, `git-${clusters}`) } };
      const openFiles = openChannelFiles(own, readLocal);
      const reader = createChannelReader({ folder: join(top, `cluster-${clusters}`), outbound, clock, openFiles });
      const look = () => reader.look(place, new Map(), signal);
      return {
        look,
        index: async () => (await (await look()).read('releases/index.json', 65_536, signal)).toString(),
      };
    },
    async stop() {
      await Promise.all([outbound.close(), registry.close()]);
      await rm(top, { recursive: true, force: true });
    },
  };
}
