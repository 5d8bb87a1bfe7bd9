/**
 * Answers that many ask for: each is asked once at a time, kept for whoever can do with one of its age, and whoever comes while a source is
 * ill gets its last error instead of asking again.
 */
import { isOperationError, type OperationError } from '../../core/errors.ts';

export interface KeptAnswers<T> {
  /**
   * @param wish.maxAgeMs an answer of this age is good enough
   * @throws the error of the source: of now, or of a moment ago
   */
  ask(key: string, wish: Wish<T>, signal: AbortSignal): Promise<Dated<T>>;
  /** Of all keys that begin so; requests under way go on for those who wait, and are shared with nobody after. */
  forget(prefix: string): void;
  readonly entries: IterableIterator<readonly [string, AnswerView]>;
}

export interface Wish<T> {
  readonly maxAgeMs: number;
  readonly load: () => Promise<T>;
}

export interface Dated<T> {
  readonly value: T;
  /** When it was asked for: it may miss what came later. Milliseconds since the epoch. */
  readonly askedAtMs: number;
}

export interface AnswerView {
  readonly askedAtMs: number | undefined;
  readonly error: OperationError | undefined;
}

interface Entry<T> {
  answer: Dated<T> | undefined;
  loading: Promise<Dated<T>> | undefined;
  failure: { readonly error: OperationError; readonly untilMs: number } | undefined;
  failures: number;
}

export interface KeptAnswersOptions<T> {
  readonly nowMs: () => number;
  /** The one that was asked for longest ago is dropped first. */
  readonly maxEntries: number;
  /** Told when an answer differs from the one before. */
  readonly onNews: (key: string) => void;
  readonly isSame: (left: T, right: T) => boolean;
}

const firstPatienceMs = 4_000;
const longestPatienceMs = 300_000;

export function createKeptAnswers<T>(options: KeptAnswersOptions<T>): KeptAnswers<T> {
  const { nowMs, maxEntries, isSame, onNews } = options;
  const entries = new Map<string, Entry<T>>();

  const settle = (key: string, entry: Entry<T>, dated: Dated<T>) => {
    const before = entry.answer;
    Object.assign(entry, { answer: dated, loading: undefined, failure: undefined, failures: 0 });
    if (before !== undefined && entries.get(key) === entry && !isSame(before.value, dated.value)) {
      onNews(key);
    }
  };
  const fail = (entry: Entry<T>, error: unknown, maxAgeMs: number) => {
    entry.loading = undefined;
    // What has a time of its own is answered by the gate, which knows better.
    if (isOperationError(error) && error.retry === 'backoff') {
      const patienceMs = Math.min(firstPatienceMs * 2 ** Math.min(entry.failures, 20), longestPatienceMs, maxAgeMs);
      entry.failure = { error, untilMs: nowMs() + patienceMs };
      entry.failures += 1;
    }
  };
  const start = (key: string, entry: Entry<T>, { load, maxAgeMs }: Wish<T>): Promise<Dated<T>> => {
    const askedAtMs = nowMs();
    const loading = load().then((value) => ({ value, askedAtMs }));
    entry.loading = loading;
    loading.then(
      (dated) => settle(key, entry, dated),
      (error: unknown) => fail(entry, error, maxAgeMs),
    );
    return loading;
  };

  return {
    async ask(key, wish, signal) {
      signal.throwIfAborted();
      const entry = openEntry(entries, key, maxEntries);
      if (entry.loading === undefined) {
        if (entry.answer !== undefined && entry.answer.askedAtMs + wish.maxAgeMs > nowMs()) {
          return entry.answer;
        }
        if (entry.failure !== undefined && entry.failure.untilMs > nowMs()) {
          throw entry.failure.error;
        }
      }
      return await orAborted(entry.loading ?? start(key, entry, wish), signal);
    },
    forget(prefix) {
      for (const key of entries.keys()) {
        if (key.startsWith(prefix)) {
          entries.delete(key);
        }
      }
    },
    get entries() {
      return entriesOf(entries);
    },
  };
}

/** The entry of the key, which is now the last to be dropped. */
function openEntry<T>(entries: Map<string, Entry<T>>, key: string, maxEntries: number): Entry<T> {
  const entry = entries.get(key) ?? { answer: undefined, loading: undefined, failure: undefined, failures: 0 };
  entries.delete(key);
  entries.set(key, entry);
  const [oldest] = entries.keys();
  if (entries.size > maxEntries && oldest !== undefined) {
    entries.delete(oldest);
  }
  return entry;
}

function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

function* entriesOf<T>(entries: ReadonlyMap<string, Entry<T>>): IterableIterator<readonly [string, AnswerView]> {
  for (const [key, { answer, failure }] of entries) {
    yield [key, { askedAtMs: answer?.askedAtMs, error: failure?.error }];
  }
}
