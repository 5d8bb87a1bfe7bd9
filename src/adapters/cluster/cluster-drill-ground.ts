/** Fulfils the engine's DrillGround with the Kubernetes API. */
import { gunzipSync } from 'node:zlib';
import type { KeptVolume } from '../../core/checkpoint/checkpoint.ts';
import { invariant, isOperationError, OperationError } from '../../core/errors.ts';
import { type Fields, isFields, textAt } from '../../core/health/objects/fields.ts';
import type { DrillGround, Ground, GroundRequest } from '../../engine/ports/drill-ground.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { KubeObject, NewObject, ObjectKey, ResourceType } from '../../kube/objects.ts';
import { namespaces, secrets } from '../../kube/resource-types.ts';
import {
  drillLabel,
  limitRanges,
  makeableType,
  type NamespaceObject,
  namespaceOf,
  readGround,
  resourceQuotas,
} from './drill-objects.ts';
import { fieldManager } from './kinds.ts';
import { lendSnapshot, removeLent } from './lent-snapshots.ts';
import { type ClaimObject, claims, type VolumeObject, volumes } from './volume-objects.ts';

interface SecretObject extends KubeObject {
  readonly data?: Readonly<Record<string, string>>;
}

interface AnyObject extends KubeObject {
  readonly spec?: unknown;
}

/** Far more than a Secret of a mebibyte unpacks to, unless somebody means harm. */
const mostBytes = 16 * 1_024 * 1_024;

export class ClusterDrillGround implements DrillGround {
  readonly #client: KubeClient;

  constructor(client: KubeClient) {
    this.#client = client;
  }

  async readObjects(key: ObjectKey, signal: AbortSignal): Promise<readonly Fields[] | undefined> {
    const secret = await this.#client.find<SecretObject>(secrets, key, { signal });
    const packed = secret?.data?.['objects.json.gz'];
    if (packed === undefined) {
      return undefined;
    }
    try {
      const objects: unknown = JSON.parse(
        gunzipSync(Buffer.from(packed, 'base64'), { maxOutputLength: mostBytes }).toString('utf8'),
      );
      return Array.isArray(objects) ? objects.filter(isFields) : undefined;
    } catch (error) {
      throw new OperationError(`read the objects in Secret ${key.namespace}/${key.name}: it is damaged`, {
        ...{ code: 'OBJECT_INVALID', retry: 'never', cause: error },
      });
    }
  }

  async open(request: GroundRequest, signal: AbortSignal): Promise<string> {
    const { namespace, app } = request;
    const key = { namespace: '', name: namespace };
    const home = await this.#client.get<NamespaceObject>(
      namespaces,
      { namespace: '', name: app.namespace },
      { signal },
    );
    await this.#create(namespaces, namespaceOf(request, home.metadata.labels ?? {}), signal);
    const found = await this.#client.get<NamespaceObject>(namespaces, key, { signal });
    const ground = readGround(found);
    if (ground?.app.namespace !== app.namespace || ground.app.name !== app.name) {
      throw new OperationError(`make Namespace ${namespace}: one of that name is there and is not of this drill`, {
        ...{ code: 'UPDATE_CONFLICT', retry: 'never' },
      });
    }
    if (found.metadata.deletionTimestamp !== undefined) {
      throw new OperationError(`make Namespace ${namespace}: somebody deleted it`, {
        ...{ code: 'UPDATE_CONFLICT', retry: 'never' },
      });
    }
    for (const type of [resourceQuotas, limitRanges]) {
      const { items } = await this.#client.list<AnyObject>(type, { namespace: app.namespace, signal });
      for (const { metadata, spec } of items) {
        const labels = { [drillLabel]: namespace };
        await this.#create<AnyObject>(type, { metadata: { namespace, name: metadata.name, labels }, spec }, signal);
      }
    }
    return ground.uid;
  }

  async lend(ground: Ground, volume: KeptVolume, signal: AbortSignal): Promise<void> {
    await lendSnapshot(this.#client, ground, volume, signal);
  }

  async put(object: Fields, signal: AbortSignal): Promise<void> {
    const { type, namespace } = placeOf(object);
    const { metadata: given, ...rest } = object;
    const metadata = { ...(isFields(given) ? given : {}), namespace, name: textAt(object, 'metadata.name', '') };
    await this.#create(type, { ...rest, metadata }, signal);
  }

  async look(object: Fields, signal: AbortSignal): Promise<Fields | undefined> {
    const { type, namespace } = placeOf(object);
    const key = { namespace, name: textAt(object, 'metadata.name', '') };
    const found = await this.#client.find<KubeObject>(type, key, { signal });
    return found && { ...found };
  }

  async remove(name: string, signal: AbortSignal): Promise<boolean> {
    const found = await this.#client.find<NamespaceObject>(namespaces, { namespace: '', name }, { signal });
    const ground = found && readGround(found);
    if (found && !ground) {
      throw new OperationError(`delete Namespace ${name}: it is not of a drill`, {
        code: 'UPDATE_CONFLICT',
        retry: 'never',
      });
    }
    if (ground) {
      await this.#freeVolumes(name, found.metadata.creationTimestamp ?? '', signal);
    }
    await removeLent(this.#client, name, signal);
    if (ground && found?.metadata.deletionTimestamp === undefined) {
      await this.#delete(namespaces, { namespace: '', name }, ground.uid, signal);
    }
    return found === undefined;
  }

  async list(signal: AbortSignal): Promise<readonly Ground[]> {
    const { items } = await this.#client.list<NamespaceObject>(namespaces, { labelSelector: drillLabel, signal });
    return items.flatMap((item) => readGround(item) ?? []);
  }

  /**
   * Volumes of a class with Retain would be left behind for ever; they are copies, and go with their claims. One that is older than the
   * namespace was not made for it: Kubernetes bound what lay there, and it stays.
   *
   * @param since as the API writes times, which compare as text
   */
  async #freeVolumes(namespace: string, since: string, signal: AbortSignal): Promise<void> {
    const { items } = await this.#client.list<ClaimObject>(claims, { namespace, signal });
    for (const { metadata, spec } of items) {
      const key = { namespace: '', name: spec.volumeName ?? '' };
      const volume = key.name === '' ? undefined : await this.#client.find<VolumeObject>(volumes, key, { signal });
      const { claimRef, persistentVolumeReclaimPolicy } = volume?.spec ?? {};
      const isNew = (volume?.metadata.creationTimestamp ?? '') >= since;
      const isOwn = isNew && claimRef?.namespace === namespace && claimRef.uid === metadata.uid;
      if (isOwn && persistentVolumeReclaimPolicy !== 'Delete') {
        const body = { spec: { persistentVolumeReclaimPolicy: 'Delete' } };
        await this.#client.patch(volumes, key, { kind: 'merge', body }, { fieldManager, signal });
      }
    }
  }

  async #create<T extends KubeObject>(type: ResourceType, object: NewObject<T>, signal: AbortSignal): Promise<void> {
    try {
      await this.#client.create<T>(type, object, { fieldManager, signal });
    } catch (error) {
      if (!isOperationError(error, 'API_CONFLICT')) {
        throw error;
      }
    }
  }

  async #delete(type: ResourceType, ...[key, uid, signal]: readonly [ObjectKey, string, AbortSignal]): Promise<void> {
    try {
      await this.#client.delete(type, key, { uid, signal });
    } catch (error) {
      if (!isOperationError(error, 'API_NOT_FOUND')) {
        throw error;
      }
    }
  }
}

/** What is made lies in the namespace of a drill, and is of a kind that a drill makes: the last guard before the API server. */
function placeOf(object: Fields): { readonly type: ResourceType; readonly namespace: string } {
  const type = makeableType(object['kind']);
  const namespace = textAt(object, 'metadata.namespace', '');
  invariant(type !== undefined, `a drill makes no ${textAt(object, 'kind', 'object without a kind')}`);
  invariant(namespace.startsWith('headgate-drill-'), `a drill makes nothing in namespace ${namespace}`);
  return { type, namespace };
}
