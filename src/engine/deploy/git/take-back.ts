/** The way back of an Update that wrote into git: close what was not merged, revert what was, wait for the cluster. */
import type { GitPlan, OpenedPullRequest } from '../../../core/deploy/git-plan.ts';
import { revertMessage, revertTrailer, subjectOf, updateTrailer } from '../../../core/git-write/commit-text.ts';
import { joinSome } from '../../../core/text.ts';
import type { WaitingReason } from '../../../core/waiting.ts';
import { changesOf } from '../../../resources/update/decode-update.ts';
import type { Restored } from '../deployer.ts';
import {
  branchOf,
  deployOf,
  forgeOf,
  type GitContext,
  type GitWork,
  keyOf,
  lookMs,
  messageOf,
  remoteOf,
  signerOf,
  waitingFor,
} from './git-context.ts';
import { closeRequest } from './push-update.ts';
import { othersShown, showVersions } from './shown-versions.ts';

export async function takeBack(context: GitContext, work: GitWork): Promise<Restored> {
  try {
    return await goBack(context, work);
  } catch (error) {
    return { kind: 'Waiting', waiting: waitingFor(error, context.clock.now()) };
  }
}

async function goBack(context: GitContext, work: GitWork): Promise<Restored> {
  const { plan } = work;
  if (plan.reverted === undefined) {
    return await revert(context, work);
  }
  if (plan.forge && plan.reverted.commit !== undefined) {
    const merged = await mergeRevert(context, work, plan.reverted.commit);
    if (merged !== 'Merged') {
      return merged;
    }
  }
  return await awaitFormer(context, work);
}

function reasonOf({ journal }: GitWork): string {
  const { failure } = journal;
  return failure ? `${failure.reason}: ${failure.message}` : 'asked for';
}

async function revert(context: GitContext, work: GitWork): Promise<Restored> {
  const { plan, signal } = work;
  const commits = await commitsToRevert(context, work);
  if (commits.length === 0 || plan.since === undefined) {
    return next(context, { ...plan, reverted: {} }, 'nothing of it is on the branch');
  }
  const order = {
    base: plan.branch,
    target: plan.forge ? revertBranchOf(work) : plan.branch,
    message: revertMessage(subjectOf(messageOf(work)), commits, reasonOf(work)),
    trailer: { name: revertTrailer, value: keyOf(work.update) },
    ...(await signerOf(context, work)),
    since: plan.since,
    commits,
  };
  const answer = await context.writer.revert(await remoteOf(context, work), order, signal);
  switch (answer.kind) {
    case 'Pushed':
      return next(
        context,
        { ...plan, reverted: { commit: answer.commit } },
        `pushed ${answer.commit} to ${order.target}`,
      );
    case 'Nothing':
      return next(context, { ...plan, reverted: {} }, 'it was taken back already');
    case 'Conflict': {
      const files = joinSome(answer.files, ', ');
      return {
        kind: 'NoWay',
        message: `${reasonOf(work)}; it cannot be reverted, because somebody changed the same lines since: ${files}`,
      };
    }
  }
}

/** What of ours the branch has, the newest first; also what was pushed just before the process died. */
async function commitsToRevert(context: GitContext, work: GitWork): Promise<readonly string[]> {
  const { plan, update, signal } = work;
  if (plan.since === undefined) {
    return plan.supersededCommits;
  }
  if (plan.forge) {
    const isMerged =
      plan.onBranchAt !== undefined ||
      (await closeRequest(context, work, `Taken back. ${reasonOf(work)}`)) === 'Merged';
    const own = plan.pushed?.commit;
    return isMerged && own !== undefined ? [own, ...plan.supersededCommits] : plan.supersededCommits;
  }
  const trailer = { name: updateTrailer, value: keyOf(update) };
  const own =
    plan.pushed === undefined
      ? await context.writer.find(
          await remoteOf(context, work),
          { branch: plan.branch, since: plan.since, trailer },
          signal,
        )
      : plan.pushed.commit;
  return own === undefined ? plan.supersededCommits : [own, ...plan.supersededCommits];
}

function revertBranchOf({ update }: GitWork): string {
  return `${branchOf(update)}-revert`;
}

async function mergeRevert(context: GitContext, work: GitWork, commit: string): Promise<'Merged' | Restored> {
  const { plan, signal } = work;
  const remote = await forgeOf(context, work);
  if (plan.revertPullRequest === undefined) {
    const revertPullRequest = await openRevert(context, work, commit);
    return next(context, { ...plan, revertPullRequest }, `opened ${revertPullRequest.url}`);
  }
  const { number, url } = plan.revertPullRequest;
  const { state } = await context.forge.read(remote, number, signal);
  switch (state) {
    case 'Merged':
      return 'Merged';
    case 'Closed':
      return {
        kind: 'NoWay',
        message: `${reasonOf(work)}; ${url}, which takes it back, was closed without being merged`,
      };
    case 'Open':
      return wait(context, 'PullRequest', `${url} waits to be merged: it takes the version back`, lookMs);
  }
}

async function openRevert(context: GitContext, work: GitWork, commit: string): Promise<OpenedPullRequest> {
  const { plan, signal } = work;
  const remote = await forgeOf(context, work);
  const branches = { branch: revertBranchOf(work), base: plan.branch };
  const known = await context.forge.find(remote, branches, signal);
  if (known) {
    return { number: known.number, url: known.url };
  }
  const title = `Revert "${subjectOf(messageOf(work))}"`;
  const body = `${reasonOf(work)}\n\nCommit ${commit}.`;
  const { number, url } = await context.forge.open(remote, { ...branches, title, body }, signal);
  return { number, url };
}

/** As long as the cluster may take to show a version it may take to show the former; after that its health is judged as it is. */
async function awaitFormer(context: GitContext, work: GitWork): Promise<Restored> {
  const { plan, update, spec, journal, signal } = work;
  const deploy = deployOf(work);
  const said = plan.reverted?.commit === undefined ? {} : { message: `reverted by ${plan.reverted.commit}` };
  const startedAt = journal.steps.findLast((step) => step.name === 'RollBack')?.startedAt ?? context.clock.now();
  if (!spec || !deploy || context.clock.now().getTime() - startedAt.getTime() > deploy.watch.timeoutMs) {
    return { kind: 'Done', ...said };
  }
  const { namespace } = update.metadata;
  const watcher = { of: 'Update', key: keyOf(update) } as const;
  const shown = await showVersions(context, { namespace, app: update.spec.app, spec, deploy, watcher }, signal);
  const others = othersShown(shown.versions, changesOf(update.spec), 'from');
  return others.length === 0
    ? { kind: 'Done', ...said }
    : wait(context, 'ClusterSync', `goes back: ${joinSome(others, '; ')}`, deploy.watch.timeoutMs);
}

function wait({ clock }: GitContext, reason: WaitingReason, message: string, durationMs: number): Restored {
  return { kind: 'Waiting', waiting: { reason, message, until: new Date(clock.now().getTime() + durationMs) } };
}

/** The plan is written, and the next pass follows at once. */
function next({ clock }: GitContext, plan: GitPlan, message: string): Restored {
  return { kind: 'Waiting', waiting: { reason: 'GitPush', message, until: clock.now() }, plan };
}
