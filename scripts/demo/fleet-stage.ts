/** Where a fleet plays: two clusters on this machine, each with a node of its own, and the ways between them. */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createKubeClient } from '../../src/kube/client.ts';
import { loadKubeConfig } from '../../src/kube/kubeconfig.ts';
import type { KubeObject } from '../../src/kube/objects.ts';
import { namespaces, services } from '../../src/kube/resource-types.ts';
import { type ClusterWithNode, startNode } from '../../test/cluster/node.ts';
import { nameRegistry, openRelay } from '../../test/cluster/relay.ts';
import type { ChannelAddresses } from '../../test/headgate/fleet.ts';
import { type ChartRepository, startChartRepository } from '../../test/servers/chart-repository.ts';
import type { Stage } from './stage.ts';

export interface Fleet {
  readonly hub: Stage;
  readonly member: Stage;
  readonly charts: Pick<ChartRepository, 'add' | 'url'>;
  /** Of this machine; the node of the hub is on it. */
  readonly folder: string;
  /** How the member reaches the Service of the hub's channels. */
  openChannels(channel: string): Promise<ChannelAddresses>;
  close(): Promise<void>;
}

/** Two clusters take as long as one: they are started side by side. */
export async function openFleet(): Promise<Fleet> {
  const ends: (() => Promise<void>)[] = [];
  const close = async () => {
    for (const end of ends.toReversed()) {
      await end();
    }
  };
  try {
    return { ...(await open(ends)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function open(ends: (() => Promise<void>)[]): Promise<Omit<Fleet, 'close'>> {
  const folder = mkdtempSync(join(tmpdir(), 'headgate-fleet-'));
  // Pods of the hub, which are no root, write below it.
  chmodSync(folder, 0o755);
  ends.push(async () => rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 500 }));
  const started = await Promise.allSettled(['hub', 'member'].map((name) => startNode({ name })));
  const [hub, member] = started.map((one) => {
    if (one.status === 'rejected') {
      throw one.reason;
    }
    ends.push(() => one.value.stop());
    return one.value;
  });
  if (hub === undefined || member === undefined) {
    throw new Error('open a fleet: a cluster is missing');
  }
  const relay = async (from: ClusterWithNode, target: string) => {
    const opened = await openRelay(from.network.hostAddress, target);
    ends.push(() => opened.close());
    return opened.address;
  };
  const registry = await relay(hub, hub.registry);
  await Promise.all([hub, member].map(({ directory }) => nameRegistry(directory, registry)));
  const charts = await startChartRepository();
  ends.push(() => charts.stop());
  const stages = [await stageOf(hub, registry), await stageOf(member, registry)] as const;
  ends.push(() => Promise.all(stages.map((stage) => stage.close())).then(() => undefined));
  return {
    ...{ hub: stages[0], member: stages[1], folder },
    charts: { add: (chart) => charts.add(chart), url: `http://${await relay(hub, new URL(charts.url).host)}` },
    async openChannels(channel) {
      const { spec } = await stages[0].client.get<ServiceObject>(services, {
        ...{ namespace: 'headgate', name: 'headgate-channels' },
      });
      const [url, reports] = [
        await relay(member, `${spec.clusterIP}:8082`),
        await relay(member, `${spec.clusterIP}:8083`),
      ];
      return { url: `http://${url}/${channel}/`, reports: `http://${reports}/reports/demo/${channel}` };
    },
  };
}

interface ServiceObject extends KubeObject {
  readonly spec: { readonly clusterIP: string };
}

async function stageOf(node: ClusterWithNode, registry: string): Promise<Stage> {
  const { kubeconfigPath } = node;
  const client = createKubeClient(await loadKubeConfig({ path: kubeconfigPath, environment: process.env }));
  for (const name of ['demo', 'headgate']) {
    await client.create(namespaces, { metadata: { name } });
  }
  return { client, kubeconfigPath, registry, close: () => client.close() };
}
