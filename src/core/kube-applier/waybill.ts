/** A Waybill of utilitywarehouse/kube-applier: the part that is honoured, and when it is to be applied (its run/scheduler.go). */

export interface Waybill {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  /** False: only a forced run applies it. */
  readonly autoApply: boolean;
  /** Secret with a token of the ServiceAccount in whose name everything is done. */
  readonly delegateSecret: string;
  readonly dryRun: boolean;
  readonly prune: boolean;
  readonly pruneClusterResources: boolean;
  /** Kinds that are never pruned, as `group/version/Kind`; the core group is `core`. */
  readonly pruneBlacklist: readonly string[];
  /** Folder of the repository, relative to it. */
  readonly path: string;
  readonly runIntervalMs: number;
  readonly runTimeoutMs: number;
  /** What is asked for and is not done here, one sentence each. */
  readonly problems: readonly string[];
  readonly lastRun: WaybillRun | undefined;
}

/** As `status.lastRun` has it. */
export interface WaybillRun {
  readonly command: string;
  /** Empty when nothing came to be applied. */
  readonly commit: string;
  readonly errorMessage: string;
  readonly output: string;
  readonly startedAt: Date;
  readonly finishedAt: Date;
  readonly success: boolean;
  readonly type: string;
}

/** In the words of kube-applier. */
export type WaybillRunType = 'Scheduled run' | 'Forced run' | 'Git polling run';

export interface WaybillSight {
  readonly isForced: boolean;
  /** Whether a commit since that of the last run touches its folder; also true when that commit is not known any more. */
  readonly isChanged: boolean;
}

/** Which run is due now; undefined: none. */
export function dueRun(waybill: Waybill, { isForced, isChanged }: WaybillSight, now: Date): WaybillRunType | undefined {
  if (isForced) {
    return 'Forced run';
  }
  if (!waybill.autoApply) {
    return undefined;
  }
  const { lastRun, runIntervalMs } = waybill;
  if (lastRun === undefined || now.getTime() >= lastRun.startedAt.getTime() + runIntervalMs) {
    return 'Scheduled run';
  }
  return isChanged ? 'Git polling run' : undefined;
}

/** Whether one of the files lies in the Waybill's folder. */
export function touches({ path }: Pick<Waybill, 'path'>, files: readonly string[]): boolean {
  return path === '' || files.some((file) => file === path || file.startsWith(`${path}/`));
}

/**
 * Whether an object that left the folder may be deleted. Kubernetes copies annotations to ControllerRevisions, so that
 * kube-applier never prunes them; neither do we.
 */
export function mayPrune(
  waybill: Pick<Waybill, 'prune' | 'pruneClusterResources' | 'pruneBlacklist'>,
  { apiVersion, kind, namespace }: { readonly apiVersion: string; readonly kind: string; readonly namespace: string },
): boolean {
  const named = `${apiVersion.includes('/') ? apiVersion : `core/${apiVersion}`}/${kind}`;
  const isAllowed = namespace !== '' || waybill.pruneClusterResources;
  return waybill.prune && isAllowed && kind !== 'ControllerRevision' && !waybill.pruneBlacklist.includes(named);
}
