/** Fulfils the engine's WorkloadObjects. */
import type { WorkloadObjects } from '../../engine/ports/workload-objects.ts';
import type { KubeClient } from '../../kube/client.ts';
import { workloadTypes } from './kinds.ts';

export function createWorkloadObjects(client: KubeClient): WorkloadObjects {
  return {
    async read(workload, signal) {
      const object = await client.find(workloadTypes[workload.kind], workload, { signal });
      return object && { ...object };
    },
  };
}
