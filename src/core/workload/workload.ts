/**
 * A workload as Headgate sees it: which containers run which image, and how far its rollout is.
 * Made from the Kubernetes object at the edge (resources/workload.ts); nothing here knows the wire format.
 */
import type { Placement } from './placement.ts';

export const workloadKinds = ['Deployment', 'StatefulSet', 'DaemonSet', 'CronJob'] as const;

export type WorkloadKind = (typeof workloadKinds)[number];

export function isWorkloadKind(kind: string): kind is WorkloadKind {
  return (workloadKinds as readonly string[]).includes(kind);
}

export interface WorkloadReference {
  readonly kind: WorkloadKind;
  readonly namespace: string;
  readonly name: string;
}

export interface Container {
  readonly name: string;
  readonly image: string;
  /** Init containers share the name space of containers in the API, but stand in a list of their own. */
  readonly init: boolean;
}

export interface Workload extends WorkloadReference {
  readonly uid: string;
  readonly createdAt: Date;
  readonly generation: number;
  readonly deleting: boolean;
  readonly labels: Readonly<Record<string, string>>;
  /** Those by which other updaters are told what to do; no others are kept. */
  readonly annotations: Readonly<Record<string, string>>;
  readonly containers: readonly Container[];
  /** Label selector of its pods in the API's text form; undefined for a CronJob, whose pods belong to Jobs. */
  readonly podSelector: string | undefined;
  /** Of its pod template. */
  readonly pullSecrets: readonly string[];
  /** Undefined: any node without taints. */
  readonly placement?: Placement | undefined;
  /** Its pods' own; `default` where the template names none. */
  readonly serviceAccount: string;
  readonly rollout: Rollout;
}

/** The numbers and conditions that tell how far a rollout is; 0 where the API leaves a field out. */
export interface Rollout {
  /** Undefined until the workload's controller has looked at it, and for kinds that do not report it (CronJob). */
  readonly observedGeneration: number | undefined;
  /** Replicas wanted by the spec; for a DaemonSet the number of nodes it should run on. */
  readonly wanted: number;
  readonly total: number;
  readonly updated: number;
  readonly ready: number;
  readonly available: number;
  readonly conditions: readonly RolloutCondition[];
  /** False for update strategy OnDelete, where Kubernetes replaces no pod by itself. */
  readonly replacesPods: boolean;
  /** Replicas a StatefulSet keeps on the old revision (`rollingUpdate.partition`). */
  readonly partition: number;
  readonly paused: boolean;
  /** A Deployment with a progress deadline; without one its controller keeps no `Progressing` condition. */
  readonly hasProgressDeadline: boolean;
}

export interface RolloutCondition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

/** The part of a pod that tells an early failure and what really runs. */
export interface Pod {
  readonly name: string;
  readonly uid: string;
  readonly createdAt: Date;
  readonly deleting: boolean;
  readonly containers: readonly PodContainer[];
}

export interface PodContainer {
  readonly name: string;
  readonly init: boolean;
  /** As the pod's spec has it. */
  readonly image: string;
  /** Digest of what the kubelet runs, from `imageID`; undefined before it was pulled. */
  readonly runningDigest: string | undefined;
  readonly restarts: number;
  /** It runs, or has run at least once. */
  readonly started: boolean;
  readonly ready: boolean;
  /** `state.waiting.reason`; undefined while it runs or has ended. */
  readonly waitingReason: string | undefined;
  readonly message: string;
  /** How its last run ended; undefined while it has not ended once. */
  readonly lastExitCode: number | undefined;
}

/** `Deployment demo/web`, as messages name it. */
export function describeWorkload(reference: WorkloadReference): string {
  return `${reference.kind} ${reference.namespace}/${reference.name}`;
}

/** Unique key over all kinds and namespaces. */
export function workloadKey(reference: WorkloadReference): string {
  return `${reference.kind}/${reference.namespace}/${reference.name}`;
}

/** The container of that name in its own list, of a workload or of a pod; init containers and containers are apart. */
export function findContainer<C extends Pick<Container, 'name' | 'init'>>(
  of: { readonly containers: readonly C[] },
  wanted: { readonly container: string; readonly init: boolean },
): C | undefined {
  return of.containers.find((one) => one.name === wanted.container && one.init === wanted.init);
}
