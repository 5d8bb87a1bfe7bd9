/** Fulfils the engine's WatchedObjects: one watch for each kind and namespace that an inventory names. */

import type { TimeLimit } from '../../core/cel/time-limit.ts';
import type { OperationError } from '../../core/errors.ts';
import { assessObject } from '../../core/health/objects/assess-object.ts';
import { fieldAt } from '../../core/health/objects/fields.ts';
import { checkFor, type HealthCheck, textOf } from '../../core/health/objects/health-checks.ts';
import { current, type ObjectHealth } from '../../core/health/objects/object-health.ts';
import { identityKey } from '../../core/manifest/manifest-object.ts';
import { metadataHash } from '../../core/manifest/metadata-hash.ts';
import type { ObjectAddress } from '../../engine/ports/cluster-objects.ts';
import type { SeenObject, WatchedObjects } from '../../engine/ports/watched-objects.ts';
import type { KubeClient } from '../../kube/client.ts';
import { type Clock, sleep } from '../../kube/clock.ts';
import type { Discovery } from '../../kube/discovery.ts';
import { type Informer, startInformer } from '../../kube/informer.ts';
import { type KubeObject, keyOf } from '../../kube/objects.ts';
import { PacedWakes } from './paced-wakes.ts';

export interface ObjectWatcherOptions {
  readonly client: KubeClient;
  readonly discovery: Discovery;
  readonly clock: Clock;
  /** Something of the App's objects changed. @param app `namespace/name` */
  readonly onChange: (app: string) => void;
  readonly onError: (error: OperationError) => void;
  /** For the checks that Apps bring along. */
  readonly limit: TimeLimit;
  readonly signal: AbortSignal;
}

/** What one App has watched. */
interface Wish {
  readonly objects: readonly ObjectAddress[];
  readonly checks: readonly HealthCheck[];
  /** Equal exactly for checks that say the same. */
  readonly checksText: string;
}

const noWish: Wish = { objects: [], checks: [], checksText: '' };

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

/**
 * Objects in a page of the first look. The kinds of an App are listed at once: with pages of 500 the answers to it, as text and as objects, were
 * the most memory that an App of 2,000 objects took (bench/apply.ts).
 */
const pageSize = 100;

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
  /** Apps that apply an object, by its key; the last to have claimed it is its owner. More than one is a mistake of somebody's. */
  readonly #claimants = new Map<string, readonly string[]>();
  readonly #wishes = new Map<string, Wish>();
  readonly #wakes: PacedWakes;

  constructor(options: ObjectWatcherOptions) {
    this.#options = options;
    this.#wakes = new PacedWakes(options.onChange, options.signal);
  }

  claim(app: { readonly namespace: string; readonly name: string }, objects: readonly ObjectAddress[]): void {
    const name = keyOf({ metadata: app });
    const known = this.#wishes.get(name) ?? noWish;
    this.#wish(name, { ...known, objects: [...known.objects, ...objects] });
  }

  async watch(
    app: { readonly namespace: string; readonly name: string },
    objects: readonly ObjectAddress[],
    signal: AbortSignal,
    newChecks?: readonly HealthCheck[],
  ): Promise<void> {
    const name = keyOf({ metadata: app });
    const known = this.#wishes.get(name);
    const checks = newChecks ?? known?.checks ?? [];
    const wish = { objects, checks, checksText: checks.map(textOf).join(' ') };
    if (
      known === undefined ? objects.length === 0 : known.objects === objects && known.checksText === wish.checksText
    ) {
      return;
    }
    this.#wish(name, wish);
    const needed = new Map(objects.map((object) => [scopeOf(object, wish), object]));
    for (const [key, scope] of this.#scopes) {
      if (!needed.has(key)) {
        this.#release(key, scope, name);
      }
    }
    for (const [key, object] of needed) {
      const scope = this.#scopes.get(key) ?? (await this.#start(key, { object, checks }, signal));
      scope?.apps.add(name);
    }
    await this.#untilSeen([...needed.keys()], signal);
  }

  unwatch(app: { readonly namespace: string; readonly name: string }): void {
    const name = keyOf({ metadata: app });
    this.#wish(name, noWish);
    this.#wishes.delete(name);
    for (const [key, scope] of this.#scopes) {
      this.#release(key, scope, name);
    }
  }

  ownerOf(object: ObjectAddress): string | undefined {
    return this.#claimants.get(identityKey(object))?.at(-1);
  }

  find(object: ObjectAddress): SeenObject | 'Absent' | 'Unseen' {
    const owner = this.ownerOf(object);
    const wish = (owner === undefined ? undefined : this.#wishes.get(owner)) ?? noWish;
    const scope = this.#scopes.get(scopeOf(object, wish));
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

  #wish(app: string, wish: Wish): void {
    const claimed = new Set(wish.objects.map(identityKey));
    for (const key of (this.#wishes.get(app)?.objects ?? []).map(identityKey)) {
      if (!claimed.has(key)) {
        this.#setClaimants(key, this.#othersOf(key, app));
      }
    }
    for (const key of claimed) {
      // One that has it already keeps its place: putting right what it applied makes it no newcomer.
      if (this.#claimants.get(key)?.includes(app) !== true) {
        this.#setClaimants(key, [...this.#othersOf(key, app), app]);
      }
    }
    this.#wishes.set(app, wish);
  }

  #othersOf(key: string, app: string): readonly string[] {
    return (this.#claimants.get(key) ?? []).filter((claimant) => claimant !== app);
  }

  #setClaimants(key: string, claimants: readonly string[]): void {
    if (claimants.length === 0) {
      this.#claimants.delete(key);
    } else {
      this.#claimants.set(key, claimants);
    }
  }

  #release(key: string, scope: Scope, app: string): void {
    scope.apps.delete(app);
    if (scope.apps.size === 0) {
      scope.stop.abort();
      this.#scopes.delete(key);
    }
  }

  async #start(
    key: string,
    { object, checks }: { readonly object: ObjectAddress; readonly checks: readonly HealthCheck[] },
    signal: AbortSignal,
  ): Promise<Scope | undefined> {
    const { client, discovery, onError, limit } = this.#options;
    const type = await discovery.findResourceType(object.apiVersion, object.kind, signal);
    const other = this.#scopes.get(key);
    if (type === undefined || other !== undefined) {
      return other;
    }
    const stop = new AbortController();
    const check = checkFor({ checks }, object);
    const isPlain = plainKinds.has(object.kind) && check === undefined;
    const assess: Assess = (live) =>
      assessObject(live, { now: new Date(), waitForJobs: true, ...(check && { checks: { checks: [check], limit } }) });
    const informer = startInformer<Held>({
      client,
      type,
      ...(object.namespace === '' ? {} : { namespace: object.namespace }),
      metadataOnly: isPlain,
      pageSize,
      transform: (live) => hold(live, isPlain ? assessPlain : assess),
      onChange: ({ metadata }) => {
        const { group, kind } = type;
        const key = identityKey({ group, kind, namespace: metadata.namespace ?? '', name: metadata.name });
        for (const app of this.#claimants.get(key) ?? []) {
          this.#wakes.wake(app, this.#wishes.get(app)?.objects.length ?? 0);
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

type Assess = (live: Readonly<Record<string, unknown>>) => ObjectHealth;

const nothingToWaitFor = current('there is nothing to wait for in this kind');

/** By its metadata, which is all that is watched of it. */
const assessPlain: Assess = (live) =>
  fieldAt(live, 'metadata.deletionTimestamp') === undefined
    ? nothingToWaitFor
    : assessObject(live, { now: new Date() });

function hold(live: KubeObject, assess: Assess): Held {
  const { name, namespace, uid = '', resourceVersion = '', generation = 0 } = live.metadata;
  const health = assess({ ...live });
  return {
    apiVersion: live.apiVersion,
    kind: live.kind,
    metadata: { name, ...(namespace === undefined ? {} : { namespace }), uid, resourceVersion },
    seen: { uid, resourceVersion, generation, metadataHash: metadataHash(live), health },
  };
}

/** Apps with another check for a kind have a watch of their own, so that what is held is the answer to their check. */
function scopeOf(object: ObjectAddress, wish: Pick<Wish, 'checks'>): string {
  const { apiVersion, kind, namespace } = object;
  const check = checkFor(wish, object);
  return `${apiVersion} ${kind} ${namespace}${check === undefined ? '' : ` ${textOf(check)}`}`;
}
