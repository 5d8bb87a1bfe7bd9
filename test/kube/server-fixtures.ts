/** What the tests on a real API server share. */
import { randomUUID } from 'node:crypto';
import { createKubeClient, type KubeClient, type KubeClientOptions } from '../../src/kube/client.ts';
import { loadKubeConfig } from '../../src/kube/kubeconfig.ts';
import type { KubeObject } from '../../src/kube/objects.ts';
import { configMaps, namespaces } from '../../src/kube/resource-types.ts';

export interface ConfigMap extends KubeObject {
  readonly data?: Readonly<Record<string, string>>;
}

/** A client for the kubeconfig at `path`, perhaps through another port of this machine. */
export async function connectTo(
  path: string,
  options: KubeClientOptions & { port?: number } = {},
): Promise<KubeClient> {
  const { port, ...rest } = options;
  const config = await loadKubeConfig({ path });
  const server = new URL(config.server);
  if (port !== undefined) {
    server.port = String(port);
  }
  return createKubeClient({ ...config, server: server.href }, { fieldManager: 'test', ...rest });
}

/** A namespace for one test. Nobody removes it: the cluster goes with the run. */
export async function createNamespace(client: KubeClient): Promise<string> {
  const name = `test-${randomUUID().slice(0, 13)}`;
  await client.create(namespaces, { metadata: { name } });
  return name;
}

export function createConfigMap(
  client: KubeClient,
  namespace: string,
  name: string,
  data: Record<string, string> = {},
): Promise<ConfigMap> {
  return client.create<ConfigMap>(configMaps, { metadata: { namespace, name }, data });
}

/** Runs `action` for 0 to count - 1, eight at a time. */
export async function repeat(count: number, action: (index: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const worker = async () => {
    for (let index = next++; index < count; index = next++) {
      await action(index);
    }
  };
  await Promise.all(Array.from({ length: 8 }, worker));
}
