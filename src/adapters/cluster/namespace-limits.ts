/** Fulfils the engine's NamespaceLimits. */
import type { NamespaceLimits } from '../../engine/ports/namespace-limits.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { ResourceType } from '../../kube/objects.ts';
import { decodeBudget, decodeDemand, decodeQuota } from '../../resources/app/decode-limits.ts';
import { workloadTypes } from './kinds.ts';

const resourceQuotas: ResourceType = {
  ...{ group: '', version: 'v1', plural: 'resourcequotas', kind: 'ResourceQuota' },
  namespaced: true,
};
const podDisruptionBudgets: ResourceType = {
  ...{ group: 'policy', version: 'v1', plural: 'poddisruptionbudgets', kind: 'PodDisruptionBudget' },
  namespaced: true,
};

export function createNamespaceLimits(client: KubeClient): NamespaceLimits {
  return {
    async quotas(namespace, signal) {
      const { items } = await client.list(resourceQuotas, { namespace, signal });
      return items.flatMap((item) => decodeQuota(item, `ResourceQuota ${namespace}/${item.metadata.name}`) ?? []);
    },
    async disruptionBudgets(namespace, signal) {
      const { items } = await client.list(podDisruptionBudgets, { namespace, signal });
      return items.flatMap(
        (item) => decodeBudget(item, `PodDisruptionBudget ${namespace}/${item.metadata.name}`) ?? [],
      );
    },
    async demandOf(workload, signal) {
      const object = await client.find(workloadTypes[workload.kind], workload, { signal });
      return object && decodeDemand(workload.kind, object);
    },
  };
}
