/** Fulfils the engine's AnalysisTemplates; a cluster without Argo Rollouts has none. */
import type { AnalysisTemplates } from '../../engine/ports/analysis-templates.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { KubeObject, ResourceType } from '../../kube/objects.ts';

const group = { group: 'argoproj.io', version: 'v1alpha1' };
const ofNamespace: ResourceType = { ...group, kind: 'AnalysisTemplate', plural: 'analysistemplates', namespaced: true };
const ofCluster: ResourceType = {
  ...group,
  kind: 'ClusterAnalysisTemplate',
  plural: 'clusteranalysistemplates',
  namespaced: false,
};

export function createAnalysisTemplates(client: KubeClient): AnalysisTemplates {
  return {
    async find(namespace, name, signal) {
      const type = namespace === undefined ? ofCluster : ofNamespace;
      const found = await client.find<KubeObject>(type, { namespace: namespace ?? '', name }, { signal });
      return found && { ...found };
    },
  };
}
