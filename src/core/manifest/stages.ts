/**
 * The order in which objects are put in place: in stages, one after the other; within a stage all at once.
 *
 * First what others are made of (definitions, namespaces), then what others name (accounts, configuration), then what
 * runs, last what steps in the way of requests (webhooks, admission policies), so that a webhook never refuses the very
 * Deployment that serves it. Deletion goes the other way.
 */
import { identityKey, type ObjectIdentity } from './manifest-object.ts';

/** `group/kind`, without a group for the core kinds; a kind that is nowhere stands with the custom resources. */
const stages: readonly (readonly string[])[] = [
  ['apiextensions.k8s.io/CustomResourceDefinition', 'Namespace'],
  [
    'scheduling.k8s.io/PriorityClass',
    'storage.k8s.io/StorageClass',
    'node.k8s.io/RuntimeClass',
    'networking.k8s.io/IngressClass',
    'gateway.networking.k8s.io/GatewayClass',
    'ResourceQuota',
    'LimitRange',
    'networking.k8s.io/NetworkPolicy',
    'ServiceAccount',
    'Secret',
    'ConfigMap',
    'PersistentVolume',
    'PersistentVolumeClaim',
    'rbac.authorization.k8s.io/ClusterRole',
    'rbac.authorization.k8s.io/Role',
  ],
  ['rbac.authorization.k8s.io/ClusterRoleBinding', 'rbac.authorization.k8s.io/RoleBinding', 'Service'],
  ['policy/PodDisruptionBudget', 'apps/Deployment', 'apps/StatefulSet', 'apps/DaemonSet', 'apps/ReplicaSet'],
  ['Pod', 'batch/Job', 'batch/CronJob', 'autoscaling/HorizontalPodAutoscaler', 'networking.k8s.io/Ingress'],
  [],
  [
    'apiregistration.k8s.io/APIService',
    'admissionregistration.k8s.io/ValidatingAdmissionPolicy',
    'admissionregistration.k8s.io/ValidatingAdmissionPolicyBinding',
    'admissionregistration.k8s.io/MutatingAdmissionPolicy',
    'admissionregistration.k8s.io/MutatingAdmissionPolicyBinding',
    'admissionregistration.k8s.io/ValidatingWebhookConfiguration',
    'admissionregistration.k8s.io/MutatingWebhookConfiguration',
  ],
];

const stageOfOthers = 5;

const stageByKind = new Map(stages.flatMap((kinds, stage) => kinds.map((kind) => [kind, stage] as const)));

/** Number of the stage of a kind, from 0. */
export function stageOf({ group, kind }: Pick<ObjectIdentity, 'group' | 'kind'>): number {
  return stageByKind.get(group === '' ? kind : `${group}/${kind}`) ?? stageOfOthers;
}

/** Stages without objects are left out; within a stage objects are in the order of their names. */
export function inApplyOrder<T extends ObjectIdentity>(objects: readonly T[]): readonly (readonly T[])[] {
  const byStage = new Map<number, T[]>();
  for (const object of objects) {
    const stage = stageOf(object);
    const members = byStage.get(stage);
    if (members === undefined) {
      byStage.set(stage, [object]);
    } else {
      members.push(object);
    }
  }
  return [...byStage]
    .toSorted(([left], [right]) => left - right)
    .map(([, members]) => members.toSorted(compareIdentity));
}

/** The other way round: what stands in the way of requests goes first, what others are made of last. */
export function inDeletionOrder<T extends ObjectIdentity>(objects: readonly T[]): readonly (readonly T[])[] {
  return inApplyOrder(objects).toReversed();
}

/** Total, and the same on every machine. */
export function compareIdentity(left: ObjectIdentity, right: ObjectIdentity): number {
  const [a, b] = [identityKey(left), identityKey(right)];
  return a < b ? -1 : a > b ? 1 : 0;
}
