import type { TestProject } from 'vitest/node';
import { startControlPlane } from './cluster/control-plane.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Path of an administrator's kubeconfig. */
    kubeconfig: string;
  }
}

/** vitest's globalSetup of the level `server`: one control plane for all tests of the run. Each test works in a namespace of its own. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const controlPlane = await startControlPlane();
  project.provide('kubeconfig', controlPlane.kubeconfigPath);
  return () => controlPlane.stop();
}
