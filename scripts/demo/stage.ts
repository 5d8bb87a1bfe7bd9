/** Where the demo plays: our own cluster on this machine, or the one that KUBECONFIG names. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createKubeClient, type KubeClient } from '../../src/kube/client.ts';
import { loadKubeConfig } from '../../src/kube/kubeconfig.ts';
import { startNode } from '../../test/cluster/node.ts';
import { readState } from '../cluster/state.ts';

export interface Stage {
  readonly client: KubeClient;
  readonly kubeconfigPath: string;
  /** `host:port` of a registry that this machine and the cluster reach by plain http. */
  readonly registry: string;
  close(): Promise<void>;
}

/**
 * Opens the stage.
 *
 * @param keep leave our own cluster running; the folder `.cluster` holds it then
 * @param env KUBECONFIG for a cluster of one's own, then also REGISTRY
 */
export async function openStage(
  keep: boolean,
  env: { readonly KUBECONFIG?: string; readonly REGISTRY?: string },
): Promise<Stage> {
  if (env.KUBECONFIG) {
    if (!env.REGISTRY) {
      throw new Error(
        'KUBECONFIG is set: set REGISTRY=host:port too, a registry that this machine and that cluster reach by plain http',
      );
    }
    const client = await connect(env.KUBECONFIG);
    return { client, kubeconfigPath: env.KUBECONFIG, registry: env.REGISTRY, close: () => client.close() };
  }
  return keep ? await openLasting() : await openPassing();
}

async function openPassing(): Promise<Stage> {
  const node = await startNode({ name: 'demo' });
  const client = await connect(node.kubeconfigPath);
  const close = async () => {
    await client.close();
    await node.stop();
  };
  return { client, kubeconfigPath: node.kubeconfigPath, registry: node.registry, close };
}

/** The cluster of `make cluster-up`, which outlives this process. */
async function openLasting(): Promise<Stage> {
  const root = join(import.meta.dirname, '..', '..');
  const up = spawn(process.execPath, ['scripts/cluster.ts', 'up'], { cwd: root, stdio: 'inherit' });
  const [code] = await once(up, 'exit');
  const state = await readState(join(root, '.cluster'));
  if (code !== 0 || state?.registry === undefined) {
    throw new Error('start a lasting cluster: it did not come up; see above');
  }
  const client = await connect(state.kubeconfig);
  return { client, kubeconfigPath: state.kubeconfig, registry: state.registry, close: () => client.close() };
}

async function connect(path: string): Promise<KubeClient> {
  return createKubeClient(await loadKubeConfig({ path, environment: process.env }));
}
