import type { TestProject } from 'vitest/node';
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

async function prepare(controlPlane: ControlPlane): Promise<void> {
  try {
    await installCrds(controlPlane.client);
  } catch (error) {
    await controlPlane.stop();
    throw error;
  }
}
