/** The way back of an Update of a Helm release: `helm rollback` to the revision that was in place, never Helm's own automatic one. */
import { nextRestoreAction } from '../../../core/helm/release-state.ts';
import type { HelmOperation } from '../../ports/helm.ts';
import type { Restored, Work } from '../deployer.ts';
import { type HelmContext, helmPlanOf, operationId, releaseOf, timesOf } from './helm-context.ts';
import { interruptedText, lockPatienceMs, running, sayWithLog, waitFor } from './helm-waiting.ts';
import { makeReturn } from './make-return.ts';

const step = 'restore';
const mostLooks = 4;
const retryMs = 30_000;

export async function restoreRelease(context: HelmContext, work: Work, signal: AbortSignal): Promise<Restored> {
  const plan = helmPlanOf(work.journal);
  if (context.operations.find(operationId(work.update, plan, 'apply'))?.kind === 'Running') {
    // The verdict came while Helm was at work: it is ended first.
    context.operations.forget(work.update.metadata);
  }
  const state = context.operations.find(operationId(work.update, plan, step));
  if (state?.kind === 'Running') {
    return waitFor(running(work, state));
  }
  for (let look = 0; look < mostLooks; look += 1) {
    const answer = await lookAndAct(context, work, signal);
    if (answer) {
      return answer;
    }
  }
  return later(context, `Helm release ${plan.release} keeps changing`);
}

async function lookAndAct(context: HelmContext, work: Work, signal: AbortSignal): Promise<Restored | undefined> {
  const plan = helmPlanOf(work.journal);
  const release = releaseOf(work.update, plan);
  const revisions = await context.releases.read(release, signal);
  const action = nextRestoreAction(revisions, {
    update: work.update.metadata.name,
    lockPatienceMs: lockPatienceMs(work),
    now: context.clock.now(),
    restore: {
      revision: plan.restore,
      ...(plan.goTo === undefined ? {} : { forward: { before: plan.before, revision: plan.revision } }),
    },
  });
  switch (action.kind) {
    case 'Restored':
      return { kind: 'Done', message: `Helm release ${plan.release} is at revision ${revisions[0]?.number ?? 'none'}` };
    case 'NoWay':
      return { kind: 'NoWay', message: `${causeOf(work)}; ${action.message}: a person has to choose` };
    case 'Unlock':
      await context.releases.unlock(release, action.revision.number, interruptedText, signal);
      return undefined;
    case 'AwaitLock':
      return waitFor({
        reason: 'HelmLocked',
        message: `Helm release ${release.name}: revision ${action.revision.number} is ${action.revision.status} and not ours`,
        until: action.until,
      });
    case 'Uninstall':
      return keepsFailure(work)
        ? {
            kind: 'NoWay',
            message: `${causeOf(work)}; nothing was installed before, and spec.deploy.helm.onInstallFailure keeps it`,
          }
        : await begin(context, work, uninstall(work), signal);
    case 'Rollback':
      return await begin(context, work, await goBack(context, work, action.revision, signal), signal);
    default:
      return { kind: 'Done' };
  }
}

async function begin(
  context: HelmContext,
  work: Work,
  operation: HelmOperation,
  signal: AbortSignal,
): Promise<Restored | undefined> {
  const id = operationId(work.update, helmPlanOf(work.journal), step);
  // One that has ended is over: were it done, this would not be reached.
  context.operations.forget(id.update);
  const state = await context.operations.run(id, async () => operation, signal);
  switch (state.kind) {
    case 'Running':
      return waitFor(running(work, state));
    case 'Done':
      return undefined;
    default:
      return later(context, state.kind === 'Interrupted' ? state.message : sayWithLog(state.message, state));
  }
}

function later({ clock }: HelmContext, message: string): Restored {
  return waitFor({ reason: 'RollbackRefused', message, until: new Date(clock.now().getTime() + retryMs) });
}

async function goBack(context: HelmContext, work: Work, revision: number, signal: AbortSignal): Promise<HelmOperation> {
  const plan = helmPlanOf(work.journal);
  const revisions = await context.releases.read(releaseOf(work.update, plan), signal);
  return await makeReturn(context, work, { number: revision, revisions }, signal);
}

function uninstall(work: Work): HelmOperation {
  return { kind: 'Uninstall', ...timesOf(deployOf(work)) };
}

function keepsFailure(work: Work): boolean {
  return deployOf(work)?.onInstallFailure === 'Keep';
}

function deployOf({ spec }: Work) {
  return spec?.deploy.kind === 'Helm' ? spec.deploy : undefined;
}

function causeOf({ journal }: Work): string {
  return journal.failure?.message ?? 'asked for';
}
