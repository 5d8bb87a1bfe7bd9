/** Fulfils the engine's CheckpointStore: one Secret for the objects of a checkpoint, packed, and one for Helm's own record. */
import { gzipSync } from 'node:zlib';
import { isOperationError } from '../../core/errors.ts';
import type {
  CheckpointOwner,
  CheckpointStore,
  KeptObjects,
  KeptWorkload,
} from '../../engine/ports/checkpoint-store.ts';
import type { KubeClient } from '../../kube/client.ts';
import { apiVersionOf, type KubeObject, type ObjectMeta } from '../../kube/objects.ts';
import { secrets } from '../../kube/resource-types.ts';
import { type ReadObjects, readObjects } from './checkpoint-objects.ts';
import { fieldManager, updates } from './kinds.ts';

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
    workloads: readonly KeptWorkload[],
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
    const live = await readObjects(this.#client, workloads, signal);
    leftOut.push(...live.unread);
    const packed = this.#pack(live, leftOut);
    const data = packed === undefined ? {} : { 'objects.json.gz': packed.toString('base64') };
    const secret = await this.#write(update, name, data, signal);
    return { name, createdAt: createdAt(secret.metadata), leftOut };
  }

  /** What the workloads name comes second: it must not be the reason that they themselves are not kept. */
  #pack({ objects, named }: ReadObjects, leftOut: string[]): Buffer | undefined {
    for (const [what, list] of [
      ['the ConfigMaps, Secrets and Services of the App', [...objects, ...named]],
      ['the objects', objects],
    ] as const) {
      const packed = gzipSync(JSON.stringify(list.map(withoutManagers)));
      if (packed.length <= largestContent) {
        return packed;
      }
      leftOut.push(
        `${what} are not kept: packed they have ${packed.length} bytes, and a Secret holds ${largestContent}`,
      );
    }
    return undefined;
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
