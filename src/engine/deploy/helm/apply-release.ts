/**
 * The way forward of an Update of a Helm release. What Helm does takes as long as hooks take; each pass looks at the release's
 * storage, begins or finds the operation, and returns. A process killed anywhere finds a revision that is its own: finished,
 * failed, or locked with nobody at work, and goes on from there.
 */
import type { HelmPlan } from '../../../core/deploy/helm-plan.ts';
import { isOperationError } from '../../../core/errors.ts';
import { isRefusedByCluster } from '../../../core/helm/failure-cause.ts';
import { isPending, type Revision } from '../../../core/helm/release.ts';
import { nextApplyAction, type ReleaseAction } from '../../../core/helm/release-state.ts';
import { describeHooks } from '../../../core/helm/stored-release.ts';
import { clipMessage } from '../../../core/text.ts';
import type { Failure } from '../../../core/update/journal.ts';
import type { HelmOperation, HelmResult, OperationState } from '../../ports/helm.ts';
import type { Applied, Work } from '../deployer.ts';
import { type HelmContext, helmPlanOf, operationId, releaseOf } from './helm-context.ts';
import { interruptedText, lockPatienceMs, running, sayLog, sayWithLog, waitFor } from './helm-waiting.ts';
import { makeReturn } from './make-return.ts';
import { makeUpgrade } from './make-upgrade.ts';

const step = 'apply';
/** Looks at the storage in one pass; each one changes something. */
const mostLooks = 4;
/** Attempts of one Update that something ended from outside. */
const maxInterruptions = 3;
const retryMs = 10_000;

export async function applyRelease(context: HelmContext, work: Work, signal: AbortSignal): Promise<Applied> {
  const id = operationId(work.update, helmPlanOf(work.journal), step);
  const state = context.operations.find(id);
  if (state?.kind === 'Running') {
    return waitFor(running(work, state));
  }
  if (state) {
    const answer = await takeResult(context, work, state);
    if (answer) {
      return answer;
    }
  }
  for (let look = 0; look < mostLooks; look += 1) {
    const answer = await lookAndAct(context, work, signal);
    if (answer) {
      return answer;
    }
  }
  return waitFor({
    reason: 'HelmOperation',
    message: `Helm release ${id.release.name} keeps changing`,
    until: new Date(context.clock.now().getTime() + retryMs),
  });
}

/** What to do about an operation that has ended; undefined: its outcome is in the storage. */
async function takeResult(
  { operations, clock }: HelmContext,
  work: Work,
  result: HelmResult,
): Promise<Applied | undefined> {
  switch (result.kind) {
    case 'Done':
      return undefined;
    case 'Failed':
      return failed('HelmFailed', sayWithLog(result.message, result), !isRefusedByCluster(result.message));
    case 'OutOfBounds':
      return failed('HelmFailed', sayWithLog(result.message, result), true);
    case 'Interrupted':
      operations.forget(work.update.metadata);
      return waitFor({
        reason: 'HelmOperation',
        message: result.message,
        until: new Date(clock.now().getTime() + retryMs),
      });
  }
}

async function lookAndAct(context: HelmContext, work: Work, signal: AbortSignal): Promise<Applied | undefined> {
  const plan = helmPlanOf(work.journal);
  const release = releaseOf(work.update, plan);
  const revisions = await context.releases.read(release, signal);
  const action = actionFor(context, work, revisions);
  switch (action.kind) {
    case 'Applied':
      return await done(context, work, action.revision, signal);
    case 'HasFailed':
      return await judgeFailure(context, work, { revision: action.revision, revisions }, signal);
    case 'Unlock':
      await context.releases.unlock(release, action.revision.number, interruptedText, signal);
      return undefined;
    case 'AwaitLock':
      return waitFor({
        reason: 'HelmLocked',
        message: `Helm release ${release.name}: revision ${action.revision.number} is ${action.revision.status}; somebody else is at work on it, or left it so`,
        until: action.until,
      });
    case 'Contested':
      return failed(
        'ChangedByOther',
        `somebody else made revision ${action.revision.number} of Helm release ${release.name}`,
        false,
      );
    default:
      return await begin(context, work, signal);
  }
}

function actionFor({ clock }: HelmContext, work: Work, revisions: readonly Revision[]): ReleaseAction {
  const plan = helmPlanOf(work.journal);
  const attempt = { update: work.update.metadata.name, lockPatienceMs: lockPatienceMs(work), now: clock.now() };
  return plan.goTo === undefined ? nextApplyAction(revisions, attempt) : nextReturnAction(revisions, plan);
}

/** A rollback carries the marks of the revision it brings, so its own revision is told by its number. */
function nextReturnAction(revisions: readonly Revision[], plan: HelmPlan): ReleaseAction {
  const [newest] = revisions;
  const since = revisions.filter((one) => one.number > plan.before);
  if (newest !== undefined && isPending(newest.status)) {
    return { kind: 'Unlock', revision: newest };
  }
  if (newest?.status === 'deployed' && newest.number > plan.before) {
    return { kind: 'Applied', revision: newest };
  }
  return newest !== undefined && since.length >= maxInterruptions
    ? { kind: 'HasFailed', revision: newest }
    : { kind: 'Upgrade' };
}

async function begin(context: HelmContext, work: Work, signal: AbortSignal): Promise<Applied | undefined> {
  const plan = helmPlanOf(work.journal);
  const make = async (): Promise<HelmOperation> =>
    plan.goTo === undefined
      ? await makeUpgrade(context, work, signal)
      : await returnTo(context, work, plan.goTo, signal);
  let state: OperationState;
  try {
    state = await context.operations.run(operationId(work.update, plan, step), make, signal);
  } catch (error) {
    return unprepared(context, error);
  }
  return state.kind === 'Running' ? waitFor(running(work, state)) : await takeResult(context, work, state);
}

/** The archive or a document could not be had. A repository that is wrong or away says nothing of the version. */
function unprepared({ clock }: HelmContext, error: unknown): Applied {
  if (!isOperationError(error) || error.code === 'INVARIANT') {
    throw error;
  }
  if (error.retry === 'never' || error.code === 'CHART_INVALID') {
    return failed('HelmFailed', error.message, false);
  }
  if (/^(?:CHART|REGISTRY|SECRET|CREDENTIALS)_/.test(error.code)) {
    const until = new Date(clock.now().getTime() + retryMs);
    return waitFor({ reason: 'HelmOperation', message: clipMessage(error.message), until });
  }
  throw error;
}

async function returnTo(
  context: HelmContext,
  work: Work,
  revision: number,
  signal: AbortSignal,
): Promise<HelmOperation> {
  const revisions = await context.releases.read(releaseOf(work.update, helmPlanOf(work.journal)), signal);
  return await makeReturn(context, work, { number: revision, revisions }, signal);
}

/** One that failed is bad, unless something came between: then it is tried again, a few times. */
async function judgeFailure(
  context: HelmContext,
  work: Work,
  { revision, revisions }: { readonly revision: Revision; readonly revisions: readonly Revision[] },
  signal: AbortSignal,
): Promise<Applied | undefined> {
  const release = releaseOf(work.update, helmPlanOf(work.journal));
  const opened = await context.releases.open(release, revision, signal);
  const message = `Helm release ${release.name}, revision ${revision.number}: ${opened?.description ?? 'failed'}`;
  if (opened?.description !== interruptedText) {
    return failed('HelmFailed', message, !isRefusedByCluster(message));
  }
  const attempts = revisions.filter((one) => one.number > helmPlanOf(work.journal).before).length;
  return attempts >= maxInterruptions
    ? failed('HelmFailed', `${message}, ${attempts} times`, false)
    : await begin(context, work, signal);
}

async function done(
  { releases, operations }: HelmContext,
  work: Work,
  revision: Revision,
  signal: AbortSignal,
): Promise<Applied> {
  const plan = helmPlanOf(work.journal);
  const state = operations.find(operationId(work.update, plan, step));
  const opened = await releases.open(releaseOf(work.update, plan), revision, signal);
  const hooks = opened ? describeHooks(opened) : [];
  const parts = [
    `revision ${revision.number} of Helm release ${plan.release}`,
    ...(state?.kind === 'Done' && state.keptIn !== undefined ? [sayLog(state.keptIn)] : []),
    ...(hooks.length === 0 ? [] : [`hooks: ${hooks.join('; ')}`]),
    ...(opened === undefined || opened.notes.trim() === '' ? [] : [`notes:\n${opened.notes.trim()}`]),
  ];
  return { kind: 'Done', message: clipMessage(parts.join('; ')), plan: { ...plan, revision: revision.number } };
}

function failed(reason: Failure['reason'], message: string, blamesVersion: boolean): Applied {
  return { kind: 'Failed', failure: { reason, message: clipMessage(message), blamesVersion } };
}
