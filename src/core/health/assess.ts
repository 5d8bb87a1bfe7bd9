/**
 * Health of a workload by the rules of kstatus (sigs.k8s.io/cli-utils/pkg/kstatus), which controllers of
 * this field share, with two differences: a kind known to report observedGeneration counts as InProgress until
 * it has (kustomize-controller#387), and pods that cannot start are seen before the progress deadline passes.
 */
import type { Pod, Rollout, Workload } from '../workload/workload.ts';
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
  if (rollout.observedGeneration === undefined || rollout.observedGeneration < workload.generation) {
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
  return { kind: 'InProgress', message: messages.join('; ') };
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
  const progressing = rollout.conditions.find((condition) => condition.type === 'Progressing');
  if (progressing?.reason === 'ProgressDeadlineExceeded') {
    return { kind: 'Failed', reason: 'ProgressDeadline', message: progressing.message };
  }
  const replicaFailure = rollout.conditions.find((condition) => condition.type === 'ReplicaFailure');
  if (replicaFailure?.status === 'True') {
    return { kind: 'Failed', reason: 'ReplicaFailure', message: replicaFailure.message };
  }
  if (rollout.paused) {
    return { kind: 'InProgress', message: 'it is paused (spec.paused)' };
  }
  return (
    behind('updated', rollout.updated, rollout.wanted) ??
    leftover(rollout) ??
    behind('available', rollout.available, rollout.wanted) ??
    behind('ready', rollout.ready, rollout.wanted) ?? { kind: 'Current' }
  );
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

function behind(what: string, have: number, wanted: number): Health | undefined {
  return have < wanted ? { kind: 'InProgress', message: `${have} of ${wanted} replicas ${what}` } : undefined;
}

function leftover(rollout: Rollout): Health | undefined {
  const old = rollout.total - rollout.updated;
  return old > 0 ? { kind: 'InProgress', message: `${old} replicas still to end` } : undefined;
}
