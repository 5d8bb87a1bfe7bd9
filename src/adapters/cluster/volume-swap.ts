/**
 * A claim gets another volume: what is claimed cannot be changed, so that the claim is made anew. The broken volume gets a claim of its
 * own first, which says all that is needed to make the other one, so that nothing is lost wherever this is interrupted. Both volumes are
 * kept by force (Retain) while they belong to nobody, and get back what they had.
 */

import type { SwappedVolume } from '../../core/checkpoint/checkpoint.ts';
import { isOperationError } from '../../core/errors.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { KubeObject } from '../../kube/objects.ts';
import { pods } from '../../kube/resource-types.ts';
import { fieldManager } from './kinds.ts';
import { type ClaimObject, claims, type VolumeObject, volumes } from './volume-objects.ts';
import { unusable } from './volume-snapshots.ts';

interface Swap {
  readonly client: KubeClient;
  readonly namespace: string;
  readonly volume: SwappedVolume;
  /** The claim that holds the new volume until now. */
  readonly holder: string;
  readonly signal: AbortSignal;
}

const policyAnnotation = 'headgate.dev/reclaim-policy';

/** What Kubernetes writes into a claim about its binding, and must not be copied into another. */
const bindingAnnotation = /^(?:pv\.kubernetes\.io|volume\.(?:beta\.)?kubernetes\.io)\//;

/** @returns what it waits for; undefined when all is done */
export async function swapVolume(swap: Swap): Promise<string | undefined> {
  const { volume } = swap;
  const present = await find(swap, volume.claim);
  if (present?.spec.volumeName !== volume.newVolume) {
    const waiting = await setAside(swap, present);
    if (waiting !== undefined) {
      return waiting;
    }
  }
  return await settle(swap);
}

/** Up to the claim with its new volume being there. */
async function setAside(swap: Swap, present: ClaimObject | undefined): Promise<string | undefined> {
  const { volume } = swap;
  const { claim, brokenVolume, newVolume, brokenClaim } = volume;
  if (present !== undefined && present.spec.volumeName !== brokenVolume) {
    throw unusable(keyOf(swap, claim), `somebody else gave it PersistentVolume ${present.spec.volumeName}`);
  }
  for (const name of [brokenVolume, newVolume]) {
    await keepByForce(swap, name);
  }
  const broken = (await find(swap, brokenClaim)) ?? (present && (await makeBroken(swap, present)));
  if (!broken) {
    throw unusable(
      keyOf(swap, claim),
      `it is gone, and ${brokenClaim} is not there either: its volumes ${brokenVolume} (broken) and ${newVolume} (new) are kept`,
    );
  }
  const gone = [await remove(swap, claim), await remove(swap, swap.holder)];
  const [waiting] = gone.filter((one) => one !== undefined);
  if (waiting !== undefined) {
    return waiting;
  }
  await giveTo(swap, newVolume, claim);
  await giveTo(swap, brokenVolume, brokenClaim);
  await make(swap, copyOf(broken, { name: claim, volumeName: newVolume, namespace: swap.namespace }));
  return undefined;
}

/** Both claims have their volumes, which get back what becomes of them once nobody claims them. */
async function settle(swap: Swap): Promise<string | undefined> {
  const { claim, brokenClaim, brokenVolume, newVolume } = swap.volume;
  for (const name of [claim, brokenClaim]) {
    const found = await find(swap, name);
    // A person may have dropped the broken one already.
    if (found !== undefined && found.status?.phase !== 'Bound') {
      return `PersistentVolumeClaim ${name} is ${found.status?.phase ?? 'not bound yet'}`;
    }
  }
  for (const name of [newVolume, brokenVolume]) {
    await letGo(swap, name);
  }
  return undefined;
}

function keyOf({ namespace }: Swap, name: string) {
  return { namespace, name };
}

async function find(swap: Swap, name: string): Promise<ClaimObject | undefined> {
  return await swap.client.find<ClaimObject>(claims, keyOf(swap, name), { signal: swap.signal });
}

/** Until it is gone; @returns what it waits for. */
async function remove(swap: Swap, name: string): Promise<string | undefined> {
  const { client, namespace, signal } = swap;
  const there = await find(swap, name);
  if (!there) {
    return undefined;
  }
  if (there.metadata.deletionTimestamp === undefined) {
    await client.delete(
      claims,
      { namespace, name },
      { ...(there.metadata.uid !== undefined && { uid: there.metadata.uid }), signal },
    );
    if ((await find(swap, name)) === undefined) {
      return undefined;
    }
  }
  const users = await podsWith(swap, name);
  return `PersistentVolumeClaim ${name} is not gone yet${users.length === 0 ? '' : `: it is mounted by ${users.join(', ')}`}`;
}

async function podsWith({ client, namespace, signal }: Swap, claim: string): Promise<readonly string[]> {
  const { items } = await client.list<PodWithVolumes>(pods, { namespace, signal });
  const mounts = ({ spec }: PodWithVolumes) =>
    spec.volumes?.some(({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName === claim) ?? false;
  return items.filter(mounts).map(({ metadata }) => `Pod ${metadata.name}`);
}

interface PodWithVolumes extends KubeObject {
  readonly spec: { readonly volumes?: readonly { readonly persistentVolumeClaim?: { readonly claimName: string } }[] };
}

async function makeBroken(swap: Swap, present: ClaimObject): Promise<ClaimObject> {
  const { brokenClaim: name, brokenVolume: volumeName } = swap.volume;
  const copy = copyOf(present, { name, volumeName, namespace: swap.namespace });
  await make(swap, copy);
  return { ...present, ...copy };
}

/** A claim like another, for a volume that is there. */
function copyOf(
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

async function make({ client, signal }: Swap, claim: ReturnType<typeof copyOf>): Promise<void> {
  try {
    await client.create<ClaimObject>(claims, claim, { fieldManager, signal });
  } catch (error) {
    if (!isOperationError(error, 'API_CONFLICT')) {
      throw error;
    }
  }
}

async function readVolume({ client, signal, namespace, volume }: Swap, name: string): Promise<VolumeObject> {
  const found = await client.find<VolumeObject>(volumes, { namespace: '', name }, { signal });
  if (!found) {
    throw unusable({ namespace, name: volume.claim }, `PersistentVolume ${name} is gone`);
  }
  return found;
}

async function keepByForce(swap: Swap, name: string): Promise<void> {
  const { metadata, spec } = await readVolume(swap, name);
  if (metadata.annotations?.[policyAnnotation] === undefined) {
    const former = spec.persistentVolumeReclaimPolicy ?? 'Retain';
    await patch(swap, name, {
      metadata: { annotations: { [policyAnnotation]: former } },
      spec: { persistentVolumeReclaimPolicy: 'Retain' },
    });
  }
}

async function letGo(swap: Swap, name: string): Promise<void> {
  const { client, signal } = swap;
  const found = await client.find<VolumeObject>(volumes, { namespace: '', name }, { signal });
  const former = found?.metadata.annotations?.[policyAnnotation];
  if (former !== undefined) {
    await patch(swap, name, {
      metadata: { annotations: { [policyAnnotation]: null } },
      spec: { persistentVolumeReclaimPolicy: former },
    });
  }
}

/** Whoever claims it under this name gets it, and nobody else. */
async function giveTo(swap: Swap, name: string, claim: string): Promise<void> {
  const { spec } = await readVolume(swap, name);
  if (spec.claimRef?.namespace !== swap.namespace || spec.claimRef.name !== claim) {
    const claimRef = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace: swap.namespace, name: claim };
    await patch(swap, name, { spec: { claimRef: { ...claimRef, uid: null, resourceVersion: null } } });
  }
}

async function patch({ client, signal }: Swap, name: string, body: object): Promise<void> {
  await client.patch<VolumeObject>(volumes, { namespace: '', name }, { kind: 'merge', body }, { fieldManager, signal });
}
