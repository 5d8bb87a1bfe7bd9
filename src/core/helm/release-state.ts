/**
 * What state a release is in, and what is to be done about it. The states are those of Flux's helm-controller
 * (internal/reconcile/state.go), so that people who come from there find them again.
 */
import { isPending, type Revision } from './release.ts';
import { marksName } from './revision-marks.ts';

/** What an App wants of its release. */
export interface Wanted {
  readonly app: string;
  /** Undefined where the App keeps the chart that is there. */
  readonly chartDigest: string | undefined;
  readonly settingsDigest: string;
}

export type ReleaseState =
  | { readonly kind: 'Absent' }
  /** An operation began and has not ended. */
  | { readonly kind: 'Locked'; readonly revision: Revision }
  /** Installed by somebody else: it can be adopted. */
  | { readonly kind: 'Unmanaged'; readonly revision: Revision }
  | { readonly kind: 'OutOfSync'; readonly revision: Revision; readonly what: 'chart' | 'settings' }
  /** The newest revision failed. */
  | { readonly kind: 'Failed'; readonly revision: Revision }
  | { readonly kind: 'InSync'; readonly revision: Revision };

/** @param revisions newest first */
export function assessRelease(revisions: readonly Revision[], wanted: Wanted): ReleaseState {
  const [revision] = revisions;
  if (revision === undefined || revision.status === 'uninstalled') {
    return { kind: 'Absent' };
  }
  if (isPending(revision.status)) {
    return { kind: 'Locked', revision };
  }
  if (revision.status === 'failed') {
    return { kind: 'Failed', revision };
  }
  const { marks } = revision;
  if (marks === undefined || !marksName(marks.app, wanted.app)) {
    return { kind: 'Unmanaged', revision };
  }
  if (wanted.chartDigest !== undefined && marks.chartDigest !== wanted.chartDigest) {
    return { kind: 'OutOfSync', revision, what: 'chart' };
  }
  if (marks.settingsDigest !== wanted.settingsDigest) {
    return { kind: 'OutOfSync', revision, what: 'settings' };
  }
  return { kind: 'InSync', revision };
}

/** The last revision that was in place: what going back brings. */
export function lastGood(revisions: readonly Revision[]): Revision | undefined {
  return revisions.find((one) => one.status === 'deployed') ?? revisions.find((one) => one.status === 'superseded');
}

/** An Update at work on a release. */
export interface Attempt {
  readonly update: string;
  /** How long an operation of somebody else may be silent before its lock counts as left behind. */
  readonly lockPatienceMs: number;
  readonly now: Date;
  /** Undefined on the way forward. */
  readonly restore?:
    | {
        readonly revision: number | undefined;
        /** Of a rollback, whose revision does not carry its Update's mark. */
        readonly forward?: { readonly before: number; readonly revision: number | undefined };
      }
    | undefined;
}

export type ReleaseAction =
  /** Upgrade, or install where there is nothing. */
  | { readonly kind: 'Upgrade' }
  | { readonly kind: 'Rollback'; readonly revision: number }
  | { readonly kind: 'Uninstall' }
  /** Mark as failed what nobody works on any more, then look again. */
  | { readonly kind: 'Unlock'; readonly revision: Revision }
  | { readonly kind: 'AwaitLock'; readonly revision: Revision; readonly until: Date }
  /** The newest revision is this Update's and in place. */
  | { readonly kind: 'Applied'; readonly revision: Revision }
  | { readonly kind: 'HasFailed'; readonly revision: Revision }
  /** Somebody else made a newer revision after this Update's. */
  | { readonly kind: 'Contested'; readonly revision: Revision }
  /** What was there before is there. */
  | { readonly kind: 'Restored' }
  /** There is nothing to go back to, or the way back fails again and again. */
  | { readonly kind: 'NoWay'; readonly message: string };

/** Rollbacks of one Update that may fail. */
const maxFailedRollbacks = 3;

/**
 * The way forward. Called while no operation of this process is under way on the release.
 *
 * @param revisions newest first, from the API server
 */
export function nextApplyAction(revisions: readonly Revision[], attempt: Attempt): ReleaseAction {
  const [newest] = revisions;
  if (newest === undefined || newest.status === 'uninstalled') {
    return { kind: 'Upgrade' };
  }
  if (isPending(newest.status)) {
    return unlockOrAwait(newest, attempt);
  }
  if (!isMine(newest, attempt)) {
    return revisions.some((one) => isMine(one, attempt) && one.status !== 'failed')
      ? { kind: 'Contested', revision: newest }
      : { kind: 'Upgrade' };
  }
  return newest.status === 'failed' ? { kind: 'HasFailed', revision: newest } : { kind: 'Applied', revision: newest };
}

/** The way back; a revision that somebody else put in place since is left alone. */
export function nextRestoreAction(revisions: readonly Revision[], attempt: Attempt): ReleaseAction {
  const [newest] = revisions;
  const target = attempt.restore?.revision;
  if (newest === undefined || newest.status === 'uninstalled') {
    return target === undefined ? { kind: 'Restored' } : noWay('the release was uninstalled meanwhile');
  }
  if (isPending(newest.status)) {
    const action = unlockOrAwait(newest, attempt);
    if (action.kind === 'AwaitLock') {
      return action;
    }
  }
  return wayBack(revisions, attempt);
}

function wayBack(revisions: readonly Revision[], attempt: Attempt): ReleaseAction {
  const target = attempt.restore?.revision;
  const mine = revisions.findIndex((one) => isForward(one, attempt));
  const since = revisions.slice(0, Math.max(0, mine));
  if (mine === -1 || since.some((one) => one.status === 'deployed')) {
    return { kind: 'Restored' };
  }
  if (target === undefined) {
    return { kind: 'Uninstall' };
  }
  const failures = since.filter((one) => one.status === 'failed').length;
  if (failures >= maxFailedRollbacks) {
    return noWay(`going back to revision ${target} failed ${failures} times`);
  }
  return revisions.some((one) => one.number === target && one.status !== 'failed')
    ? { kind: 'Rollback', revision: target }
    : noWay(`revision ${target} is not kept in the history of the release any more`);
}

function noWay(message: string): ReleaseAction {
  return { kind: 'NoWay', message };
}

/** Helm of this Update is not running, or this would not be asked: its lock is left over. Of others nobody knows. */
function unlockOrAwait(revision: Revision, attempt: Attempt): ReleaseAction {
  const until = new Date(revision.changedAt.getTime() + attempt.lockPatienceMs);
  return isMine(revision, attempt) || attempt.now >= until
    ? { kind: 'Unlock', revision }
    : { kind: 'AwaitLock', revision, until };
}

function isForward(revision: Revision, attempt: Attempt): boolean {
  const forward = attempt.restore?.forward;
  if (forward === undefined) {
    return isMine(revision, attempt);
  }
  return forward.revision === undefined
    ? revision.number > forward.before && revision.status !== 'deployed'
    : revision.number === forward.revision;
}

function isMine({ marks }: Revision, { update }: Attempt): boolean {
  return marks !== undefined && marksName(marks.update, update);
}
