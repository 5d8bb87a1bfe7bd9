/** What the cluster shows of an Update that wrote into git: whether it has the version, and whether that is well. */

import { assessWorkload, joinHealth } from '../../../core/health/assess.ts';
import { assessDeployedObject } from '../../../core/health/deployed-object.ts';
import type { Health } from '../../../core/health/health.ts';
import type { HealthCheck } from '../../../core/health/objects/health-checks.ts';
import { joinSome } from '../../../core/text.ts';
import { isOnTrial } from '../../../core/update/journal.ts';
import { changesOf } from '../../../resources/update/decode-update.ts';
import type { DeploySight } from '../deployer.ts';
import { deployOf, type GitContext, type GitWork, keyOf } from './git-context.ts';
import { othersShown, type Shown, showVersions, workloadsOf } from './shown-versions.ts';

/**
 * Nothing is ever contested: the repository says what shall run, and whoever changes it there has the last word. A version that
 * the cluster does not show any more is one that is not healthy.
 */
export async function observeGit(context: GitContext, work: GitWork): Promise<DeploySight> {
  const { journal } = work;
  const isJudged = isOnTrial(journal.phase) || journal.phase === 'VerifyingRollback';
  const health: Health = isJudged ? await judge(context, work) : { kind: 'Current' };
  return { health, contested: [], gone: [], reapplied: [] };
}

async function judge(context: GitContext, work: GitWork): Promise<Health> {
  const { update, spec, journal, signal } = work;
  const deploy = deployOf(work);
  if (!spec || !deploy) {
    return { kind: 'InProgress', message: 'the App is gone or cannot be read, and with it what shows the version' };
  }
  const { namespace } = update.metadata;
  const watcher = { of: 'Update', key: keyOf(update) } as const;
  const shown = await showVersions(context, { namespace, app: update.spec.app, spec, deploy, watcher }, signal);
  const side = isOnTrial(journal.phase) ? 'to' : 'from';
  const others = [...shown.problems, ...othersShown(shown.versions, changesOf(update.spec), side)];
  if (others.length > 0) {
    return { kind: 'InProgress', message: joinSome(others, '; ') };
  }
  return joinHealth([
    ...(await workloadHealth(context, work, shown)),
    ...objectHealth(context, shown, spec.healthChecks),
  ]);
}

interface Part {
  readonly name: string;
  readonly health: Health;
}

async function workloadHealth(
  { workloads }: GitContext,
  { update, signal }: GitWork,
  shown: Shown,
): Promise<readonly Part[]> {
  const parts: Part[] = [];
  for (const workload of workloadsOf(shown)) {
    const pods = workload.podSelector === undefined ? [] : await workloads.watchPods(keyOf(update), workload, signal);
    const images = new Map(workload.containers.map((container) => [container.name, container.image]));
    parts.push({ name: `${workload.kind}/${workload.name}`, health: assessWorkload(workload, pods, images) });
  }
  return parts;
}

function objectHealth({ clock, limit }: GitContext, { held }: Shown, checks: readonly HealthCheck[]): readonly Part[] {
  const options = { now: clock.now(), checks: { checks, limit } };
  return held.map(({ field, object }) => {
    return { name: `${field.kind}/${field.name}`, health: assessDeployedObject(object.fields, options) };
  });
}
