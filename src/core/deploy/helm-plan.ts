/** What an Update changes of an App that is a Helm release: one revision for another. */

export interface HelmPlan {
  readonly kind: 'Helm';
  readonly release: string;
  /** The newest revision when the plan was made; 0 where there was none. */
  readonly before: number;
  /** The revision that going back brings; undefined where nothing was installed before. */
  readonly restore?: number;
  /** Digests of the versions and settings of that revision, as far as known. */
  readonly restoreDigests: readonly string[];
  /** Version of the chart that stays where no newer one comes; undefined where it is not known. */
  readonly chart?: { readonly version?: string; readonly digest?: string };
  /** A rollback that somebody asked for: the revision to go back to. */
  readonly goTo?: number;
  readonly settingsDigest: string;
  /** The revision that this Update made; undefined while it has not. */
  readonly revision?: number;
  /** What going back does not take back, one sentence each. */
  readonly oneWays: readonly string[];
}

/** Why going back may not bring exactly what ran before; undefined where it does. */
export function doubtOfHelm({ restore, oneWays }: HelmPlan): string | undefined {
  if (restore === undefined) {
    return 'nothing was installed before, so there is nothing to go back to';
  }
  return oneWays.length === 0 ? undefined : oneWays.join('; ');
}
