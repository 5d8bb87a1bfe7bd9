/** CRDs that a chart renders from its templates: Helm changes them with everything else, and deletes those that a chart has no more. */
import { isOperationError } from '../../../core/errors.ts';
import type { HelmDeploy } from '../../../core/helm/helm-deploy.ts';
import type { Revision } from '../../../core/helm/release.ts';
import { identityKey, type ManifestObject } from '../../../core/manifest/manifest-object.ts';
import { annotationsOf } from '../../../core/manifest/opt-outs.ts';
import { inCluster, sayOneWays, sayUnknown } from './chart-definitions.ts';
import { type HelmContext, helmPlanOf, releaseOf } from './helm-context.ts';
import { makeUpgrade, type PlannedWork } from './make-upgrade.ts';

/**
 * What going back would not bring back of the CRDs in the cluster that the templates of the new chart, or of the revision that going back
 * brings, make. What stands in the way of the upgrade itself is told when it is made, before anything is changed.
 */
export async function findRenderedOneWays(
  context: HelmContext,
  work: PlannedWork,
  { deploy, good }: { readonly deploy: HelmDeploy; readonly good: Revision | undefined },
  signal: AbortSignal,
): Promise<readonly string[]> {
  const release = releaseOf(work.update, helmPlanOf(work.journal));
  try {
    const after = await context.definitions.render(release, await makeUpgrade(context, work, signal), signal);
    const opened = good && (await context.releases.open(release, good, signal));
    const former = (opened?.objects ?? []).filter(({ kind }) => kind === 'CustomResourceDefinition');
    const asked = { namespace: release.namespace, deploy };
    const before = await inCluster(context, asked, unique([...after, ...former]), signal);
    const wanted = new Set(after.map(identityKey));
    return sayOneWays(
      before.filter((one) => wanted.has(identityKey(one)) || !isKept(one)),
      after,
    );
  } catch (error) {
    return isOperationError(error) &&
      error.retry === 'never' &&
      !error.code.startsWith('API_') &&
      error.code !== 'INVARIANT'
      ? []
      : [sayUnknown(error)];
  }
}

function unique(objects: readonly ManifestObject[]): readonly ManifestObject[] {
  return [...new Map(objects.map((one) => [identityKey(one), one])).values()];
}

/** Helm leaves it in place where the chart has it no more. */
function isKept({ object }: ManifestObject): boolean {
  return annotationsOf(object)['helm.sh/resource-policy'] === 'keep';
}
