/**
 * Health of a workload by the rules of kstatus (sigs.k8s.io/cli-utils/pkg/kstatus), which controllers of
 * this field share, with two differences: a kind known to report observedGeneration counts as InProgress until
 * it has (kustomize-controller#387), and pods that cannot start are seen before the progress deadline passes.
 */
import { joinSome } from '../text.ts';
import type { Pod, Rollout, RolloutCondition, Workload } from '../workload/workload.ts';
import type { Health } from './health.ts';
import { findPodFailure } from './pod-failure.ts';

/**
 * Health of one workload.
 *
 * @param images container name -> image that the pods of the new revision have; pods with other images belong
 *   to the old revision and say nothing about the new one
 */
export function assessWorkload(workload: Workload, pods: readonly Pod[], images: ReadonlyMap<string, string>): Health {
  if (workload.deleting) {
    return { kind: 'InProgress', message: 'it is being deleted' };
  }
  if (workload.kind === 'CronJob') {
    return { kind: 'Current' };
  }
  const podFailure = findPodFailure(pods, images);
  if (podFailure) {
    return podFailure;
  }
  const { rollout } = workload;
  if (rollout.observedGeneration !== workload.generation) {
    return { kind: 'InProgress', message: `its controller has not seen generation ${workload.generation} yet` };
  }
  return assessRollout(workload, rollout);
}

/** Joins the health of all workloads of an App: one failure fails it, one in progress holds it. */
export function joinHealth(parts: readonly { readonly name: string; readonly health: Health }[]): Health {
  for (const { name, health } of parts) {
    if (health.kind === 'Failed') {
      return { ...health, message: `${name}: ${health.message}` };
    }
  }
  const open = parts.filter((part) => part.health.kind === 'InProgress');
  if (open.length === 0) {
    return { kind: 'Current' };
  }
  const messages = open.map(({ name, health }) => (health.kind === 'InProgress' ? `${name}: ${health.message}` : ''));
  return { kind: 'InProgress', message: joinSome(messages, '; ') };
}

function assessRollout(workload: Workload, rollout: Rollout): Health {
  switch (workload.kind) {
    case 'Deployment':
      return assessDeployment(rollout);
    case 'StatefulSet':
      return assessStatefulSet(rollout);
    case 'DaemonSet':
      return assessDaemonSet(rollout);
    case 'CronJob':
      return { kind: 'Current' };
  }
}

function assessDeployment(rollout: Rollout): Health {
  const progressing = findCondition(rollout, 'Progressing');
  if (progressing?.reason === 'ProgressDeadlineExceeded') {
    return { kind: 'Failed', reason: 'ProgressDeadline', message: progressing.message };
  }
  if (rollout.paused) {
    return inProgress('it is paused (spec.paused)');
  }
  return (
    behind('updated', rollout.updated, rollout.wanted, whyNoPods(rollout)) ??
    leftover(rollout) ??
    behind('available', rollout.available, rollout.wanted, whyNoPods(rollout)) ??
    behind('ready', rollout.ready, rollout.wanted) ??
    notConfirmed(rollout) ?? { kind: 'Current' }
  );
}

/** What the Deployment's controller itself says of a rollout whose numbers are complete. */
function notConfirmed(rollout: Rollout): Health | undefined {
  const progressing = findCondition(rollout, 'Progressing');
  const isComplete = progressing?.status === 'True' && progressing.reason === 'NewReplicaSetAvailable';
  if (rollout.hasProgressDeadline && !isComplete) {
    return inProgress('its new ReplicaSet is not complete yet');
  }
  return findCondition(rollout, 'Available')?.status === 'True' ? undefined : inProgress('not available yet');
}

/** A full quota or a webhook that is down refuses pods for a while; it says nothing about the version. */
function whyNoPods(rollout: Rollout): string {
  const failure = findCondition(rollout, 'ReplicaFailure');
  return failure?.status === 'True' ? `: ${failure.message}` : '';
}

function findCondition(rollout: Rollout, type: string): RolloutCondition | undefined {
  return rollout.conditions.find((condition) => condition.type === type);
}

function assessStatefulSet(rollout: Rollout): Health {
  if (!rollout.replacesPods) {
    return { kind: 'Current' };
  }
  const wantedUpdated = Math.max(0, rollout.wanted - rollout.partition);
  return (
    behind('updated', rollout.updated, wantedUpdated) ??
    leftover(rollout) ??
    behind('ready', rollout.ready, rollout.wanted) ?? { kind: 'Current' }
  );
}

function assessDaemonSet(rollout: Rollout): Health {
  if (!rollout.replacesPods) {
    return { kind: 'Current' };
  }
  return (
    behind('updated', rollout.updated, rollout.wanted) ??
    behind('available', rollout.available, rollout.wanted) ??
    behind('ready', rollout.ready, rollout.wanted) ?? { kind: 'Current' }
  );
}

function behind(what: string, have: number, wanted: number, why = ''): Health | undefined {
  return have < wanted ? inProgress(`${have} of ${wanted} replicas ${what}${why}`) : undefined;
}

/** Counted from what is wanted, because a partitioned StatefulSet keeps pods of its old revision. */
function leftover(rollout: Rollout): Health | undefined {
  const extra = rollout.total - rollout.wanted;
  return extra > 0 ? inProgress(`${extra} replicas still to end`) : undefined;
}

function inProgress(message: string): Health {
  return { kind: 'InProgress', message };
}
