/**
 * The steps by which claims get other volumes. What is claimed cannot be changed, so that claims are made anew; a volume that belongs to
 * nobody meanwhile is kept by force (Retain), and gets back what it had.
 */
import type { MovedVolume } from '../../core/checkpoint/checkpoint.ts';
import { isOperationError } from '../../core/errors.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { KubeObject } from '../../kube/objects.ts';
import { pods } from '../../kube/resource-types.ts';
import { fieldManager } from './kinds.ts';
import { type ClaimObject, claims, type VolumeObject, volumes } from './volume-objects.ts';
import { unusable } from './volume-snapshots.ts';

export interface Exchange {
  readonly client: KubeClient;
  /** Of the claims. */
  readonly namespace: string;
  readonly signal: AbortSignal;
}

/** A PersistentVolume, and the claim that it is about. */
interface VolumeOfClaim {
  readonly name: string;
  readonly claim: string;
}

const policyAnnotation = 'headgate.dev/reclaim-policy';

/** What Kubernetes writes into a claim about its binding, and must not be copied into another. */
const bindingAnnotation = /^(?:pv\.kubernetes\.io|volume\.(?:beta\.)?kubernetes\.io)\//;

export async function findClaim(
  { client, namespace, signal }: Exchange,
  name: string,
): Promise<ClaimObject | undefined> {
  return await client.find<ClaimObject>(claims, { namespace, name }, { signal });
}

/** Until it is gone; @returns what it waits for. */
export async function removeClaim(exchange: Exchange, name: string): Promise<string | undefined> {
  const { client, namespace, signal } = exchange;
  const there = await findClaim(exchange, name);
  if (!there) {
    return undefined;
  }
  if (there.metadata.deletionTimestamp === undefined) {
    await client.delete(
      claims,
      { namespace, name },
      { ...(there.metadata.uid !== undefined && { uid: there.metadata.uid }), signal },
    );
    if ((await findClaim(exchange, name)) === undefined) {
      return undefined;
    }
  }
  const users = await podsWith(exchange, name);
  return `PersistentVolumeClaim ${name} is not gone yet${users.length === 0 ? '' : `: it is mounted by ${users.join(', ')}`}`;
}

async function podsWith({ client, namespace, signal }: Exchange, claim: string): Promise<readonly string[]> {
  const { items } = await client.list<PodWithVolumes>(pods, { namespace, signal });
  const mounts = ({ spec }: PodWithVolumes) =>
    spec.volumes?.some(({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName === claim) ?? false;
  return items.filter(mounts).map(({ metadata }) => `Pod ${metadata.name}`);
}

interface PodWithVolumes extends KubeObject {
  readonly spec: { readonly volumes?: readonly { readonly persistentVolumeClaim?: { readonly claimName: string } }[] };
}

/**
 * The claim under which a broken volume is kept; harmless to repeat.
 *
 * @param labels besides those of the claim that has it now
 */
export async function makeBroken(
  exchange: Exchange,
  present: ClaimObject,
  { brokenClaim: name, brokenVolume: volumeName }: MovedVolume,
  labels: Readonly<Record<string, string>> = {},
): Promise<ClaimObject> {
  const copy = copyOf(present, { name, volumeName, namespace: exchange.namespace });
  const labelled = { ...copy, metadata: { ...copy.metadata, labels: { ...copy.metadata.labels, ...labels } } };
  await makeClaim(exchange, labelled);
  return { ...present, ...labelled };
}

/** A claim like another, for a volume that is there. */
export function copyOf(
  { metadata, spec }: ClaimObject,
  { name, namespace, volumeName }: { readonly name: string; readonly namespace: string; readonly volumeName: string },
) {
  const { accessModes, resources, storageClassName, volumeMode } = spec;
  const annotations = Object.entries(metadata.annotations ?? {}).filter(([key]) => !bindingAnnotation.test(key));
  return {
    metadata: { namespace, name, labels: metadata.labels ?? {}, annotations: Object.fromEntries(annotations) },
    spec: {
      volumeName,
      ...(accessModes && { accessModes }),
      ...(resources && { resources }),
      ...(storageClassName !== undefined && { storageClassName }),
      ...(volumeMode !== undefined && { volumeMode }),
    },
  };
}

/** Harmless to repeat. */
export async function makeClaim({ client, signal }: Exchange, claim: ReturnType<typeof copyOf>): Promise<void> {
  try {
    await client.create<ClaimObject>(claims, claim, { fieldManager, signal });
  } catch (error) {
    if (!isOperationError(error, 'API_CONFLICT')) {
      throw error;
    }
  }
}

/** @throws VOLUME_UNUSABLE, in the name of the claim, when it is gone */
async function readVolume(
  { client, signal, namespace }: Exchange,
  { name, claim }: VolumeOfClaim,
): Promise<VolumeObject> {
  const found = await client.find<VolumeObject>(volumes, { namespace: '', name }, { signal });
  if (!found) {
    throw unusable({ namespace, name: claim }, `PersistentVolume ${name} is gone`);
  }
  return found;
}

/** Nothing deletes it while it belongs to nobody. Harmless to repeat. */
export async function keepByForce(exchange: Exchange, volume: VolumeOfClaim): Promise<void> {
  const { metadata, spec } = await readVolume(exchange, volume);
  if (metadata.annotations?.[policyAnnotation] === undefined) {
    const former = spec.persistentVolumeReclaimPolicy ?? 'Retain';
    await patch(exchange, volume.name, {
      metadata: { annotations: { [policyAnnotation]: former } },
      spec: { persistentVolumeReclaimPolicy: 'Retain' },
    });
  }
}

/** What becomes of it once nobody claims it is as it was. Harmless to repeat. */
export async function letGo(exchange: Exchange, name: string): Promise<void> {
  const { client, signal } = exchange;
  const found = await client.find<VolumeObject>(volumes, { namespace: '', name }, { signal });
  const former = found?.metadata.annotations?.[policyAnnotation];
  if (former !== undefined) {
    await patch(exchange, name, {
      metadata: { annotations: { [policyAnnotation]: null } },
      spec: { persistentVolumeReclaimPolicy: former },
    });
  }
}

/** Whoever claims it under this name gets it, and nobody else. */
export async function giveTo(exchange: Exchange, volume: VolumeOfClaim, to: string): Promise<void> {
  const { namespace } = exchange;
  const { spec } = await readVolume(exchange, volume);
  if (spec.claimRef?.namespace !== namespace || spec.claimRef.name !== to) {
    const claimRef = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name: to };
    await patch(exchange, volume.name, { spec: { claimRef: { ...claimRef, uid: null, resourceVersion: null } } });
  }
}

async function patch({ client, signal }: Exchange, name: string, body: object): Promise<void> {
  await client.patch<VolumeObject>(volumes, { namespace: '', name }, { kind: 'merge', body }, { fieldManager, signal });
}
