/** Fulfils the engine's ObjectAccess: objects of any kind, by server-side apply. */
import { isOperationError } from '../../core/errors.ts';
import { type Fields, textAt } from '../../core/health/objects/fields.ts';
import type { Scope } from '../../core/manifest/desired-set.ts';
import type {
  ApplyOptions,
  ClusterObjects,
  DeletionResult,
  KindName,
  ObjectAccess,
  ObjectAddress,
} from '../../engine/ports/cluster-objects.ts';
import type { KubeClient } from '../../kube/client.ts';
import { type Clock, sleep } from '../../kube/clock.ts';
import type { Discovery } from '../../kube/discovery.ts';
import type { KubeObject, ObjectKey, ResourceType } from '../../kube/objects.ts';
import { fieldManager } from './kinds.ts';

export interface ClusterObjectsOptions {
  readonly client: KubeClient;
  /** Made of the same client. */
  readonly discovery: Discovery;
  readonly clock: Clock;
}

/** How long a new definition may take until its kind is served. */
const longestServingMs = 15_000;
const firstLookMs = 50;
const longestLookMs = 500;

export function createObjectAccess(options: ClusterObjectsOptions): ObjectAccess {
  return {
    actingAs: (account) => {
      const client =
        account === undefined
          ? options.client
          : options.client.actAs(`system:serviceaccount:${account.namespace}:${account.name}`);
      return new KubeClusterObjects({ ...options, client });
    },
  };
}

class KubeClusterObjects implements ClusterObjects {
  readonly #client: KubeClient;
  readonly #discovery: Discovery;
  readonly #clock: Clock;

  constructor({ client, discovery, clock }: ClusterObjectsOptions) {
    this.#client = client;
    this.#discovery = discovery;
    this.#clock = clock;
  }

  async scopesOf(kinds: readonly KindName[], signal: AbortSignal) {
    const scopes = new Map<string, Scope>();
    for (const { apiVersion, kind } of kinds) {
      const key = `${apiVersion} ${kind}`;
      if (!scopes.has(key)) {
        const type = await this.#discovery.findResourceType(apiVersion, kind, signal);
        scopes.set(key, type === undefined ? 'Unknown' : type.namespaced ? 'Namespaced' : 'Cluster');
      }
    }
    return (apiVersion: string, kind: string): Scope => scopes.get(`${apiVersion} ${kind}`) ?? 'Unknown';
  }

  async awaitKinds(kinds: readonly KindName[], signal: AbortSignal): Promise<void> {
    const startedAtMs = this.#clock.monotonicMs();
    let waitMs = firstLookMs;
    while (!(await this.#areServed(kinds, signal)) && this.#clock.monotonicMs() - startedAtMs < longestServingMs) {
      signal.throwIfAborted();
      await sleep(this.#clock, waitMs, signal);
      waitMs = Math.min(waitMs * 2, longestLookMs);
    }
    this.#discovery.expire();
  }

  async apply(object: ObjectAddress & { readonly object: Fields }, options: ApplyOptions, signal: AbortSignal) {
    const type = await this.#typeOf(object, signal);
    const { object: live, created } = await this.#client.apply<KubeObject>(type, keyFor(type, object), object.object, {
      fieldManager,
      fieldValidation: 'Strict',
      force: options.force,
      ...(options.dryRun === undefined ? {} : { dryRun: options.dryRun }),
      signal,
    });
    return { live: { ...live }, created };
  }

  async read(address: ObjectAddress, signal: AbortSignal): Promise<Fields | undefined> {
    const type = await this.#typeOf(address, signal);
    const live = await this.#client.find<KubeObject>(type, keyFor(type, address), { signal });
    return live && { ...live };
  }

  async writeManagers(
    address: ObjectAddress,
    live: Fields,
    managers: readonly unknown[],
    signal: AbortSignal,
  ): Promise<void> {
    const type = await this.#typeOf(address, signal);
    const body = [
      { op: 'test', path: '/metadata/resourceVersion', value: textAt(live, 'metadata.resourceVersion', '') },
      { op: 'replace', path: '/metadata/managedFields', value: managers },
    ];
    await this.#client.patch(type, keyFor(type, address), { kind: 'json', body }, { fieldManager, signal });
  }

  async delete(address: ObjectAddress, uid: string, signal: AbortSignal): Promise<DeletionResult> {
    const type = await this.#discovery.findResourceType(address.apiVersion, address.kind, signal);
    if (type === undefined) {
      // Its definition is gone, and it with it.
      return 'Gone';
    }
    const key = keyFor(type, address);
    try {
      await this.#client.delete(type, key, { uid, propagation: 'Background', signal });
    } catch (error) {
      if (isOperationError(error, 'API_NOT_FOUND')) {
        return 'Gone';
      }
      if (isOperationError(error, 'API_CONFLICT') && error.context['reason'] === 'Conflict') {
        return 'Replaced';
      }
      throw error;
    }
    return 'Deleted';
  }

  async #areServed(kinds: readonly KindName[], signal: AbortSignal): Promise<boolean> {
    for (const apiVersion of new Set(kinds.map((one) => one.apiVersion))) {
      const served = await this.#kindsServedIn(apiVersion, signal);
      if (kinds.some((one) => one.apiVersion === apiVersion && !served.has(one.kind))) {
        return false;
      }
    }
    return true;
  }

  async #kindsServedIn(apiVersion: string, signal: AbortSignal): Promise<ReadonlySet<string>> {
    try {
      const path = `/apis/${apiVersion}`;
      const answer = (await this.#client.request({ what: `discover ${path}`, method: 'GET', path, signal })) as {
        readonly resources?: readonly { readonly kind?: string }[];
      };
      return new Set((answer.resources ?? []).map(({ kind }) => kind ?? ''));
    } catch (error) {
      if (isOperationError(error, 'API_NOT_FOUND')) {
        return new Set();
      }
      throw error;
    }
  }

  #typeOf({ apiVersion, kind }: KindName, signal: AbortSignal): Promise<ResourceType> {
    return this.#discovery.resourceType(apiVersion, kind, signal);
  }
}

function keyFor(type: ResourceType, { namespace, name }: ObjectAddress): ObjectKey {
  return { namespace: type.namespaced ? namespace : '', name };
}
