/** What a cluster tells its hub of a Release, where its people wish so: the outcome, and nothing else. */

export type Outcome = 'Succeeded' | 'WentBack';

export interface OutcomeReport {
  readonly channel: string;
  readonly release: string;
  readonly outcome: Outcome;
}

/** In front of what is signed, so that the signature is good for nothing else. */
export const reportPreamble = 'headgate outcome report v1\n';

/** Undefined: it is not decided yet. One App that went back is enough: the set was tested as a whole. */
export function outcomeOf(apps: readonly { readonly state: string }[]): Outcome | undefined {
  if (apps.some(({ state }) => state === 'Rejected')) {
    return 'WentBack';
  }
  const isSettled = apps.some(({ state }) => state === 'Current') && apps.every(({ state }) => state !== 'Pending');
  return isSettled ? 'Succeeded' : undefined;
}

/** Who said what of one Release, by the ids of clusters. */
export interface Tally {
  readonly succeeded: ReadonlySet<string>;
  readonly wentBack: ReadonlySet<string>;
}

export const noReports: Tally = { succeeded: new Set(), wentBack: new Set() };

/** Bounds what is kept of a Release. What comes after them is taken without being counted: the share is known well by then. */
export const maxReporters = 20_000;

/** The last word of a cluster counts. The same tally where nothing is new. */
export function countReport(tally: Tally, cluster: string, outcome: Outcome): Tally {
  const { succeeded, wentBack } = tally;
  const isKnown = succeeded.has(cluster) || wentBack.has(cluster);
  const isFull = succeeded.size + wentBack.size >= maxReporters;
  if ((outcome === 'Succeeded' ? succeeded : wentBack).has(cluster) || (!isKnown && isFull)) {
    return tally;
  }
  const others = (set: ReadonlySet<string>) => [...set].filter((one) => one !== cluster);
  return outcome === 'Succeeded'
    ? { succeeded: new Set([...succeeded, cluster]), wentBack: new Set(others(wentBack)) }
    : { succeeded: new Set(others(succeeded)), wentBack: new Set([...wentBack, cluster]) };
}

/** When so many clusters went back that no more shall take a Release. Both have to be reached. */
export interface PauseThreshold {
  /** Clusters. */
  readonly failures: number;
  /** Of those that reported, 0 to 1. */
  readonly share: number;
}

export function isPastThreshold({ failures, share }: PauseThreshold, { succeeded, wentBack }: Tally): boolean {
  return wentBack.size >= failures && wentBack.size >= share * (succeeded.size + wentBack.size);
}
