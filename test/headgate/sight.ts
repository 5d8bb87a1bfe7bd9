/** What a story sees in the cluster: waiting for objects by watch, with a deadline, and reading their state. */
import { apps, type ProductObject, rejections, updates } from '../../src/adapters/cluster/kinds.ts';
import { isFinal, type updatePhases } from '../../src/core/update/journal.ts';
import { startInformer } from '../../src/kube/informer.ts';
import type { KubeObject, ResourceType } from '../../src/kube/objects.ts';
import { deployments, pods, replicaSets } from '../../src/kube/resource-types.ts';
import { type AppObjectWire, decodeApp } from '../../src/resources/app/decode-app.ts';
import { decodeWorkload } from '../../src/resources/app/decode-workload.ts';
import { decodeUpdate, type UpdateObjectWire } from '../../src/resources/update/decode-update.ts';
import type { RejectionSpecWire } from '../../src/resources/update/rejection.ts';
import type { Stage } from './stage.ts';

/** Where it is seen. */
export type Sight = Pick<Stage, 'client' | 'namespace'>;

export interface Awaited<T> {
  /** As a statement, for the message. */
  readonly what: string;
  /** Any object of the kind in the namespace when absent. */
  readonly name?: string;
  readonly matches: (object: T) => boolean;
  readonly deadlineMs?: number;
}

/** The first object that matches. Rejects after the deadline (60 s), telling the object as it was seen last. */
export async function untilObject<T extends KubeObject>(
  { client, namespace }: Sight,
  type: ResourceType,
  { what, name, matches, deadlineMs = 60_000 }: Awaited<T>,
): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const stop = new AbortController();
  let last: T | undefined;
  const look = (object: T) => {
    if (name === undefined || object.metadata.name === name) {
      last = object;
      if (matches(object)) {
        resolve(object);
      }
    }
  };
  const giveUp = () =>
    reject(new Error(`${what}: not within ${deadlineMs / 1000} s; last seen ${JSON.stringify(last)}`));
  const timer = setTimeout(giveUp, deadlineMs);
  const onChange = (object: T, _: T | undefined, kind: string) => (kind === 'deleted' ? undefined : look(object));
  const onError = (error: Error & { code?: string }) => (error.code === 'INVARIANT' ? reject(error) : undefined);
  const informer = startInformer<T>({ client, type, namespace, signal: stop.signal, onError, onChange });
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    stop.abort();
    await informer.stopped;
  }
}

type Phase = (typeof updatePhases)[number];

/** The Update once it is in one of the phases. Rejects at once when it ends in another. */
export async function untilUpdate(
  stage: Sight,
  name: string,
  { phases, deadlineMs }: { readonly phases: readonly Phase[]; readonly deadlineMs?: number },
): Promise<UpdateObjectWire> {
  const seen = await untilObject<ProductObject>(stage, updates, {
    what: `Update ${name} is ${phases.join(' or ')}`,
    name,
    matches: (object) => {
      const phase = toUpdate(object).status?.phase ?? 'Pending';
      return phases.includes(phase) || isFinal(phase);
    },
    ...(deadlineMs === undefined ? {} : { deadlineMs }),
  });
  const update = toUpdate(seen);
  const phase = update.status?.phase ?? 'Pending';
  if (!phases.includes(phase)) {
    const steps = JSON.stringify(update.status?.steps);
    throw new Error(`Update ${name} ended ${phase}, not ${phases.join(' or ')}: ${steps}`);
  }
  return update;
}

/** The App once its status speaks of its present spec and gives the reason, and the message fits. */
export async function untilApp(
  stage: Sight,
  { name = 'web', reason, message = /(?:)/, deadlineMs }: AppSight,
): Promise<AppObjectWire> {
  const seen = await untilObject<ProductObject>(stage, apps, {
    what: `App ${name} waits: ${reason} ${message}`,
    name,
    matches: (object) => {
      const { metadata, status } = decodeApp(object, 'App');
      const fresh = status?.observedGeneration === metadata.generation;
      return fresh && status?.waiting?.reason === reason && message.test(status.waiting.message ?? '');
    },
    ...(deadlineMs === undefined ? {} : { deadlineMs }),
  });
  return decodeApp(seen, 'App');
}

interface AppSight {
  readonly name?: string;
  readonly reason: string;
  readonly message?: RegExp;
  readonly deadlineMs?: number;
}

/** All Updates of the namespace, oldest first. */
export async function updatesIn({ client, namespace }: Sight): Promise<readonly UpdateObjectWire[]> {
  const { items } = await client.list<ProductObject>(updates, { namespace });
  return items.map(toUpdate).toSorted((left, right) => left.spec.sequence - right.spec.sequence);
}

/** Outcomes of all Updates, oldest first, as `web-1 Succeeded`. */
export async function outcomesIn(stage: Sight): Promise<readonly string[]> {
  return (await updatesIn(stage)).map(({ metadata, status }) => `${metadata.name} ${status?.phase}`);
}

export async function rejectionsIn({ client, namespace }: Sight): Promise<readonly RejectionSpecWire[]> {
  const { items } = await client.list<ProductObject & { readonly spec: RejectionSpecWire }>(rejections, { namespace });
  return items.map(({ spec }) => spec);
}

/** Container name -> image, as the workload's spec has it. */
export async function imagesOf(
  { client, namespace }: Sight,
  type: ResourceType = deployments,
  name = 'web',
): Promise<Readonly<Record<string, string>>> {
  const object = await client.get(type, { namespace, name });
  const kind =
    type.kind === 'StatefulSet' || type.kind === 'DaemonSet' || type.kind === 'CronJob' ? type.kind : 'Deployment';
  return Object.fromEntries(decodeWorkload(kind, object).containers.map((one) => [one.name, one.image]));
}

export interface PodObject extends KubeObject {
  readonly spec: { readonly containers: readonly { readonly name: string; readonly image: string }[] };
  readonly status?: {
    readonly containerStatuses?: readonly {
      readonly name: string;
      readonly imageID: string;
      readonly ready: boolean;
    }[];
  };
}

/** Pods that are not on their way out. */
export async function podsIn({ client, namespace }: Sight, labelSelector?: string): Promise<readonly PodObject[]> {
  const selector = labelSelector === undefined ? {} : { labelSelector };
  const { items } = await client.list<PodObject>(pods, { namespace, ...selector });
  return items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
}

/** What the pods of the namespace really run: the digests that the kubelet reports for ready containers. */
export async function runningDigests(stage: Sight, labelSelector?: string): Promise<readonly string[]> {
  const statuses = (await podsIn(stage, labelSelector)).flatMap(({ status }) => status?.containerStatuses ?? []);
  return statuses.filter(({ ready }) => ready).map(({ imageID }) => imageID.slice(imageID.lastIndexOf('@') + 1));
}

interface ReplicaSetObject extends KubeObject {
  readonly spec: {
    readonly replicas: number;
    readonly template: { readonly spec: { readonly containers: readonly { readonly image: string }[] } };
  };
}

/** The rollouts a Deployment has had: image, revision and wanted pods of each ReplicaSet, by revision. */
export async function rolloutsOf({ client, namespace }: Sight, app = 'web') {
  const { items } = await client.list<ReplicaSetObject>(replicaSets, { namespace, labelSelector: `app=${app}` });
  return items
    .map(({ metadata, spec }) => ({
      revision: Number(metadata.annotations?.['deployment.kubernetes.io/revision']),
      image: spec.template.spec.containers[0]?.image ?? '',
      replicas: spec.replicas,
    }))
    .toSorted((left, right) => left.revision - right.revision);
}

/** Names of the steps of an Update with their results, as `Plan Done`; each may be there once. */
export function stepsOf({ status }: UpdateObjectWire): readonly string[] {
  return (status?.steps ?? []).map(({ name, result }) => `${name} ${result ?? 'open'}`);
}

function toUpdate(object: ProductObject): UpdateObjectWire {
  return decodeUpdate(object, `Update ${object.metadata.name}`);
}
