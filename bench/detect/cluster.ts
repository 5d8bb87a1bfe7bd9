/** A real API server behind a proxy that counts, with Deployments that nobody runs and Apps on them. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { dump } from 'js-yaml';
import { apps, type ProductObject } from '../../src/adapters/cluster/kinds.ts';
import { createKubeClient, type KubeClient } from '../../src/kube/client.ts';
import { startInformer } from '../../src/kube/informer.ts';
import { loadKubeConfig } from '../../src/kube/kubeconfig.ts';
import type { KubeObject } from '../../src/kube/objects.ts';
import { deployments, namespaces } from '../../src/kube/resource-types.ts';
import type { AppSpecWire } from '../../src/resources/app/app.ts';
import { type ControlPlane, type ControlPlaneOptions, startControlPlane } from '../../test/cluster/control-plane.ts';
import { waitUntil } from '../../test/cluster/wait-until.ts';
import { webDeployment } from '../../test/images/web-objects.ts';
import { installCrds } from '../../test/install-crds.ts';
import { type ApiProxy, startApiProxy } from '../../test/servers/api-proxy.ts';

export interface BenchCluster {
  /** Not counted. */
  readonly client: KubeClient;
  readonly proxy: ApiProxy;
  /** Of the proxy. */
  readonly kubeconfig: string;
  /** Of an administrator, past the proxy. */
  readonly directKubeconfig: string;
  stop(): Promise<void>;
}

export async function startCluster(options: ControlPlaneOptions = {}): Promise<BenchCluster> {
  const plane: ControlPlane = await startControlPlane(options);
  const client = createKubeClient(await loadKubeConfig({ path: plane.kubeconfigPath }), { fieldManager: 'bench' });
  await installCrds(client);
  const proxy = await startApiProxy(plane.kubeconfigPath);
  const kubeconfig = join(plane.directory, 'proxy.kubeconfig');
  const cluster = { name: 'bench', cluster: { server: proxy.config.server } };
  const context = { name: 'bench', context: { cluster: 'bench', user: 'nobody' } };
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [cluster],
    contexts: [context],
    'current-context': 'bench',
  };
  await writeFile(kubeconfig, dump({ ...config, users: [{ name: 'nobody', user: {} }] }));
  return {
    client,
    proxy,
    kubeconfig,
    directKubeconfig: plane.kubeconfigPath,
    stop: async () => {
      await proxy.stop();
      await client.close();
      await plane.stop();
    },
  };
}

export interface AppPlan {
  readonly name: string;
  readonly image: string;
  readonly tag: string;
  readonly interval: string;
}

/** A namespace with a Deployment and an App for each plan. */
export async function createApps(client: KubeClient, namespace: string, plans: readonly AppPlan[]): Promise<void> {
  await client.create(namespaces, { metadata: { name: namespace } });
  const left = [...plans];
  const work = async () => {
    for (let plan = left.pop(); plan !== undefined; plan = left.pop()) {
      const { name, image, tag, interval } = plan;
      const deployment = webDeployment({ name, namespace, image: `${image}:${tag}`, replicas: 1 });
      await client.create<KubeObject>(deployments, deployment);
      const spec: AppSpecWire = {
        interval,
        sources: [{ name: 'web', image: { repository: image, insecure: true, policy: { semver: { range: '1.x' } } } }],
        deploy: { workloads: { targets: [{ kind: 'Deployment', name }] } },
      };
      await client.create<ProductObject>(apps, { metadata: { namespace, name }, spec });
    }
  };
  await Promise.all(Array.from({ length: 12 }, work));
}

/** Returns once every App of the namespace says that it is up to date; by a watch of our own. */
export async function untilResolved({ client }: BenchCluster, namespace: string, count: number): Promise<void> {
  const stop = new AbortController();
  const resolved = new Set<string>();
  startInformer<ProductObject>({
    client,
    type: apps,
    namespace,
    signal: stop.signal,
    onError: () => undefined,
    onChange: ({ metadata, status }) => {
      if (JSON.stringify(status ?? {}).includes('"reason":"UpToDate"')) {
        resolved.add(metadata.name);
      }
    },
  });
  await waitUntil(`${count} Apps are resolved`, 300_000, async () => resolved.size >= count);
  stop.abort();
}
