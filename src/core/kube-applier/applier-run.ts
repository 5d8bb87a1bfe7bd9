/** The record of one run of `headgate apply`: what its status page shows and its metrics count. */

/** As box/kube-applier names them. */
export type RunType = 'FullRun' | 'QuickRun';

/** What applying one file came to. */
export interface FileAttempt {
  /** Relative to the repository. */
  readonly path: string;
  readonly success: boolean;
  /** One line for each object, or what is wrong with the file. */
  readonly output: readonly string[];
}

export interface ApplierRun {
  readonly type: RunType;
  readonly startedAt: Date;
  readonly finishedAt: Date;
  /** Hash of the commit that was applied; undefined for a folder without history. */
  readonly commit: string | undefined;
  /** `git log -1 --name-status` of it. */
  readonly commitLog: string;
  readonly blacklist: readonly string[];
  readonly whitelist: readonly string[];
  /** In the order of their paths. */
  readonly files: readonly FileAttempt[];
}

/** A run is good when each of its files is. */
export function isSuccess({ files }: Pick<ApplierRun, 'files'>): boolean {
  return files.every((file) => file.success);
}

/** What is to be run next; asking for more while a run is under way adds to it, so that nothing is run twice for nothing. */
export interface Pending {
  readonly full: boolean;
  /** Commit since which files are to be looked at; undefined: no quick run is asked for. */
  readonly changedSince: string | undefined;
}

export const nothingPending: Pending = { full: false, changedSince: undefined };

/** A full run covers what a quick one would do. */
export function nextRun(pending: Pending): RunType | undefined {
  return pending.full ? 'FullRun' : pending.changedSince === undefined ? undefined : 'QuickRun';
}

/** The oldest commit that was not applied yet counts: a newer one that arrives meanwhile replaces only where the range ends. */
export function withChange(pending: Pending, since: string): Pending {
  return { ...pending, changedSince: pending.changedSince ?? since };
}
