/** The AnalysisTemplate of Argo Rollouts 1.8.3, its definition as published (manifests/crds/analysis-template-crd.yaml, packed). */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { load } from 'js-yaml';
import type { KubeClient } from '../../src/kube/client.ts';
import type { KubeObject, NewObject, ResourceType } from '../../src/kube/objects.ts';
import { waitUntil } from '../cluster/wait-until.ts';

export const analysisTemplates: ResourceType = {
  group: 'argoproj.io',
  version: 'v1alpha1',
  plural: 'analysistemplates',
  kind: 'AnalysisTemplate',
  namespaced: true,
};

const definitions: ResourceType = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  plural: 'customresourcedefinitions',
  kind: 'CustomResourceDefinition',
  namespaced: false,
};

/** Harmless to repeat. */
export async function installAnalysisTemplates(client: KubeClient): Promise<void> {
  const file = new URL('argo-rollouts-1.8.3-analysis-template.yaml.gz', import.meta.url);
  const body = load(gunzipSync(readFileSync(file)).toString('utf8')) as NewObject<KubeObject>;
  const name = 'analysistemplates.argoproj.io';
  await client.patch(
    definitions,
    { namespace: '', name },
    { kind: 'apply', body },
    { force: true, fieldManager: 'test' },
  );
  await waitUntil('AnalysisTemplates are served', 20_000, async () => {
    try {
      await client.list(analysisTemplates, { namespace: 'default' });
      return true;
    } catch {
      return false;
    }
  });
}
