/** What Helm keeps of a release: revisions, each with its status. */

/** The statuses of Helm's `release.Status`. */
export const revisionStatuses = [
  'unknown',
  'deployed',
  'uninstalled',
  'superseded',
  'failed',
  'uninstalling',
  'pending-install',
  'pending-upgrade',
  'pending-rollback',
] as const;

export type RevisionStatus = (typeof revisionStatuses)[number];

/** One revision as its Secret's metadata shows it; nothing of the payload. */
export interface Revision {
  readonly number: number;
  readonly status: RevisionStatus;
  /** Another text whenever it was written again. */
  readonly stamp: string;
  /** When Helm last wrote it. */
  readonly changedAt: Date;
  /** Undefined where the revision was not made by Headgate. A rollback carries the marks of the revision it goes back to. */
  readonly marks: RevisionMarks | undefined;
}

/** What Headgate writes on the revisions that it makes. */
export interface RevisionMarks {
  readonly app: string;
  /** The Update that made it, or whose revision was gone back to. */
  readonly update: string;
  /** Digest of the chart; undefined where the chart of the release itself was used. */
  readonly chartDigest: string | undefined;
  /** Version of the chart as the chart says it. */
  readonly chartVersion: string | undefined;
  /** Digest of what the App asks for besides versions: values, post-rendering, name. */
  readonly settingsDigest: string;
}

/** An operation of Helm that has begun and not ended: no other may begin. */
export function isPending(status: RevisionStatus): boolean {
  return status.startsWith('pending-') || status === 'uninstalling';
}

/** Newest first. */
export function sortRevisions(revisions: readonly Revision[]): readonly Revision[] {
  return revisions.toSorted((left, right) => right.number - left.number);
}
