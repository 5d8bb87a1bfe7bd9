/** A hub that publishes a channel, and a cluster that subscribes: both at work, on one API server, in namespaces of their own. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, vi } from 'vitest';
import { channels, type ProductObject, releases, subscriptions } from '../../src/adapters/cluster/kinds.ts';
import { parseOutboundAllowance } from '../../src/app/outbound-setup.ts';
import type { KubeObject } from '../../src/kube/objects.ts';
import { deployments } from '../../src/kube/resource-types.ts';
import { decodeChannel } from '../../src/resources/channel/decode-channel.ts';
import { decodeSubscription } from '../../src/resources/channel/decode-subscription.ts';
import { createChannelServer } from '../../src/server/channel.ts';
import { digest } from '../fixtures.ts';
import { completeRollouts, openRuntimeStage, type RuntimeStage, type StageOptions } from '../runtime-stage.ts';
import { createChannelKeys, createTrustedRoot } from './channel-keys.ts';

export type Json = Readonly<Record<string, unknown>>;

export interface HubAndMember {
  readonly hub: RuntimeStage;
  readonly member: RuntimeStage;
  /** Of channel `stable`. */
  readonly url: string;
  /** Below it channels are published. */
  readonly folder: string;
  createChannel(spec?: Json): Promise<void>;
  createRelease(sequence: number, apps: readonly Json[], changed?: Json): Promise<void>;
  subscribe(spec?: Json): Promise<void>;
  /** Once the hub says that it is published. */
  published(release: string): Promise<void>;
  /** Moves both clocks until it holds. */
  until(check: () => unknown): Promise<void>;
  channelStatus(): Promise<ReturnType<typeof decodeChannel>['status']>;
  status(): Promise<ReturnType<typeof decodeSubscription>['status']>;
  /** Of the container of a Deployment of the member. */
  image(deployment: string): Promise<string | undefined>;
  stop(): Promise<void>;
}

const definition = {
  interval: '5m',
  sources: [{ name: 'image', image: { repository: 'registry.invalid/web', policy: { semver: { range: '*' } } } }],
  deploy: { workloads: { targets: [{ name: 'web' }] } },
  health: { timeout: '1m', stableFor: '0s' },
};

/** An App `web` of a Release, whose images nobody pulls. @param hash one letter, of which its digest is made */
export function releasedWeb(tag: string, hash: string, changed: Json = {}): Json {
  return {
    ...{ name: 'web', namespace: 'hub', definition: JSON.stringify({ ...definition, ...changed }) },
    versions: [{ source: 'image', kind: 'Image', location: 'registry.invalid/web', tag, digest: digest(hash) }],
  };
}

const outbound = { allowance: parseOutboundAllowance(['127.0.0.0/8']), proxy: undefined };

export async function openHubAndMember(kubeconfig: string, hubOptions: StageOptions = {}): Promise<HubAndMember> {
  const folder = await mkdtemp(join(tmpdir(), 'hub-and-member-'));
  const end = new AbortController();
  const hub = await openRuntimeStage(kubeconfig, { channelFolder: folder, outbound, ...hubOptions });
  const member = await openRuntimeStage(kubeconfig, { channelFolder: folder, outbound });
  const root = await createChannelKeys(hub, join(folder, 'stable'));
  await createTrustedRoot(member, root);
  const server = createChannelServer({ folder });
  const url = `${await server.listen({ host: '127.0.0.1', port: 0 })}/stable/`;
  completeRollouts(member, end.signal);
  const create = async (stage: RuntimeStage, type: typeof releases, name: string, spec: Json) =>
    void (await stage.client.create<ProductObject>(type, { metadata: { namespace: stage.namespace, name }, spec }));
  return {
    ...{ hub, member, url, folder },
    createChannel: (spec = {}) =>
      create(hub, channels, 'stable', {
        apps: { names: ['web'] },
        releases: 'Manual',
        publish: { folder: { path: 'stable' }, keysRef: { name: 'keys' } },
        ...spec,
      }),
    createRelease: (sequence, apps, changed = {}) =>
      create(hub, releases, `r${sequence}`, {
        ...{ channel: 'stable', sequence, apps, createdAt: new Date().toISOString() },
        ...changed,
      }),
    subscribe: (spec = {}) =>
      create(member, subscriptions, 'stable', {
        ...{ url, trustedRoot: { name: 'stable-root' }, interval: '10s', gates: { preflight: { checks: [] } } },
        ...spec,
      }),
    published: (name) =>
      hub.until(async () => {
        const { status } = await hub.client.get<ProductObject>(releases, { namespace: hub.namespace, name });
        expect(status).toMatchObject({ published: { at: expect.any(String) } });
      }),
    until: (check) =>
      vi.waitFor(
        async () => {
          await hub.clock.advance(50);
          await member.clock.advance(1_000);
          await check();
        },
        { timeout: 90_000, interval: 25 },
      ),
    async channelStatus() {
      const object = await hub.client.get<ProductObject>(channels, { namespace: hub.namespace, name: 'stable' });
      return decodeChannel(object, 'Channel').status;
    },
    async status() {
      const key = { namespace: member.namespace, name: 'stable' };
      return decodeSubscription(await member.client.get<ProductObject>(subscriptions, key), 'Subscription').status;
    },
    async image(name) {
      const object = await member.client.get<KubeObject>(deployments, { namespace: member.namespace, name });
      return JSON.stringify(object).match(/"image":"([^"]+)"/)?.[1];
    },
    async stop() {
      end.abort();
      await Promise.all([hub.stop(), member.stop(), server.close()]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}
