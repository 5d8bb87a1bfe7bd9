/**
 * The way forward of an Update that writes into git, one step a pass: note where the branch stands, push, open the pull request, wait
 * for its merge, wait for the cluster. Each step is written down before the next, and finds what it did before it was written down.
 */
import type { GitPlan } from '../../../core/deploy/git-plan.ts';
import { writingOf } from '../../../core/deploy/git-plan.ts';
import { formatDuration } from '../../../core/duration.ts';
import { isOperationError } from '../../../core/errors.ts';
import { subjectOf, updateTrailer } from '../../../core/git-write/commit-text.ts';
import type { FailureReason } from '../../../core/health/health.ts';
import { joinSome } from '../../../core/text.ts';
import { changesOf } from '../../../resources/update/decode-update.ts';
import { findNewer } from '../../update/find-newer.ts';
import type { Applied } from '../deployer.ts';
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
import { othersShown, showVersions } from './shown-versions.ts';

export async function pushUpdate(context: GitContext, work: GitWork): Promise<Applied> {
  try {
    const newer = await findNewer(context.records, work.update, work.signal);
    return newer === undefined ? await goOn(context, work) : await giveWay(context, work, newer);
  } catch (error) {
    if (isOperationError(error, 'FILE_UNUSABLE')) {
      return failed('NotWritten', error.message, false);
    }
    return { kind: 'Waiting', waiting: waitingFor(error, context.clock.now()) };
  }
}

async function goOn(context: GitContext, work: GitWork): Promise<Applied> {
  const { plan } = work;
  if (plan.since === undefined) {
    return await noteHead(context, work);
  }
  if (plan.pushed === undefined) {
    return await push(context, work, plan.since);
  }
  if (plan.onBranchAt !== undefined) {
    return await awaitCluster(context, work, plan.onBranchAt);
  }
  return plan.pullRequest === undefined
    ? await openRequest(context, work)
    : await awaitMerge(context, work, plan.pullRequest);
}

async function noteHead(context: GitContext, work: GitWork): Promise<Applied> {
  const { plan, signal } = work;
  const since = await context.writer.headOf(await remoteOf(context, work), plan.branch, signal);
  return next(context, { ...plan, since }, `branch ${plan.branch} stands at ${since}`);
}

async function push(context: GitContext, work: GitWork, since: string): Promise<Applied> {
  const { plan, update, signal } = work;
  const order = {
    base: plan.branch,
    target: plan.forge ? branchOf(update) : plan.branch,
    message: messageOf(work),
    trailer: { name: updateTrailer, value: keyOf(update) },
    ...(await signerOf(context, work)),
    since,
    path: plan.path,
    writing: writingOf(plan),
  };
  const answer = await context.writer.write(await remoteOf(context, work), order, signal);
  const commit = answer.kind === 'Pushed' ? answer.commit : undefined;
  const isOnBranch = !plan.forge || commit === undefined;
  const at = context.clock.now().toISOString();
  const pushed = commit === undefined ? {} : { commit };
  const said = commit === undefined ? 'every place holds the version already' : `pushed ${commit} to ${order.target}`;
  return next(context, { ...plan, pushed, ...(isOnBranch && { onBranchAt: at }) }, said);
}

/** One that is there was opened before the process died: its text may be of an older attempt. */
async function openRequest(context: GitContext, work: GitWork): Promise<Applied> {
  const { plan, update, signal } = work;
  const remote = await forgeOf(context, work);
  const branches = { branch: branchOf(update), base: plan.branch };
  const message = messageOf(work);
  const title = subjectOf(message);
  const text = { title, body: `${message.slice(title.length).trim()}\n\n${updateTrailer}: ${keyOf(update)}` };
  const known = await context.forge.find(remote, branches, signal);
  const request =
    known?.state === 'Open'
      ? await context.forge.edit(remote, known.number, text, signal)
      : (known ?? (await context.forge.open(remote, { ...branches, ...text }, signal)));
  const pullRequest = { number: request.number, url: request.url };
  return next(context, { ...plan, pullRequest }, `opened ${request.url}`);
}

async function awaitMerge(
  context: GitContext,
  work: GitWork,
  { number, url }: NonNullable<GitPlan['pullRequest']>,
): Promise<Applied> {
  const { plan, signal } = work;
  const now = context.clock.now();
  const { state } = await context.forge.read(await forgeOf(context, work), number, signal);
  switch (state) {
    case 'Merged':
      return next(context, { ...plan, onBranchAt: now.toISOString() }, `${url} was merged`);
    case 'Closed':
      return failed('PullRequestClosed', `${url} was closed without being merged`, true);
    case 'Open': {
      const until = new Date(now.getTime() + lookMs);
      return { kind: 'Waiting', waiting: { reason: 'PullRequest', message: `${url} waits to be merged`, until } };
    }
  }
}

/** The time limit of health begins when the cluster shows the version, whatever the interval of whoever applies it. */
async function awaitCluster(context: GitContext, work: GitWork, onBranchAt: string): Promise<Applied> {
  const { plan, update, spec, signal } = work;
  const deploy = deployOf(work);
  const where = plan.pushed?.commit === undefined ? 'nothing to commit' : `commit ${plan.pushed.commit}`;
  if (!spec || !deploy) {
    return { kind: 'Done', message: where };
  }
  const { namespace } = update.metadata;
  const watcher = { of: 'Update', key: keyOf(update) } as const;
  const shown = await showVersions(context, { namespace, app: update.spec.app, spec, deploy, watcher }, signal);
  const others = [...shown.problems, ...othersShown(shown.versions, changesOf(update.spec), 'to')];
  if (others.length === 0) {
    return { kind: 'Done', message: where };
  }
  const until = new Date(new Date(onBranchAt).getTime() + deploy.watch.timeoutMs);
  const message = joinSome(others, '; ');
  return context.clock.now() < until
    ? { kind: 'Waiting', waiting: { reason: 'ClusterSync', message: `${where}: ${message}`, until } }
    : failed(
        'NotSynced',
        `${formatDuration(deploy.watch.timeoutMs)} after ${where} the cluster does not show it: ${message}`,
        false,
      );
}

/** What was not merged yet is closed; a commit on the branch stays, and the next Update goes on from it. */
async function giveWay(context: GitContext, work: GitWork, newer: string): Promise<Applied> {
  await closeRequest(context, work, `${newer} arrived; the next pull request brings it.`);
  return { kind: 'Ended', phase: 'Superseded', message: `${newer} arrived before this version was in place` };
}

/** Closes the pull request, if it is open, and takes its branch away. */
export async function closeRequest(context: GitContext, work: GitWork, reason: string): Promise<'Merged' | 'Closed'> {
  const { plan, update, signal } = work;
  if (!plan.forge) {
    return 'Closed';
  }
  const remote = await forgeOf(context, work);
  const branches = { branch: branchOf(update), base: plan.branch };
  const known = plan.pullRequest ?? (await context.forge.find(remote, branches, signal));
  const closed = known && (await context.forge.close(remote, known.number, reason, signal));
  if (closed?.state === 'Merged') {
    return 'Merged';
  }
  await context.writer.deleteBranch(await remoteOf(context, work), branches.branch, signal);
  return 'Closed';
}

/** The plan is written, and the next pass follows at once. */
function next({ clock }: GitContext, plan: GitPlan, message: string): Applied {
  return { kind: 'Waiting', waiting: { reason: 'GitPush', message, until: clock.now() }, plan };
}

function failed(reason: FailureReason, message: string, blamesVersion: boolean): Applied {
  return { kind: 'Failed', failure: { reason, message, blamesVersion } };
}
