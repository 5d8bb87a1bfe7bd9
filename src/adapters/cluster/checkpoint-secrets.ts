/** Fulfils the engine's CheckpointStore: one Secret for the objects of a checkpoint, packed, and one for Helm's own record. */
import { gzipSync } from 'node:zlib';
import { usedClaims } from '../../core/checkpoint/used-claims.ts';
import { isOperationError } from '../../core/errors.ts';
import type { WorkloadReference } from '../../core/workload/workload.ts';
import type { CheckpointOwner, CheckpointStore, KeptObjects } from '../../engine/ports/checkpoint-store.ts';
import type { KubeClient } from '../../kube/client.ts';
import { apiVersionOf, type KubeObject, type ObjectKey, type ObjectMeta } from '../../kube/objects.ts';
import { secrets } from '../../kube/resource-types.ts';
import { fieldManager, updates, workloadTypes } from './kinds.ts';
import { claims } from './volume-objects.ts';

interface SecretObject extends KubeObject {
  readonly type?: string;
  /** Base64. */
  readonly data?: Readonly<Record<string, string>>;
}

/** A Secret holds a mebibyte at most, in all (MaxSecretSize of the API server). */
const largestContent = 1_000_000;

const secretType = 'headgate.dev/checkpoint';

export class CheckpointSecrets implements CheckpointStore {
  readonly #client: KubeClient;

  constructor(client: KubeClient) {
    this.#client = client;
  }

  async keepObjects(
    update: CheckpointOwner,
    workloads: readonly WorkloadReference[],
    release: { readonly name: string; readonly revision: number } | undefined,
    signal: AbortSignal,
  ): Promise<KeptObjects> {
    const name = nameFor(update.name);
    const there = await this.#client.find<SecretObject>(secrets, { namespace: update.namespace, name }, { signal });
    if (there) {
      return { name, createdAt: createdAt(there.metadata), leftOut: [] };
    }
    const leftOut: string[] = [];
    if (release) {
      leftOut.push(...(await this.#keepRelease(update, release, signal)));
    }
    const live = await this.#readObjects(workloads, signal);
    const packed = gzipSync(JSON.stringify(live));
    const fits = packed.length <= largestContent;
    if (!fits) {
      leftOut.push(
        `the objects are not kept: packed they have ${packed.length} bytes, and a Secret holds ${largestContent}`,
      );
    }
    const data = fits ? { 'objects.json.gz': packed.toString('base64') } : {};
    const secret = await this.#write(update, name, data, signal);
    return { name, createdAt: createdAt(secret.metadata), leftOut };
  }

  /** The workloads, and then the claims that they mount. */
  async #readObjects(workloads: readonly WorkloadReference[], signal: AbortSignal): Promise<readonly unknown[]> {
    const objects: KubeObject[] = [];
    const mounted = new Map<string, ObjectKey>();
    for (const reference of workloads) {
      const object = await this.#client.find<KubeObject>(workloadTypes[reference.kind], reference, { signal });
      objects.push(...(object ? [object] : []));
      for (const name of object ? usedClaims({ ...object }) : []) {
        mounted.set(name, { namespace: reference.namespace, name });
      }
    }
    for (const key of mounted.values()) {
      const claim = await this.#client.find<KubeObject>(claims, key, { signal });
      objects.push(...(claim ? [claim] : []));
    }
    return objects.map(withoutManagers);
  }

  async dropObjects({ namespace, name }: { readonly namespace: string; readonly name: string }, signal: AbortSignal) {
    for (const secret of [nameFor(name), helmNameFor(name)]) {
      try {
        await this.#client.delete(secrets, { namespace, name: secret }, { signal });
      } catch (error) {
        if (!isOperationError(error, 'API_NOT_FOUND')) {
          throw error;
        }
      }
    }
  }

  /** As it is: Helm can read it again when it is put back under its own name. */
  async #keepRelease(
    update: CheckpointOwner,
    { name, revision }: { readonly name: string; readonly revision: number },
    signal: AbortSignal,
  ): Promise<readonly string[]> {
    const own = `sh.helm.release.v1.${name}.v${revision}`;
    const record = await this.#client.find<SecretObject>(
      secrets,
      { namespace: update.namespace, name: own },
      { signal },
    );
    if (!record?.data) {
      return [`Helm's record ${own} is not there`];
    }
    await this.#write(update, helmNameFor(update.name), record.data, signal);
    return [];
  }

  async #write(
    update: CheckpointOwner,
    name: string,
    data: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<SecretObject> {
    const owner = { apiVersion: apiVersionOf(updates), kind: updates.kind, name: update.name, uid: update.uid };
    const metadata = { namespace: update.namespace, name, ownerReferences: [owner] };
    try {
      return await this.#client.create<SecretObject>(
        secrets,
        { metadata, type: secretType, data },
        { fieldManager, signal },
      );
    } catch (error) {
      if (!isOperationError(error, 'API_CONFLICT')) {
        throw error;
      }
      return await this.#client.get<SecretObject>(secrets, { namespace: update.namespace, name }, { signal });
    }
  }
}

function nameFor(update: string): string {
  return `headgate-checkpoint-${update}`;
}

function helmNameFor(update: string): string {
  return `headgate-checkpoint-${update}-helm`;
}

function createdAt({ creationTimestamp }: ObjectMeta): Date {
  return new Date(creationTimestamp ?? 0);
}

function withoutManagers({ metadata, ...rest }: KubeObject): unknown {
  const { managedFields: _, ...kept } = metadata;
  return { ...rest, metadata: kept };
}
