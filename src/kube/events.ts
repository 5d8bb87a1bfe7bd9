/**
 * Events (events.k8s.io/v1) about objects, for people who look at them with kubectl.
 *
 * Recording costs the caller nothing and never throws: writing happens behind it, one at a time. What repeats becomes a
 * series with a count instead of new objects; who speaks too much about one object is cut off, as in client-go.
 */
import { isOperationError } from '../core/errors.ts';
import type { KubeClient } from './client.ts';
import { type Clock, microTime, type Random, systemClock } from './clock.ts';
import { type EventInput, eventName, eventObject, type Series, seriesKey } from './event-series.ts';
import { type KubeObject, keyOf } from './objects.ts';
import { events } from './resource-types.ts';

export interface EventRecorder {
  record(event: EventInput): void;
  /** Writes what waits, repeats included. Resolves when all is written or given up; at most `timeoutMs`, default 5 s. */
  flush(timeoutMs?: number): Promise<void>;
  stats(): EventStats;
}

export interface EventStats {
  readonly written: number;
  /** Not written: too many about one object, too many in all, or the server refused. */
  readonly dropped: number;
  readonly waiting: number;
}

export interface EventRecorderOptions {
  readonly client: KubeClient;
  /** Who reports, e.g. `example.dev/controller`. */
  readonly controller: string;
  /** Which of its processes, e.g. the pod's name; at most 128 characters. */
  readonly instance: string;
  /** Ends writing and the timer; flush before. */
  readonly signal: AbortSignal;
  readonly onError?: (error: unknown) => void;
  readonly clock?: Clock;
  readonly random?: Random;
}

interface Bucket {
  tokens: number;
  filledAtMs: number;
}

const seriesMaxIdleMs = 6 * 60_000;
/** A repeat is written this much later, together with those that follow it. */
const repeatDelayMs = 30_000;
const maxSeries = 1_000;
const maxObjects = 1_000;
const burstPerObject = 25;
const refillMs = 60_000;
const flushTimeoutMs = 5_000;

export function createEventRecorder(options: EventRecorderOptions): EventRecorder {
  return new SeriesRecorder(options);
}

class SeriesRecorder implements EventRecorder {
  readonly #options: EventRecorderOptions;
  readonly #clock: Clock;
  readonly #random: Random;
  /** Both Maps are in the order of last use; the oldest entry goes when they are full. */
  readonly #series = new Map<string, Series>();
  readonly #buckets = new Map<string, Bucket>();
  /** To be written now, and later. */
  readonly #dirty = new Set<Series>();
  readonly #repeated = new Set<Series>();
  #cancelTimer: (() => void) | undefined;
  #writing: Promise<void> | undefined;
  #written = 0;
  #dropped = 0;

  constructor(options: EventRecorderOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? Math.random;
    options.signal.addEventListener('abort', () => this.#cancelTimer?.(), { once: true });
  }

  record(input: EventInput): void {
    if (this.#options.signal.aborted) {
      this.#dropped += 1;
      return;
    }
    const key = seriesKey(input);
    const known = this.#series.get(key);
    const nowMs = this.#clock.monotonicMs();
    if (known !== undefined && nowMs - known.lastAtMs < seriesMaxIdleMs) {
      this.#repeat(key, known);
    } else if (this.#takeToken(input.regarding, nowMs)) {
      this.#begin(key, input);
    } else {
      this.#dropped += 1;
    }
  }

  async flush(timeoutMs: number = flushTimeoutMs): Promise<void> {
    this.#moveRepeated();
    let cancel: () => void = () => undefined;
    const timeout = new Promise<void>((resolve) => {
      cancel = this.#clock.schedule(timeoutMs, resolve);
    });
    await Promise.race([this.#write(), timeout]);
    cancel();
  }

  stats(): EventStats {
    return { written: this.#written, dropped: this.#dropped, waiting: this.#dirty.size + this.#repeated.size };
  }

  #begin(key: string, input: EventInput): void {
    const now = this.#clock.now();
    const series: Series = {
      input: { ...input, regarding: identityOf(input.regarding) },
      namespace: input.regarding.metadata.namespace || 'default',
      name: this.#newName(input.regarding),
      firstAt: now,
      lastAt: now,
      lastAtMs: this.#clock.monotonicMs(),
      count: 1,
      isCreated: false,
    };
    this.#series.delete(key);
    this.#series.set(key, series);
    this.#dirty.add(series);
    this.#forgetOldest();
    void this.#write();
  }

  #repeat(key: string, series: Series): void {
    series.count += 1;
    series.lastAt = this.#clock.now();
    series.lastAtMs = this.#clock.monotonicMs();
    this.#series.delete(key);
    this.#series.set(key, series);
    if (series.isCreated) {
      this.#repeated.add(series);
      this.#cancelTimer ??= this.#clock.schedule(repeatDelayMs, () => {
        this.#moveRepeated();
        void this.#write();
      });
    }
  }

  #moveRepeated(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    for (const series of this.#repeated) {
      this.#dirty.add(series);
    }
    this.#repeated.clear();
  }

  /** Those that can get no repeat any more, and the one of last use when there are too many. */
  #forgetOldest(): void {
    const nowMs = this.#clock.monotonicMs();
    for (const [key, series] of this.#series) {
      const isOver = nowMs - series.lastAtMs >= seriesMaxIdleMs && !this.#dirty.has(series);
      if (!isOver && this.#series.size <= maxSeries) {
        return;
      }
      this.#series.delete(key);
      if (!isOver) {
        this.#repeated.delete(series);
        this.#dropped += this.#dirty.delete(series) ? 1 : 0;
      }
    }
  }

  /** A bucket of tokens for each object; refilled by one a minute. */
  #takeToken(regarding: KubeObject, nowMs: number): boolean {
    const key = regarding.metadata.uid ?? `${regarding.kind} ${keyOf(regarding)}`;
    const bucket = this.#buckets.get(key) ?? { tokens: burstPerObject, filledAtMs: nowMs };
    const refills = Math.floor((nowMs - bucket.filledAtMs) / refillMs);
    bucket.tokens = Math.min(burstPerObject, bucket.tokens + refills);
    bucket.filledAtMs += refills * refillMs;
    this.#buckets.delete(key);
    this.#buckets.set(key, bucket);
    const [oldest] = this.#buckets.keys();
    if (this.#buckets.size > maxObjects && oldest !== undefined) {
      this.#buckets.delete(oldest);
    }
    if (bucket.tokens === 0) {
      return false;
    }
    bucket.tokens -= 1;
    return true;
  }

  /** One writer at a time; whoever calls meanwhile waits for the same one, which takes what was added too. */
  #write(): Promise<void> {
    if (this.#writing === undefined && this.#dirty.size > 0) {
      this.#writing = this.#writeAll();
    }
    return this.#writing ?? Promise.resolve();
  }

  async #writeAll(): Promise<void> {
    for (const series of this.#dirty) {
      this.#dirty.delete(series);
      try {
        await this.#writeOne(series);
        this.#written += 1;
      } catch (error) {
        this.#dropped += 1;
        this.#report(error);
      }
    }
    this.#writing = undefined;
  }

  async #writeOne(series: Series): Promise<void> {
    const { client, signal } = this.#options;
    if (series.isCreated) {
      try {
        const body = { series: { count: series.count, lastObservedTime: microTime(series.lastAt) } };
        await client.patch(events, series, { kind: 'merge', body }, { signal });
        return;
      } catch (error) {
        // Events live for an hour; a series can live longer than its object.
        if (!isOperationError(error, 'API_NOT_FOUND')) {
          throw error;
        }
        series.name = this.#newName(series.input.regarding);
      }
    }
    const count = series.count;
    await client.create(events, eventObject(series, this.#options), { signal });
    series.isCreated = true;
    if (series.count > count) {
      this.#dirty.add(series);
    }
  }

  #report(error: unknown): void {
    if (!this.#options.signal.aborted) {
      this.#options.onError?.(error);
    }
  }

  #newName(regarding: KubeObject): string {
    return eventName(regarding, this.#clock.now(), this.#random());
  }
}

/** A series outlives its object; the whole of it would stay in memory for as long. */
function identityOf({ apiVersion, kind, metadata }: KubeObject): KubeObject {
  const { namespace, name, uid, resourceVersion } = metadata;
  return {
    apiVersion,
    kind,
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      ...(uid === undefined ? {} : { uid }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
    },
  };
}
