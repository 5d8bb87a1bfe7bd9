/** Watches of kinds that Apps and open Updates name: one for each kind and namespace, for as long as somebody names it. */
import type { OperationError } from '../../core/errors.ts';
import type { ObjectReference, ObjectWatcher } from '../../engine/ports/live-objects.ts';
import type { KubeClient } from '../../kube/client.ts';
import { type Informer, startInformer } from '../../kube/informer.ts';
import { type KubeObject, keyOf, type ResourceType } from '../../kube/objects.ts';
import { untilAborted } from './until-aborted.ts';

export interface ObjectWatchesOptions {
  readonly client: KubeClient;
  readonly onChange: (watcher: ObjectWatcher) => void;
  readonly onError: (error: OperationError) => void;
  readonly signal: AbortSignal;
}

export interface TypedReference {
  readonly reference: ObjectReference;
  readonly type: ResourceType;
}

interface Watch {
  readonly informer: Informer<KubeObject>;
  readonly abort: AbortController;
  /** The first list is there; rejects with the first failure before, which ends the watch. */
  readonly ready: Promise<void>;
  /** Watchers and the objects that each of them named, by its text. */
  readonly watchers: Map<string, { readonly watcher: ObjectWatcher; readonly keys: ReadonlySet<string> }>;
}

export class ObjectWatches {
  readonly #options: ObjectWatchesOptions;
  readonly #watches = new Map<string, Watch>();

  constructor(options: ObjectWatchesOptions) {
    this.#options = options;
  }

  /** Watches exactly these for the watcher, and answers them as they are, in their order. */
  async follow(
    watcher: ObjectWatcher,
    wanted: readonly TypedReference[],
    signal: AbortSignal,
  ): Promise<readonly (KubeObject | undefined)[]> {
    const groups = Map.groupBy(wanted, ({ type, reference }) => scopeOf(type, reference));
    for (const [scope, members] of groups) {
      const [first] = members;
      const watch = this.#watches.get(scope) ?? (first && this.#start(scope, first));
      const keys = new Set(members.map(({ reference }) => keyOf({ metadata: reference })));
      watch?.watchers.set(textOf(watcher), { watcher, keys });
    }
    this.#dropOthers(watcher, new Set(groups.keys()));
    await Promise.all([...groups.keys()].map((scope) => untilAborted(this.#watches.get(scope)?.ready, signal)));
    return wanted.map(({ type, reference }) => {
      const watch = this.#watches.get(scopeOf(type, reference));
      return watch?.informer.store.get(keyOf({ metadata: reference }));
    });
  }

  drop(watcher: ObjectWatcher): void {
    this.#dropOthers(watcher, new Set());
  }

  #dropOthers(watcher: ObjectWatcher, kept: ReadonlySet<string>): void {
    for (const [scope, watch] of this.#watches) {
      if (!kept.has(scope) && watch.watchers.delete(textOf(watcher)) && watch.watchers.size === 0) {
        this.#end(scope, watch);
      }
    }
  }

  #start(scope: string, { type, reference }: TypedReference): Watch {
    const { client, onError, signal } = this.#options;
    const abort = new AbortController();
    const { promise: failure, reject } = Promise.withResolvers<never>();
    const watchers: Watch['watchers'] = new Map();
    let isReady = false;
    const informer = startInformer<KubeObject>({
      client: clientOf(client, reference),
      type,
      namespace: reference.namespace,
      onChange: (object) => this.#wake(watchers, keyOf(object)),
      onError: (error) => {
        onError(error);
        if (!isReady) {
          reject(error);
        }
      },
      signal: AbortSignal.any([abort.signal, signal]),
    });
    const ready = Promise.race([informer.synced, failure]).then(() => {
      isReady = true;
    });
    const watch: Watch = { informer, abort, ready, watchers };
    // Who waits for it is told; the next one tries anew.
    ready.catch(() => this.#end(scope, watch));
    this.#watches.set(scope, watch);
    return watch;
  }

  #wake(watchers: Watch['watchers'], key: string): void {
    for (const { watcher, keys } of watchers.values()) {
      if (keys.has(key)) {
        this.#options.onChange(watcher);
      }
    }
  }

  #end(scope: string, watch: Watch): void {
    if (this.#watches.get(scope) === watch) {
      this.#watches.delete(scope);
    }
    watch.abort.abort();
  }
}

/** An App that names a ServiceAccount can never do more than it may. */
export function clientOf(client: KubeClient, { namespace, serviceAccount }: ObjectReference): KubeClient {
  return serviceAccount === undefined ? client : client.actAs(`system:serviceaccount:${namespace}:${serviceAccount}`);
}

function scopeOf({ group, version, plural }: ResourceType, { namespace, serviceAccount }: ObjectReference): string {
  return JSON.stringify([group, version, plural, namespace, serviceAccount]);
}

function textOf({ of, key }: ObjectWatcher): string {
  return `${of} ${key}`;
}
