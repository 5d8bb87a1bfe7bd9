import type { TestProject } from 'vitest/node';
import { createKubeClient } from '../src/kube/client.ts';
import { loadKubeConfig } from '../src/kube/kubeconfig.ts';
import { type ControlPlane, startControlPlane } from './cluster/control-plane.ts';
import { installCrds } from './install-crds.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Path of an administrator's kubeconfig. */
    kubeconfig: string;
  }
}

/** vitest's globalSetup of the level `server`: one control plane for all tests of the run. Each test works in a namespace of its own. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const controlPlane = await startControlPlane();
  await prepare(controlPlane);
  project.provide('kubeconfig', controlPlane.kubeconfigPath);
  return () => controlPlane.stop();
}

async function prepare({ kubeconfigPath, stop }: ControlPlane): Promise<void> {
  const client = createKubeClient(await loadKubeConfig({ path: kubeconfigPath, environment: process.env }));
  try {
    await installCrds(client);
  } catch (error) {
    await stop();
    throw error;
  } finally {
    await client.close();
  }
}
