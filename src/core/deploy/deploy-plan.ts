/** What an Update does to the cluster, and how it is undone; written to the journal before the first change. */

import type { GitPlan } from './git-plan.ts';
import { doubtOfHelm, type HelmPlan } from './helm-plan.ts';
import { doubtOfManifests, type ManifestsPlan } from './manifests-plan.ts';
import { broughtBackByPatch, type PatchPlan } from './patch-plan.ts';
import { broughtBackByWorkloads, doubtOfWorkloads, type WorkloadsPlan } from './workloads-plan.ts';

/** One variant for each kind of deploy. */
export type DeployPlan = WorkloadsPlan | HelmPlan | PatchPlan | ManifestsPlan | GitPlan;

/**
 * Why going back may not bring exactly what ran before.
 *
 * @returns undefined when it does
 */
export function doubtOf(plan: DeployPlan): string | undefined {
  switch (plan.kind) {
    case 'Workloads':
      return doubtOfWorkloads(plan);
    case 'Patch':
    case 'Git':
      return undefined;
    case 'Manifests':
      return doubtOfManifests(plan);
    case 'Helm':
      return doubtOfHelm(plan);
  }
}

/** Digests of the versions that going back would bring, as far as known. */
export function broughtBackBy(plan: DeployPlan): readonly string[] {
  switch (plan.kind) {
    case 'Workloads':
      return broughtBackByWorkloads(plan);
    case 'Patch':
      return broughtBackByPatch(plan);
    case 'Manifests':
      return plan.formerDigests;
    case 'Helm':
      return plan.restoreDigests;
    case 'Git':
      // What a revert brings is the version that each change comes from; it is looked at anyway.
      return [];
  }
}
