/** The rollback of an Update: to which revision, and with which CRDs. */
import type { Revision } from '../../../core/helm/release.ts';
import type { HelmOperation } from '../../ports/helm.ts';
import type { Work } from '../deployer.ts';
import { formerDefinitions } from './chart-definitions.ts';
import { type HelmContext, helmPlanOf, releaseOf, timesOf } from './helm-context.ts';

/** @param to the revision to go back to, and all that there are */
export async function makeReturn(
  context: HelmContext,
  { spec, update, journal }: Work,
  to: { readonly number: number; readonly revisions: readonly Revision[] },
  signal: AbortSignal,
): Promise<HelmOperation> {
  const deploy = spec?.deploy.kind === 'Helm' ? spec.deploy : undefined;
  const target = to.revisions.find(({ number }) => number === to.number);
  const release = releaseOf(update, helmPlanOf(journal));
  const { namespace } = update.metadata;
  const crds =
    spec && deploy && target
      ? await formerDefinitions(context, { namespace, spec, deploy, release }, target, signal)
      : [];
  return { kind: 'Rollback', revision: to.number, maxHistory: deploy?.maxHistory ?? 10, crds, ...timesOf(deploy) };
}
