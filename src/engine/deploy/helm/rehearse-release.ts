/** What the API server would say to an upgrade. The first revision gets no rehearsal: its kinds and namespaces may only come with it. */
import type { HelmPlan } from '../../../core/deploy/helm-plan.ts';
import { isOperationError } from '../../../core/errors.ts';
import type { Rehearsal, Work } from '../deployer.ts';
import { type HelmContext, releaseOf } from './helm-context.ts';
import { makeUpgrade } from './make-upgrade.ts';

const nothing: Rehearsal = { refusals: [], workloads: [] };

/** @throws errors of the API server that pass */
export async function rehearseRelease(
  context: HelmContext,
  work: Work,
  plan: HelmPlan,
  signal: AbortSignal,
): Promise<Rehearsal> {
  if (plan.before === 0 || plan.goTo !== undefined) {
    return nothing;
  }
  try {
    const upgrade = await makeUpgrade(context, { ...work, journal: { ...work.journal, plan } }, signal);
    return await context.rehearsals.rehearse(releaseOf(work.update, plan), upgrade, signal);
  } catch (error) {
    // What stands in the way of the upgrade itself is told, and judged, when it is made.
    if (isOperationError(error) && !error.code.startsWith('API_') && error.code !== 'INVARIANT') {
      return nothing;
    }
    throw error;
  }
}
