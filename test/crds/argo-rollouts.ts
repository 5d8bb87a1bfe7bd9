/** The AnalysisTemplate of Argo Rollouts. */
import type { KubeClient } from '../../src/kube/client.ts';
import type { ResourceType } from '../../src/kube/objects.ts';
import { waitUntil } from '../cluster/wait-until.ts';
import { installPublished } from './published-definitions.ts';

export const analysisTemplates: ResourceType = {
  group: 'argoproj.io',
  version: 'v1alpha1',
  plural: 'analysistemplates',
  kind: 'AnalysisTemplate',
  namespaced: true,
};

/** Harmless to repeat. */
export async function installAnalysisTemplates(client: KubeClient): Promise<void> {
  await installPublished(client, 'argo-rollouts-1.8.3-analysis-template');
  await waitUntil('AnalysisTemplates are served', 20_000, async () => {
    const [answer] = await Promise.allSettled([client.list(analysisTemplates, { namespace: 'default' })]);
    return answer?.status === 'fulfilled';
  });
}
