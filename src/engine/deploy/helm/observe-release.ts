/** What the cluster shows of an Update of a Helm release: who made the newest revision, and whether its objects are well. */

import { assessWorkload, joinHealth } from '../../../core/health/assess.ts';
import type { Health } from '../../../core/health/health.ts';
import { checkFor } from '../../../core/health/objects/health-checks.ts';
import type { Revision } from '../../../core/helm/release.ts';
import { marksName } from '../../../core/helm/revision-marks.ts';
import type { StoredRelease } from '../../../core/helm/stored-release.ts';
import { isOnTrial } from '../../../core/update/journal.ts';
import { isWorkloadKind } from '../../../core/workload/workload.ts';
import type { ObjectAddress } from '../../ports/cluster-objects.ts';
import type { DeploySight, Work } from '../deployer.ts';
import { type HelmContext, helmPlanOf, releaseOf } from './helm-context.ts';
import { addressesOf, hasState } from './release-objects.ts';

const nothing: DeploySight = { health: { kind: 'Current' }, contested: [], gone: [], reapplied: [] };

export async function observeRelease(context: HelmContext, work: Work, signal: AbortSignal): Promise<DeploySight> {
  const { phase } = work.journal;
  if (!isOnTrial(phase) && phase !== 'VerifyingRollback') {
    return nothing;
  }
  const plan = helmPlanOf(work.journal);
  const newest = await findNewest(context, work, signal);
  if (newest === undefined || newest.status === 'uninstalled') {
    return isOnTrial(phase) || plan.restore !== undefined
      ? { ...nothing, gone: [`Helm release ${plan.release}`] }
      : nothing;
  }
  const name = `revision ${newest.number} of Helm release ${plan.release}`;
  if (isOnTrial(phase) && newest.number !== plan.revision) {
    return { ...nothing, contested: [name] };
  }
  return await observeRevision(context, work, newest, signal);
}

async function observeRevision(
  context: HelmContext,
  work: Work,
  newest: Revision,
  signal: AbortSignal,
): Promise<DeploySight> {
  const { phase } = work.journal;
  const plan = helmPlanOf(work.journal);
  const name = `revision ${newest.number} of Helm release ${plan.release}`;
  const isAgain = phase === 'VerifyingRollback' && isMine(work, newest) && newest.status === 'deployed';
  const opened = await context.releases.open(releaseOf(work.update, plan), newest, signal);
  const health = opened ? await healthOf(context, work, opened, signal) : nothing.health;
  return { ...nothing, health, reapplied: isAgain ? [name] : [] };
}

/** The watched copy where it shows what is expected, else the API server's own answer. */
async function findNewest({ releases }: HelmContext, work: Work, signal: AbortSignal): Promise<Revision | undefined> {
  const plan = helmPlanOf(work.journal);
  const release = releaseOf(work.update, plan);
  const [known] = await releases.list(release, signal);
  const isExpected = isOnTrial(work.journal.phase) && known?.number === plan.revision && known?.status === 'deployed';
  return isExpected ? known : (await releases.read(release, signal))[0];
}

function isMine({ update, journal }: Work, { marks }: Revision): boolean {
  return helmPlanOf(journal).goTo === undefined && marks !== undefined && marksName(marks.update, update.metadata.name);
}

async function healthOf(
  context: HelmContext,
  work: Work,
  { objects }: StoredRelease,
  signal: AbortSignal,
): Promise<Health> {
  const addresses = await addressesOf(
    context,
    work.update.metadata.namespace,
    objects.filter((object) => hasState(object) || hasOwnCheck(work, object)),
    signal,
  );
  await context.watched.watch(watcherOf(work), addresses, signal, work.spec?.healthChecks);
  const parts: { name: string; health: Health }[] = [];
  for (const address of addresses) {
    parts.push({ name: `${address.kind}/${address.name}`, health: await judge(context, work, address, signal) });
  }
  return joinHealth(parts);
}

async function judge(context: HelmContext, work: Work, address: ObjectAddress, signal: AbortSignal): Promise<Health> {
  const { kind, namespace, name } = address;
  if (isWorkloadKind(kind) && !hasOwnCheck(work, address)) {
    return await judgeWorkload(context, work, { kind, namespace, name }, signal);
  }
  const seen = context.watched.find(address);
  if (seen === 'Unseen') {
    return { kind: 'InProgress', message: 'was not seen yet' };
  }
  if (seen === 'Absent') {
    // A Job whose time to live is over has ended, and was seen if it had failed.
    return kind === 'Job' ? { kind: 'Current' } : { kind: 'InProgress', message: 'is not there' };
  }
  const { status, message, reason } = seen.health;
  switch (status) {
    case 'Current':
      return { kind: 'Current' };
    case 'Failed':
      return { kind: 'Failed', reason: 'ObjectFailed', message: message || reason };
    default:
      return { kind: 'InProgress', message: message || reason || status };
  }
}

function hasOwnCheck({ spec }: Work, kind: { readonly group: string; readonly kind: string }): boolean {
  return spec !== undefined && checkFor({ checks: spec.healthChecks }, kind) !== undefined;
}

/** From the API server until all was seen healthy once: a watched copy may be from before the upgrade. */
async function judgeWorkload(
  { workloads }: HelmContext,
  work: Work,
  reference: Parameters<HelmContext['workloads']['find']>[0],
  signal: AbortSignal,
): Promise<Health> {
  const known = workloads.find(reference);
  const pods = known?.podSelector === undefined ? [] : await workloads.watchPods(keyOf(work), known, signal);
  const health: Health = known
    ? assessWorkload(known, pods, imagesOf(known))
    : { kind: 'InProgress', message: 'was not seen yet' };
  if (health.kind === 'InProgress' || (health.kind === 'Current' && work.journal.healthySince !== undefined)) {
    return health;
  }
  const now = await workloads.read(reference, signal);
  return now ? assessWorkload(now, pods, imagesOf(now)) : { kind: 'InProgress', message: 'is not there' };
}

function imagesOf({
  containers,
}: {
  readonly containers: readonly { readonly name: string; readonly image: string }[];
}) {
  return new Map(containers.map(({ name, image }) => [name, image]));
}

function watcherOf({ update }: Work): { readonly namespace: string; readonly name: string } {
  const { namespace, name } = update.metadata;
  return { namespace, name };
}

function keyOf({ update }: Work): string {
  return `${update.metadata.namespace}/${update.metadata.name}`;
}
