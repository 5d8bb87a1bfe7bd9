/** Fulfils the engine's WatchedObjects: one watch for each kind and namespace that an inventory names. */

import type { OperationError } from '../../core/errors.ts';
import { assessObject } from '../../core/health/objects/assess-object.ts';
import { current } from '../../core/health/objects/object-health.ts';
import { contentHash } from '../../core/manifest/canonical.ts';
import { identityKey } from '../../core/manifest/manifest-object.ts';
import type { ObjectAddress } from '../../engine/ports/cluster-objects.ts';
import type { SeenObject, WatchedObjects } from '../../engine/ports/watched-objects.ts';
import type { KubeClient } from '../../kube/client.ts';
import { type Clock, sleep } from '../../kube/clock.ts';
import type { Discovery } from '../../kube/discovery.ts';
import { type Informer, startInformer } from '../../kube/informer.ts';
import { type KubeObject, keyOf } from '../../kube/objects.ts';

export interface ObjectWatcherOptions {
  readonly client: KubeClient;
  readonly discovery: Discovery;
  readonly clock: Clock;
  /** Something of the App's objects changed. @param app `namespace/name` */
  readonly onChange: (app: string) => void;
  readonly onError: (error: OperationError) => void;
  readonly signal: AbortSignal;
}

/** What the store holds of an object. */
interface Held extends KubeObject {
  readonly seen: SeenObject;
}

interface Scope {
  readonly stop: AbortController;
  readonly informer: Informer<Held>;
  /** Apps that need it. */
  readonly apps: Set<string>;
}

const longestFirstLookMs = 10_000;

/** Kinds without a status that could be waited for: their metadata say enough, and their content may be large or secret. */
const plainKinds = new Set([
  'ConfigMap',
  'Secret',
  'ServiceAccount',
  'Namespace',
  'LimitRange',
  'Role',
  'RoleBinding',
  'ClusterRole',
  'ClusterRoleBinding',
  'PriorityClass',
  'StorageClass',
  'NetworkPolicy',
  'ResourceQuota',
]);

export class ObjectWatcher implements WatchedObjects {
  readonly #options: ObjectWatcherOptions;
  readonly #scopes = new Map<string, Scope>();
  /** Which App an object belongs to, by its key. */
  readonly #owners = new Map<string, string>();
  readonly #owned = new Map<string, readonly ObjectAddress[]>();

  constructor(options: ObjectWatcherOptions) {
    this.#options = options;
  }

  async watch(
    app: { readonly namespace: string; readonly name: string },
    objects: readonly ObjectAddress[],
    signal: AbortSignal,
  ): Promise<void> {
    const name = keyOf({ metadata: app });
    if (this.#owned.get(name) === objects || (objects.length === 0 && !this.#owned.has(name))) {
      return;
    }
    this.#claim(name, objects);
    const needed = new Map(objects.map((object) => [scopeOf(object), object]));
    for (const [key, scope] of this.#scopes) {
      if (!needed.has(key)) {
        this.#release(key, scope, name);
      }
    }
    for (const [key, object] of needed) {
      const scope = this.#scopes.get(key) ?? (await this.#start(key, object, signal));
      scope?.apps.add(name);
    }
    await this.#untilSeen([...needed.keys()], signal);
  }

  unwatch(app: { readonly namespace: string; readonly name: string }): void {
    const name = keyOf({ metadata: app });
    this.#claim(name, []);
    this.#owned.delete(name);
    for (const [key, scope] of this.#scopes) {
      this.#release(key, scope, name);
    }
  }

  find(object: ObjectAddress): SeenObject | 'Absent' | 'Unseen' {
    const scope = this.#scopes.get(scopeOf(object));
    const held = scope?.informer.store.get(keyOf({ metadata: object }));
    return held?.seen ?? (scope?.informer.isSynced === true ? 'Absent' : 'Unseen');
  }

  async #untilSeen(keys: readonly string[], signal: AbortSignal): Promise<void> {
    const informers = keys.flatMap((key) => this.#scopes.get(key)?.informer ?? []);
    const unseen = informers.filter((informer) => !informer.isSynced).map((informer) => informer.synced);
    if (unseen.length === 0) {
      return;
    }
    const enough = new AbortController();
    const patience = sleep(this.#options.clock, longestFirstLookMs, AbortSignal.any([signal, enough.signal]));
    await Promise.race([Promise.allSettled(unseen), patience]);
    enough.abort();
  }

  #claim(app: string, objects: readonly ObjectAddress[]): void {
    for (const object of this.#owned.get(app) ?? []) {
      this.#owners.delete(identityKey(object));
    }
    for (const object of objects) {
      this.#owners.set(identityKey(object), app);
    }
    this.#owned.set(app, objects);
  }

  #release(key: string, scope: Scope, app: string): void {
    scope.apps.delete(app);
    if (scope.apps.size === 0) {
      scope.stop.abort();
      this.#scopes.delete(key);
    }
  }

  async #start(key: string, object: ObjectAddress, signal: AbortSignal): Promise<Scope | undefined> {
    const { client, discovery, onChange, onError } = this.#options;
    const type = await discovery.findResourceType(object.apiVersion, object.kind, signal);
    const other = this.#scopes.get(key);
    if (type === undefined || other !== undefined) {
      return other;
    }
    const stop = new AbortController();
    const isPlain = plainKinds.has(object.kind);
    const informer = startInformer<Held>({
      client,
      type,
      ...(object.namespace === '' ? {} : { namespace: object.namespace }),
      metadataOnly: isPlain,
      transform: (live) => hold(live, isPlain),
      onChange: ({ metadata }) => {
        const app = this.#owners.get(
          identityKey({ group: type.group, kind: type.kind, namespace: metadata.namespace ?? '', name: metadata.name }),
        );
        if (app !== undefined) {
          onChange(app);
        }
      },
      onError,
      signal: AbortSignal.any([stop.signal, this.#options.signal]),
    });
    const scope = { stop, informer, apps: new Set<string>() };
    this.#scopes.set(key, scope);
    return scope;
  }
}

function hold(live: KubeObject, isPlain: boolean): Held {
  const { name, namespace, uid = '', resourceVersion = '', generation = 0, labels, annotations } = live.metadata;
  const deleting = live.metadata.deletionTimestamp !== undefined;
  const health =
    isPlain && !deleting
      ? current('there is nothing to wait for in this kind')
      : assessObject({ ...live }, { now: new Date(), waitForJobs: true });
  return {
    apiVersion: live.apiVersion,
    kind: live.kind,
    metadata: { name, ...(namespace === undefined ? {} : { namespace }), uid, resourceVersion },
    seen: { uid, resourceVersion, generation, metadataHash: contentHash({ labels, annotations }), health },
  };
}

function scopeOf({ apiVersion, kind, namespace }: ObjectAddress): string {
  return `${apiVersion} ${kind} ${namespace}`;
}
