/** The product's kinds and the workloads as resources of the API. */
import type { WorkloadKind } from '../../core/workload/workload.ts';
import type { KubeObject, ResourceType } from '../../kube/objects.ts';
import { cronJobs, daemonSets, deployments, statefulSets } from '../../kube/resource-types.ts';
import type { KindDefinition } from '../../resources/kind.ts';
import {
  appKind,
  channelKind,
  rejectionKind,
  releaseKind,
  subscriptionKind,
  updateKind,
} from '../../resources/kinds.ts';

/** Owner of what we write, in managedFields. */
export const fieldManager = 'headgate';

export const apps = resourceOf(appKind);
export const updates = resourceOf(updateKind);
export const rejections = resourceOf(rejectionKind);
export const releases = resourceOf(releaseKind);
export const channels = resourceOf(channelKind);
export const subscriptions = resourceOf(subscriptionKind);

export const workloadTypes: Readonly<Record<WorkloadKind, ResourceType>> = {
  Deployment: deployments,
  StatefulSet: statefulSets,
  DaemonSet: daemonSets,
  CronJob: cronJobs,
};

/** An object of the product as sent and received; the spec was made from, or is about to be read by, its schema. */
export interface ProductObject extends KubeObject {
  readonly spec?: unknown;
  readonly status?: unknown;
}

function resourceOf(kind: KindDefinition): ResourceType {
  return { group: kind.group, version: kind.version, plural: kind.plural, kind: kind.kind, namespaced: true };
}
