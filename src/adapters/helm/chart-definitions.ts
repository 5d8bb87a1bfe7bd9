/** Fulfils the engine's ChartDefinitions. */
import { groupOf, type ManifestObject } from '../../core/manifest/manifest-object.ts';
import type { ChartContent } from '../../engine/ports/helm.ts';
import { parseManifests } from '../../kube/manifest-text.ts';
import { crdsOf } from './place-chart.ts';

/** @throws HELM_CHART_INVALID, OBJECT_INVALID */
export async function readChartDefinitions(chart: ChartContent): Promise<readonly ManifestObject[]> {
  const texts = await crdsOf(chart);
  return texts
    .flatMap((text) => parseManifests(text, 'crds') ?? [])
    .map(({ apiVersion, kind, namespace, name, object }) => {
      return { apiVersion, group: groupOf(apiVersion), kind, namespace, name, object };
    });
}
