/** Fulfils the engine's Volumes with the Kubernetes API. */
import type { KeptVolume, SwappedVolume } from '../../core/checkpoint/checkpoint.ts';
import { losesClaims, usedClaims } from '../../core/checkpoint/used-claims.ts';
import { brokenClaimNameOf, newClaimNameOf } from '../../core/checkpoint/volume-names.ts';
import { isOperationError, OperationError } from '../../core/errors.ts';
import { parseQuantity } from '../../core/preflight/quantity.ts';
import { describeWorkload, type WorkloadReference } from '../../core/workload/workload.ts';
import type { PreparedVolume, SnapshotRequest, UpdateReference, Volumes } from '../../engine/ports/volumes.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { KubeObject } from '../../kube/objects.ts';
import { fieldManager, workloadTypes } from './kinds.ts';
import { type ClaimObject, claims, snapshots } from './volume-objects.ts';
import { checkSnapshot, lookAtSnapshot, readBound, takeSnapshot, unusable } from './volume-snapshots.ts';
import { swapVolume } from './volume-swap.ts';

interface Key {
  readonly namespace: string;
  readonly name: string;
}

/** Where the scheduler wanted a volume of a class that waits for its first pod; the new one is made at the same place. */
const nodeAnnotation = 'volume.kubernetes.io/selected-node';

export class ClusterVolumes implements Volumes {
  readonly #client: KubeClient;

  constructor(client: KubeClient) {
    this.#client = client;
  }

  async claimsOf(workloads: readonly WorkloadReference[], signal: AbortSignal): Promise<readonly string[]> {
    const found: string[] = [];
    for (const reference of workloads) {
      const object = await this.#client.find<KubeObject>(workloadTypes[reference.kind], reference, { signal });
      if (object && losesClaims({ ...object })) {
        throw new OperationError(
          `${describeWorkload(reference)}: scaling it to zero would delete its claims (spec.persistentVolumeClaimRetentionPolicy.whenScaled is Delete); set it to Retain`,
          { code: 'VOLUME_UNUSABLE', retry: 'never' },
        );
      }
      found.push(...(object ? usedClaims({ ...object }) : []));
    }
    return [...new Set(found)];
  }

  async checkSnapshots(
    request: { readonly namespace: string; readonly claims: readonly string[]; readonly className: string | undefined },
    signal: AbortSignal,
  ): Promise<void> {
    const { namespace, className } = request;
    for (const name of request.claims) {
      await checkSnapshot(this.#client, { namespace, name }, className, signal);
    }
  }

  async takeSnapshot(update: UpdateReference, request: SnapshotRequest, signal: AbortSignal): Promise<void> {
    await takeSnapshot(this.#client, update, request, signal);
  }

  async lookAtSnapshot(key: Key, signal: AbortSignal) {
    return await lookAtSnapshot(this.#client, key, signal);
  }

  async dropSnapshot(key: Key, signal: AbortSignal): Promise<void> {
    try {
      await this.#client.delete(snapshots, key, { signal });
    } catch (error) {
      if (!isOperationError(error, 'API_NOT_FOUND')) {
        throw error;
      }
    }
  }

  async checkRestore(namespace: string, { claim, snapshot }: KeptVolume, signal: AbortSignal): Promise<void> {
    const key = { namespace, name: claim };
    const { spec } = await readBound(this.#client, key, signal);
    const state = await lookAtSnapshot(this.#client, { namespace, name: snapshot }, signal);
    if (!state) {
      throw unusable(key, `VolumeSnapshot ${snapshot} is gone`);
    }
    const asked = spec.resources?.requests?.storage ?? '0';
    if (state.sizeBytes !== undefined && state.sizeBytes > (parseQuantity(asked) ?? 0)) {
      throw unusable(
        key,
        `it asks for ${asked}, and VolumeSnapshot ${snapshot} needs a volume of ${state.sizeBytes} bytes at least; enlarge the claim`,
      );
    }
  }

  async prepare(update: UpdateReference, volume: KeptVolume, signal: AbortSignal): Promise<PreparedVolume> {
    const { namespace } = update;
    const holder = newClaimNameOf(volume.claim, volume.snapshot);
    const broken = await readBound(this.#client, { namespace, name: volume.claim }, signal);
    const found =
      (await this.#client.find<ClaimObject>(claims, { namespace, name: holder }, { signal })) ??
      (await this.#claimSnapshot(broken, { namespace, name: holder, volume }, signal));
    const { volumeName } = found.spec;
    if (found.status?.phase !== 'Bound' || volumeName === undefined) {
      const message = `PersistentVolumeClaim ${holder}, which gets the volume of VolumeSnapshot ${volume.snapshot}, is ${found.status?.phase ?? 'new'}`;
      return { kind: 'Busy', message };
    }
    const { claim } = volume;
    const brokenClaim = brokenClaimNameOf(update, claim);
    return {
      kind: 'Ready',
      volume: { claim, brokenVolume: broken.spec.volumeName ?? '', newVolume: volumeName, brokenClaim },
    };
  }

  async swap(
    namespace: string,
    { volume, snapshot }: { readonly volume: SwappedVolume; readonly snapshot: string },
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const holder = newClaimNameOf(volume.claim, snapshot);
    return await swapVolume({ client: this.#client, namespace, volume, holder, signal });
  }

  async #claimSnapshot(
    { metadata, spec }: ClaimObject,
    { namespace, name, volume }: Key & { readonly volume: KeptVolume },
    signal: AbortSignal,
  ): Promise<ClaimObject> {
    const { accessModes, resources, storageClassName, volumeMode } = spec;
    const node = metadata.annotations?.[nodeAnnotation];
    return await this.#client.create<ClaimObject>(
      claims,
      {
        metadata: {
          namespace,
          name,
          labels: { 'app.kubernetes.io/managed-by': 'headgate' },
          annotations: {
            'headgate.dev/for': `PersistentVolumeClaim ${volume.claim}`,
            ...(node !== undefined && { [nodeAnnotation]: node }),
          },
        },
        spec: {
          ...(accessModes && { accessModes }),
          ...(resources && { resources }),
          ...(storageClassName !== undefined && { storageClassName }),
          ...(volumeMode !== undefined && { volumeMode }),
          dataSource: { apiGroup: snapshots.group, kind: snapshots.kind, name: volume.snapshot },
        },
      },
      { fieldManager, signal },
    );
  }
}
