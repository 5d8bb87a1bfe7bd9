/**
 * A test cluster whose Apps bring all they need along, so that they can be installed elsewhere: ConfigMaps from artifacts of a real registry,
 * or from charts by the real Helm.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { vi } from 'vitest';
import { pushImage } from '../../scripts/oci/push.ts';
import { apps, channels, type ProductObject, rejections, releases, updates } from '../../src/adapters/cluster/kinds.ts';
import { parseOutboundAllowance } from '../../src/app/outbound-setup.ts';
import type { KubeObject } from '../../src/kube/objects.ts';
import { configMaps, jobs, namespaces, secrets } from '../../src/kube/resource-types.ts';
import { type ChannelObjectWire, decodeChannel } from '../../src/resources/channel/decode-channel.ts';
import { decodeReleaseObject, type ReleaseObjectWire } from '../../src/resources/channel/decode-release.ts';
import { packChart } from '../helm/charts.ts';
import type { ConfigMap } from '../kube/server-fixtures.ts';
import { openRuntimeStage, type RuntimeStage } from '../runtime-stage.ts';
import { makeFluxArtifact } from '../servers/artifact.ts';
import { startChartRepository } from '../servers/chart-repository.ts';
import { startHttpServer } from '../servers/http-server.ts';
import type { RunningRegistry } from '../servers/registry.ts';
import { createChannelKeys } from './channel-keys.ts';

type Json = Readonly<Record<string, unknown>>;

/** A request of the tests: where, what they believe to run, and what was there before. */
export interface Probe {
  readonly namespace: string;
  readonly isScratch: boolean;
  readonly versions: Readonly<Record<string, string>>;
  readonly from: Readonly<Record<string, string>>;
}

export interface PathGround {
  /** Of the moment; another one after `restart`. */
  readonly stage: RuntimeStage;
  readonly folder: string;
  /** Name of the scratch namespace. */
  readonly scratch: string;
  readonly probes: readonly Probe[];
  /** Namespaces that are being removed stay, as where a finalizer has nobody. */
  isHanging: boolean;
  /** Whether what runs together is good; the ConfigMaps of the Apps are there in any case, with these versions. */
  isGood: (probe: Probe) => boolean;
  /** @param charts those of them that are Helm releases */
  begin(names: readonly string[], channel: Json, charts?: readonly string[]): Promise<void>;
  push(versions: Readonly<Record<string, string>>): Promise<void>;
  /** Moves the clock, and plays the controller of namespaces, until it holds. */
  until(check: () => unknown): Promise<void>;
  published(release: string): Promise<void>;
  channel(): Promise<ChannelObjectWire>;
  releases(): Promise<readonly ReleaseObjectWire[]>;
  /** Undefined: there is none. */
  scratchSpace(): Promise<KubeObject | undefined>;
  restart(): Promise<void>;
  stop(): Promise<void>;
}

const outbound = { allowance: parseOutboundAllowance(['127.0.0.0/8']), proxy: undefined };
const scratchOf = (namespace: string) => `${namespace}-try-stable`;
const alsoWatches = (namespace: string) => [scratchOf(namespace)];
let grounds = 0;

export async function openPathGround(kubeconfig: string, registry: RunningRegistry): Promise<PathGround> {
  grounds += 1;
  const prefix = `paths-${process.pid}-${grounds}`;
  const folder = await mkdtemp(join(tmpdir(), 'paths-'));
  let stage = await openRuntimeStage(kubeconfig, { channelFolder: folder, outbound, alsoWatches });
  await createChannelKeys(stage, join(folder, 'stable'));
  const probes: Probe[] = [];
  const server = await startHttpServer(async (_, response, { searchParams }) => {
    const { namespace = '', ...fields } = Object.fromEntries(searchParams);
    const of = (start: string) =>
      Object.fromEntries(
        Object.entries(fields).flatMap(([key, value]) =>
          key.startsWith(start) ? [[key.slice(start.length), value]] : [],
        ),
      );
    const isScratch = namespace !== stage.namespace;
    const probe = { namespace, isScratch, versions: of('version-'), from: of('from-') };
    probes.push(probe);
    const found = await Promise.all(
      Object.entries(probe.versions).map(([name, version]) => runs(namespace, name, version)),
    );
    const isGood = found.every(Boolean) && ground.isGood(probe);
    response.writeHead(isGood ? 200 : 500).end();
  });
  const runs = async (namespace: string, name: string, version: string) =>
    (await stage.client.find<ConfigMap>(configMaps, { namespace, name }))?.data?.['version'] === version;
  const repository = await startChartRepository();
  let released: readonly string[] = [];
  const push = async (name: string, tag: string): Promise<void> => {
    if (released.includes(name)) {
      const archive = await packChart({ name, version: tag, files: { 'templates/map.yaml': mapTemplate } });
      repository.add({ name, version: tag, archive });
      return;
    }
    const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { version: tag } };
    const artifact = makeFluxArtifact({ 'map.yaml': JSON.stringify(map) });
    await pushImage(artifact, { host: registry.host, repository: `${prefix}/${name}`, tag, insecure: true });
  };
  const wayOf = (name: string): Json => {
    if (released.includes(name)) {
      const chart = { repository: repository.url, name, insecure: true };
      return { sources: [{ name: 'chart', chart }], deploy: { helm: { chart: { source: 'chart' } } } };
    }
    const artifact = { repository: `${registry.host}/${prefix}/${name}`, insecure: true };
    return {
      sources: [{ name: 'files', artifact: { ...artifact, policy: { semver: { range: '*' } } } }],
      deploy: { manifests: {} },
    };
  };
  const find = () => stage.client.find<KubeObject>(namespaces, { namespace: '', name: scratchOf(stage.namespace) });
  const ground: PathGround = {
    get stage() {
      return stage;
    },
    get scratch() {
      return scratchOf(stage.namespace);
    },
    ...{ folder, probes, isHanging: false, isGood: () => true },
    async begin(names, channel, charts = []) {
      const { client, namespace } = stage;
      released = charts;
      for (const name of names) {
        await push(name, '1.0.0');
        const own = { url: `${server.origin}/?namespace={{namespace}}&version-${name}={{version}}` };
        const spec = {
          interval: '1m',
          ...wayOf(name),
          // Helm takes seconds, while the clock of the test moves on.
          health: { timeout: released.includes(name) ? '1h' : '1m', stableFor: '0s' },
          tests: [{ name: 'own', interval: '1s', failureLimit: 0, http: own }],
        };
        await client.create<ProductObject>(apps, {
          metadata: { namespace, name, labels: { channel: 'stable' } },
          spec,
        });
      }
      const query = names.map((name) => `version-${name}={{version.${name}}}&from-${name}={{from.${name}}}`).join('&');
      const url = `${server.origin}/?namespace={{namespace}}&${query}`;
      const spec = {
        apps: { matchLabels: { channel: 'stable' } },
        tests: [{ name: 'together', interval: '1s', failureLimit: 0, http: { url } }],
        gather: '10s',
        publish: { folder: { path: 'stable' }, keysRef: { name: 'keys' } },
        ...channel,
      };
      await client.create<ProductObject>(channels, { metadata: { namespace, name: 'stable' }, spec });
    },
    async push(versions) {
      await Promise.all(Object.entries(versions).map(([name, tag]) => push(name, tag)));
      for (const name of Object.keys(versions)) {
        stage.runtime.webhooks.wakeApp(stage.namespace, name);
      }
    },
    async until(check) {
      const attempt = async () => {
        await stage.clock.advance(1_000);
        const space = await find();
        await (ground.isHanging ? hangNamespace(stage, space) : finishNamespace(stage, space));
        await check();
      };
      await vi.waitFor(attempt, { timeout: 150_000, interval: 50 });
    },
    async published(release) {
      await ground.until(async () => {
        const { status } = await ground.channel();
        if (status?.release !== release) {
          throw new Error(`${release} is not published: ${JSON.stringify(status?.waiting)}`);
        }
      });
    },
    async channel() {
      const object = await stage.client.get<ProductObject>(channels, { namespace: stage.namespace, name: 'stable' });
      return decodeChannel(object, 'Channel stable');
    },
    async releases() {
      const { items } = await stage.client.list<ProductObject>(releases, { namespace: stage.namespace });
      const all = items.map((item) => decodeReleaseObject(item, item.metadata.name));
      return all.toSorted((left, right) => left.spec.sequence - right.spec.sequence);
    },
    scratchSpace: find,
    async restart() {
      const { namespace, clock } = stage;
      await stage.stop();
      const same = { channelFolder: folder, outbound, alsoWatches };
      stage = await openRuntimeStage(kubeconfig, { ...same, namespace, start: clock.now() });
    },
    async stop() {
      await stage.stop();
      await Promise.all([server.stop(), repository.stop()]);
      await rm(folder, { recursive: true, force: true });
    },
  };
  return ground;
}

const mapTemplate = `apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}
data:
  version: {{ .Chart.Version | quote }}
`;

const heldBy = 'Some resources are remaining: configmaps. has 1 resource instances';

/** What it says of one that something keeps. */
async function hangNamespace({ client }: RuntimeStage, space: KubeObject | undefined): Promise<void> {
  if (space?.metadata.deletionTimestamp === undefined) {
    return;
  }
  const type = 'NamespaceContentRemaining';
  const condition = { type, status: 'True', reason: 'SomeResourcesRemain', message: heldBy };
  const { apiVersion, kind, metadata } = space;
  await client.request({
    what: 'say what keeps a namespace',
    method: 'PUT',
    path: `/api/v1/namespaces/${metadata.name}/status`,
    body: {
      ...{ apiVersion, kind, metadata },
      status: { phase: 'Terminating', conditions: [{ ...condition, lastTransitionTime: '2026-01-01T00:00:00Z' }] },
    },
  });
}

/** What the controller of namespaces does with one that is being removed; there is none in these tests. */
async function finishNamespace({ client }: RuntimeStage, space: KubeObject | undefined): Promise<void> {
  if (space?.metadata.deletionTimestamp === undefined) {
    return;
  }
  const { name } = space.metadata;
  for (const type of [updates, rejections, jobs, configMaps, secrets]) {
    const { items } = await client.list<KubeObject>(type, { namespace: name });
    await Promise.all(items.map(({ metadata }) => client.delete(type, { namespace: name, name: metadata.name })));
  }
  const { apiVersion, kind, metadata } = space;
  await client.request({
    what: 'finish a namespace',
    method: 'PUT',
    path: `/api/v1/namespaces/${name}/finalize`,
    body: { apiVersion, kind, metadata, spec: { finalizers: [] } },
  });
}
