/** Whether a version of a chart may be taken, besides its own number. */
import { type CompiledFilter, compileFilter, type TagFilter } from '../policy/tag-filter.ts';
import { parseSemver } from '../version/semver.ts';
import { isInRange, parseSemverRange } from '../version/semver-range.ts';

/** What an App asks of a chart version. */
export interface ChartDemand {
  /** Which versions of the application are taken. */
  readonly appVersion: Pick<TagFilter, 'include' | 'exclude'> | undefined;
  /** Version of the cluster, e.g. `v1.31.2`; undefined: any chart fits. */
  readonly clusterVersion: string | undefined;
}

/** What a repository says of it. */
export interface ChartFacts {
  readonly appVersion?: string;
  readonly kubeVersion?: string;
}

/**
 * Why it is not taken, without the version; undefined: it is.
 *
 * @throws POLICY_INVALID for patterns that were not checked before
 */
export function findMisfit(facts: ChartFacts, { appVersion, clusterVersion }: ChartDemand): string | undefined {
  if (appVersion !== undefined) {
    const judged = filterOf(appVersion).place(facts.appVersion ?? '');
    if (typeof judged !== 'string') {
      return `its appVersion ${facts.appVersion ?? '(none)'} ${judged.message}`;
    }
  }
  if (facts.kubeVersion === undefined || clusterVersion === undefined) {
    return undefined;
  }
  return fitsCluster(facts.kubeVersion, clusterVersion)
    ? undefined
    : `it needs Kubernetes ${facts.kubeVersion}, and this is ${clusterVersion}`;
}

/** As Helm compares them; a range that cannot be read fits nothing, for Helm would refuse to install it. */
export function fitsCluster(kubeVersion: string, clusterVersion: string): boolean {
  const range = parseSemverRange(kubeVersion);
  const version = parseSemver(clusterVersion);
  return range !== undefined && version !== undefined && isInRange(range, version);
}

/** @throws POLICY_INVALID naming the pattern */
export function filterOf(appVersion: Pick<TagFilter, 'include' | 'exclude'>, field = 'appVersion'): CompiledFilter {
  return compileFilter({ include: appVersion.include, exclude: appVersion.exclude }, field);
}
