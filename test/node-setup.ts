import type { TestProject } from 'vitest/node';
import { locateTools } from './cluster/binaries.ts';
import { startNode } from './cluster/node.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** `host:port` of the registry on the node; this machine, kubelet and pods reach it over plain http. */
    registry: string;
    /** `host:port` of the registry on loopback. */
    localRegistry: string;
    /** IPv4. */
    nodeAddress: string;
    /** State folder of the cluster, as loadImage takes it. */
    nodeDirectory: string;
    /** Path of a helm of version 4. */
    helm: string;
    /** Path of a kubectl that fits the API server. */
    kubectl: string;
  }
}

/** vitest's globalSetup of the level `node`: one cluster with a node for all tests of the run. Each test works in a namespace of its own. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const [{ helm, kubectl }, cluster] = await Promise.all([
    locateTools(['helm', 'kubectl']),
    startNode({ volumes: true }),
  ]);
  project.provide('kubeconfig', cluster.kubeconfigPath);
  project.provide('registry', cluster.registry);
  project.provide('localRegistry', cluster.localRegistry);
  project.provide('nodeAddress', cluster.nodeAddress);
  project.provide('nodeDirectory', cluster.directory);
  project.provide('helm', helm);
  project.provide('kubectl', kubectl);
  return () => cluster.stop();
}
