/** A test cluster without a node: three Apps on Deployments that nobody runs, a real registry, and a server that says whether they go together. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { vi } from 'vitest';
import { apps, channels, type ProductObject, releases } from '../../src/adapters/cluster/kinds.ts';
import { parseOutboundAllowance } from '../../src/app/outbound-setup.ts';
import { type ChannelObjectWire, decodeChannel } from '../../src/resources/channel/decode-channel.ts';
import { decodeReleaseObject, type ReleaseObjectWire } from '../../src/resources/channel/decode-release.ts';
import {
  completeRollouts,
  createDeployment,
  openRuntimeStage,
  pushVersions,
  type RuntimeStage,
} from '../runtime-stage.ts';
import { startHttpServer } from '../servers/http-server.ts';
import type { RunningRegistry } from '../servers/registry.ts';
import { createChannelKeys } from './channel-keys.ts';

export type Versions = Readonly<Record<string, string>>;

type Json = Readonly<Record<string, unknown>>;

export const hubApps = ['api', 'database', 'web'] as const;

export interface HubGround {
  /** Of the moment; another one after `restart`. */
  readonly stage: RuntimeStage;
  /** Below it channels are published. */
  readonly folder: string;
  /** Whether what runs together is good. */
  isGood: (versions: Versions) => boolean | 'silent';
  /** Test `together` of the Channel, for its spec. */
  readonly together: Json;
  /** Version 1.0.0 of all Apps, and Channel `stable` with what is given over the defaults. */
  begin(channel?: Json): Promise<void>;
  createApp(name: string): Promise<void>;
  createChannel(more?: Json, name?: string): Promise<void>;
  /** All are there before any App is told of one. */
  push(versions: Versions): Promise<void>;
  /** Moves the clock until it holds. */
  until(check: () => unknown): Promise<void>;
  published(release: string): Promise<void>;
  channel(name?: string): Promise<ChannelObjectWire>;
  /** In the order of their sequence. */
  releases(): Promise<readonly ReleaseObjectWire[]>;
  /** Headgate is ended and started anew. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

const outbound = { allowance: parseOutboundAllowance(['127.0.0.0/8']), proxy: undefined };

const query = hubApps.map((name) => `${name}={{version.${name}}}`).join('&');

let grounds = 0;

export async function openHubGround(kubeconfig: string, registry: RunningRegistry): Promise<HubGround> {
  grounds += 1;
  const prefix = `hub-${process.pid}-${grounds}`;
  const folder = await mkdtemp(join(tmpdir(), 'hub-'));
  let end = new AbortController();
  let stage = await openRuntimeStage(kubeconfig, { channelFolder: folder, outbound });
  completeRollouts(stage, end.signal);
  await createChannelKeys(stage, join(folder, 'stable'));
  const server = await startHttpServer((_, response, { searchParams }) => {
    const versions = Object.fromEntries(searchParams);
    const good = ground.isGood(versions);
    if (good !== 'silent') {
      response.writeHead(good ? 200 : 500).end(JSON.stringify(versions));
    }
  });
  const repositoryOf = (name: string) => `${prefix}/${name}`;
  const list = async () => (await stage.client.list<ProductObject>(releases, { namespace: stage.namespace })).items;
  const ground: HubGround = {
    get stage() {
      return stage;
    },
    folder,
    isGood: () => true,
    together: { name: 'together', interval: '1s', failureLimit: 0, http: { url: `${server.origin}/?${query}` } },
    async begin(channel) {
      for (const name of hubApps) {
        await ground.createApp(name);
      }
      await ground.createChannel(channel);
      await ground.published('stable-1');
    },
    async createApp(name) {
      const repository = `${registry.host}/${repositoryOf(name)}`;
      await pushVersions(registry.host, repositoryOf(name), ['1.0.0']);
      await createDeployment(stage, name, `${repository}:1.0.0`);
      await stage.client.create<ProductObject>(apps, appObject(stage.namespace, name, repository));
    },
    async createChannel(more = {}, name = 'stable') {
      const spec = {
        apps: { matchLabels: { channel: 'stable' } },
        ...{ tests: [ground.together], gather: '10s' },
        publish: { folder: { path: name }, keysRef: { name: 'keys' } },
        ...more,
      };
      await stage.client.create<ProductObject>(channels, { metadata: { namespace: stage.namespace, name }, spec });
    },
    async push(versions) {
      const all = Object.entries(versions);
      await Promise.all(all.map(([name, tag]) => pushVersions(registry.host, repositoryOf(name), [tag])));
      for (const [name] of all) {
        stage.runtime.webhooks.wakeApp(stage.namespace, name);
      }
    },
    async until(check) {
      const attempt = async () => {
        await stage.clock.advance(1_000);
        await check();
      };
      await vi.waitFor(attempt, { timeout: 120_000, interval: 50 });
    },
    async published(release) {
      await ground.until(async () => {
        const { status } = await ground.channel();
        if (status?.release !== release) {
          throw new Error(`${release} is not published: ${JSON.stringify(status?.waiting)}`);
        }
      });
    },
    async channel(name = 'stable') {
      const object = await stage.client.get<ProductObject>(channels, { namespace: stage.namespace, name });
      return decodeChannel(object, `Channel ${name}`);
    },
    async releases() {
      const all = (await list()).map((item) => decodeReleaseObject(item, item.metadata.name));
      return all.toSorted((left, right) => left.spec.sequence - right.spec.sequence);
    },
    async restart() {
      const { namespace, clock } = stage;
      end.abort();
      await stage.stop();
      end = new AbortController();
      stage = await openRuntimeStage(kubeconfig, { channelFolder: folder, outbound, namespace, start: clock.now() });
      completeRollouts(stage, end.signal);
    },
    async stop() {
      end.abort();
      await stage.stop();
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
  return ground;
}

function appObject(namespace: string, name: string, repository: string) {
  const image = { repository, insecure: true, policy: { semver: { range: '*' } } };
  return {
    metadata: { namespace, name, labels: { channel: 'stable' } },
    spec: {
      interval: '1m',
      sources: [{ name: 'image', image }],
      deploy: { workloads: { targets: [{ name }] } },
      health: { timeout: '1m', stableFor: '0s' },
      gates: { preflight: { checks: [] } },
    },
  };
}

/** Tags of the Apps in a Release. */
export function tagsOf(release: ReleaseObjectWire | undefined): Versions {
  return Object.fromEntries((release?.spec.apps ?? []).map(({ name, versions }) => [name, versions[0]?.tag ?? '']));
}
