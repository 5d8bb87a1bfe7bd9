/**
 * Values that are expensive to get and that many ask for at once: one load for all who wait, and the value is kept until
 * it expires. Errors reach all who waited and are not kept.
 */
export interface SharedLoads<T> {
  /** Answers the kept value, joins a load under way, or starts one. An abort of `signal` ends the waiting, not the load of the others. */
  get(key: string, load: () => Promise<Loaded<T>>, signal: AbortSignal): Promise<T>;
  forget(key: string): void;
  /** Of all keys that begin so; loads under way go on for those who wait, and are shared with nobody after. */
  forgetAll(prefix: string): void;
}

export interface Loaded<T> {
  readonly value: T;
  /** Milliseconds since the epoch. */
  readonly expiresAtMs: number;
}

interface Entry<T> {
  readonly loading: Promise<Loaded<T>>;
  /** Undefined while loading. */
  expiresAtMs: number | undefined;
}

/** @param options.maxEntries when more are kept, the oldest are dropped, also when still loading: they are then not shared */
export function createSharedLoads<T>(options: {
  readonly nowMs: () => number;
  readonly maxEntries: number;
}): SharedLoads<T> {
  const entries = new Map<string, Entry<T>>();

  const start = (key: string, load: () => Promise<Loaded<T>>): Entry<T> => {
    const entry: Entry<T> = { loading: load(), expiresAtMs: undefined };
    entries.delete(key);
    entries.set(key, entry);
    entry.loading.then(
      ({ expiresAtMs }) => {
        entry.expiresAtMs = expiresAtMs;
      },
      () => {
        if (entries.get(key) === entry) {
          entries.delete(key);
        }
      },
    );
    dropOldest(entries, options.maxEntries, options.nowMs());
    return entry;
  };

  return {
    async get(key, load, signal) {
      signal.throwIfAborted();
      const known = entries.get(key);
      const isUsable = known !== undefined && (known.expiresAtMs ?? Number.POSITIVE_INFINITY) > options.nowMs();
      const { value } = await orAborted((isUsable ? known : start(key, load)).loading, signal);
      return value;
    },
    forget(key) {
      entries.delete(key);
    },
    forgetAll(prefix) {
      for (const key of entries.keys()) {
        if (key.startsWith(prefix)) {
          entries.delete(key);
        }
      }
    },
  };
}

/** From the oldest on, which is enough where all live equally long: what has expired, and what is too much. */
function dropOldest<T>(entries: Map<string, Entry<T>>, maxEntries: number, nowMs: number): void {
  for (const [key, { expiresAtMs }] of entries) {
    const hasExpired = expiresAtMs !== undefined && expiresAtMs <= nowMs;
    if (!hasExpired && entries.size <= maxEntries) {
      return;
    }
    entries.delete(key);
  }
}

function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
