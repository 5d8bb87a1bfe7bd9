/**
 * Keeps a local copy of a set of objects in step with the API server: list, then watch, for as long as the signal lasts.
 *
 * It heals itself from everything: a watch that ends or breaks goes on from the last version seen; a version that the
 * server has forgotten (410), or that it refuses again and again, leads to a new list, from which deletions that
 * nobody watched are computed; failures back off. `health()` tells how long ago the server was last heard.
 */
import { isOperationError, OperationError } from '../core/errors.ts';
import type { KubeClient } from './client.ts';
import { backoffMs, type Clock, type Random, sleep, systemClock } from './clock.ts';
import { type KubeObject, keyOf, type ResourceType } from './objects.ts';
import type { Page } from './pages.ts';
import { type Indexer, type ReadonlyStore, Store } from './store.ts';
import type { WatchEvent } from './watch.ts';

export type ChangeKind = 'added' | 'modified' | 'deleted';

export interface InformerOptions<T extends KubeObject> {
  readonly client: KubeClient;
  readonly type: ResourceType;
  /** All namespaces when left out. */
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly metadataOnly?: boolean;
  /** What is kept of each object; after managedFields were dropped. Must keep name, namespace, uid and resourceVersion. */
  readonly transform?: (object: T) => T;
  readonly indexers?: Readonly<Record<string, Indexer<T>>>;
  /**
   * Called after the store has changed, in the order of changes. Must only note what is to be done (enqueue a key): the
   * watch waits for it. What it throws goes to onError and stops nothing.
   */
  readonly onChange?: (object: T, previous: T | undefined, kind: ChangeKind) => void;
  /** Told of each failure, also of those that heal. Without it, an exception of onChange ends the process as uncaught. */
  readonly onError?: (error: OperationError) => void;
  readonly signal: AbortSignal;
  readonly pageSize?: number;
  /** See WatchOptions. */
  readonly silenceMs?: number;
  readonly watchTimeoutSeconds?: number;
  readonly clock?: Clock;
  readonly random?: Random;
}

export interface InformerHealth {
  /** Since the server last sent a page, an event or a bookmark. */
  readonly silentForMs: number;
  /** Whole lists read, the first one included. */
  readonly lists: number;
  /** Watches begun. */
  readonly watches: number;
  /** Lists and watches that failed. */
  readonly failures: number;
}

export interface Informer<T> {
  readonly store: ReadonlyStore<T>;
  /** Resolves when the first list is in the store. Rejects with the signal's reason when it is stopped before. */
  readonly synced: Promise<void>;
  readonly isSynced: boolean;
  /** Resolves after the signal was aborted and the last callback returned. */
  readonly stopped: Promise<void>;
  health(): InformerHealth;
}

const backoff = { baseMs: 500, maxMs: 30_000 };
/** A watch that ends sooner than this without a word was not worth its connection: back off. */
const shortestWatchMs = 1_000;
/** After this many fruitless watches in a row the version itself is suspect, e.g. when etcd was restored from a backup. */
const maxFruitlessWatches = 5;

export function startInformer<T extends KubeObject>(options: InformerOptions<T>): Informer<T> {
  return new ListWatch(options);
}

class ListWatch<T extends KubeObject> implements Informer<T> {
  readonly store: Store<T>;
  readonly synced: Promise<void>;
  readonly stopped: Promise<void>;
  isSynced = false;
  readonly #options: InformerOptions<T>;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #markSynced: () => void;
  #resourceVersion: string | undefined;
  #failuresInARow = 0;
  #heardAtMs: number;
  readonly #counts = { lists: 0, watches: 0, failures: 0 };

  constructor(options: InformerOptions<T>) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? Math.random;
    this.#heardAtMs = this.#clock.monotonicMs();
    this.store = new Store(options.indexers);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#markSynced = () => {
      this.isSynced = true;
      resolve();
    };
    this.synced = promise;
    this.stopped = this.#run().then(() => reject(options.signal.reason));
    // Whoever never waits for the first list must not be punished for stopping before it.
    promise.catch(() => undefined);
  }

  health(): InformerHealth {
    return { silentForMs: this.#clock.monotonicMs() - this.#heardAtMs, ...this.#counts };
  }

  async #run(): Promise<void> {
    const { signal } = this.#options;
    while (!signal.aborted) {
      try {
        if (this.#resourceVersion === undefined) {
          await this.#list();
        }
        await this.#watch();
        this.#failuresInARow = 0;
      } catch (error) {
        await this.#recover(error);
      }
    }
  }

  async #list(): Promise<void> {
    const { client, type } = this.#options;
    let seen = new Set<string>();
    let resourceVersion = '';
    for await (const page of client.listPages<T>(type, {
      ...this.#selection(),
      ...this.#pageSize(),
      dropManagedFields: true,
    })) {
      this.#heard();
      seen = page.isFirst ? new Set() : seen;
      this.#takePage(page, seen);
      resourceVersion = page.resourceVersion;
    }
    for (const key of this.store.keys()) {
      if (!seen.has(key)) {
        this.#remove(key);
      }
    }
    this.#resourceVersion = resourceVersion;
    this.#failuresInARow = 0;
    this.#counts.lists += 1;
    this.#markSynced();
  }

  #takePage(page: Page<T>, seen: Set<string>): void {
    for (const object of page.items) {
      seen.add(keyOf(object));
      this.#put(object);
    }
  }

  async #watch(): Promise<void> {
    const { client, type, silenceMs, watchTimeoutSeconds } = this.#options;
    const startedAtMs = this.#clock.monotonicMs();
    let count = 0;
    this.#counts.watches += 1;
    const events = client.watch<T>(type, {
      ...this.#selection(),
      resourceVersion: this.#resourceVersion ?? '',
      ...(silenceMs !== undefined && { silenceMs }),
      ...(watchTimeoutSeconds !== undefined && { timeoutSeconds: watchTimeoutSeconds }),
    });
    for await (const event of events) {
      count += 1;
      this.#heard();
      this.#failuresInARow = 0;
      this.#takeEvent(event);
    }
    if (count === 0 && this.#clock.monotonicMs() - startedAtMs < shortestWatchMs) {
      throw new OperationError(`watch ${type.kind}: ended at once`, { code: 'API_UNAVAILABLE', retry: 'backoff' });
    }
  }

  #takeEvent(event: WatchEvent<T>): void {
    if (event.kind === 'bookmark') {
      this.#resourceVersion = event.resourceVersion || this.#resourceVersion;
      return;
    }
    if (event.kind === 'deleted') {
      this.#remove(keyOf(event.object), event.object);
    } else {
      this.#put(event.object);
    }
    this.#resourceVersion = event.object.metadata.resourceVersion ?? this.#resourceVersion;
  }

  #put(incoming: T): void {
    const known = this.store.get(keyOf(incoming));
    if (known !== undefined && known.metadata.resourceVersion === incoming.metadata.resourceVersion) {
      return;
    }
    // Same name, other object: it was deleted and made again while nobody watched.
    if (known !== undefined && known.metadata.uid !== incoming.metadata.uid) {
      this.#remove(keyOf(incoming));
    }
    const object = this.#slim(incoming);
    const previous = this.store.set(object);
    this.#tell(object, previous, previous === undefined ? 'added' : 'modified');
  }

  #remove(key: string, last?: T): void {
    const previous = this.store.delete(key);
    if (previous !== undefined) {
      this.#tell(last === undefined ? previous : this.#slim(last), previous, 'deleted');
    }
  }

  #slim(object: T): T {
    const { managedFields: _dropped, ...metadata } = object.metadata;
    const slim = { ...object, metadata };
    return this.#options.transform === undefined ? slim : this.#options.transform(slim);
  }

  #tell(object: T, previous: T | undefined, kind: ChangeKind): void {
    const { onChange, onError, type } = this.#options;
    try {
      onChange?.(object, previous, kind);
    } catch (cause) {
      if (onError === undefined) {
        queueMicrotask(() => {
          throw cause;
        });
        return;
      }
      const context = { kind: type.kind, object: keyOf(object) };
      onError(
        new OperationError(`handle ${kind} ${type.kind} ${keyOf(object)}: handler threw`, {
          code: 'INVARIANT',
          retry: 'never',
          context,
          cause,
        }),
      );
    }
  }

  async #recover(error: unknown): Promise<void> {
    const { signal, onError, type } = this.#options;
    if (signal.aborted) {
      return;
    }
    this.#counts.failures += 1;
    this.#failuresInARow += 1;
    const isGone = isOperationError(error, 'API_GONE');
    if (isGone || this.#failuresInARow % maxFruitlessWatches === 0) {
      this.#resourceVersion = undefined;
    }
    onError?.(
      isOperationError(error)
        ? error
        : new OperationError(`watch ${type.kind}: unexpected exception`, {
            code: 'INVARIANT',
            retry: 'backoff',
            cause: error,
          }),
    );
    if (isGone && this.#failuresInARow === 1) {
      return;
    }
    const waitMs = isOperationError(error) ? (error.retryAfterMs ?? 0) : 0;
    await sleep(this.#clock, Math.max(waitMs, backoffMs(this.#failuresInARow - 1, backoff, this.#random)), signal);
  }

  #heard(): void {
    this.#heardAtMs = this.#clock.monotonicMs();
  }

  #selection() {
    const { namespace, labelSelector, fieldSelector, metadataOnly, signal } = this.#options;
    return {
      signal,
      ...(namespace !== undefined && { namespace }),
      ...(labelSelector !== undefined && { labelSelector }),
      ...(fieldSelector !== undefined && { fieldSelector }),
      ...(metadataOnly !== undefined && { metadataOnly }),
    };
  }

  #pageSize() {
    return this.#options.pageSize === undefined ? {} : { pageSize: this.#options.pageSize };
  }
}
