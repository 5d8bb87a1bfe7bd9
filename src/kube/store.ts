/** The indexed local copy of a set of objects. Written by the informer alone, read by everybody. */
import { invariant } from '../core/errors.ts';
import { type KubeObject, keyOf } from './objects.ts';

export interface ReadonlyStore<T> {
  /** `key` as made by keyOf. */
  get(key: string): T | undefined;
  /** In no particular order. */
  list(): readonly T[];
  /** Objects for which the named indexer answered `value`. Throws INVARIANT for an index that was not declared. */
  byIndex(index: string, value: string): readonly T[];
  readonly size: number;
}

/** Values under which an object is found; called once for each version of it, so it must be cheap and must not throw. */
export type Indexer<T> = (object: T) => readonly string[];

export class Store<T extends KubeObject> implements ReadonlyStore<T> {
  readonly #objects = new Map<string, T>();
  readonly #indexers: Readonly<Record<string, Indexer<T>>>;
  /** index -> value -> keys. */
  readonly #indexes = new Map<string, Map<string, Set<string>>>();

  constructor(indexers: Readonly<Record<string, Indexer<T>>> = {}) {
    this.#indexers = indexers;
    for (const name of Object.keys(indexers)) {
      this.#indexes.set(name, new Map());
    }
  }

  get size(): number {
    return this.#objects.size;
  }

  get(key: string): T | undefined {
    return this.#objects.get(key);
  }

  list(): readonly T[] {
    return [...this.#objects.values()];
  }

  keys(): readonly string[] {
    return [...this.#objects.keys()];
  }

  byIndex(index: string, value: string): readonly T[] {
    const values = this.#indexes.get(index);
    invariant(values !== undefined, `read index ${index}: not declared`);
    const found: T[] = [];
    for (const key of values.get(value) ?? []) {
      const object = this.#objects.get(key);
      if (object !== undefined) {
        found.push(object);
      }
    }
    return found;
  }

  /** Answers what stood there before. */
  set(object: T): T | undefined {
    const key = keyOf(object);
    const previous = this.delete(key);
    this.#objects.set(key, object);
    for (const [name, indexer] of Object.entries(this.#indexers)) {
      for (const value of indexer(object)) {
        this.#keysUnder(name, value).add(key);
      }
    }
    return previous;
  }

  /** Answers what stood there. */
  delete(key: string): T | undefined {
    const previous = this.#objects.get(key);
    if (previous === undefined) {
      return undefined;
    }
    this.#objects.delete(key);
    for (const [name, indexer] of Object.entries(this.#indexers)) {
      for (const value of indexer(previous)) {
        this.#forget(name, value, key);
      }
    }
    return previous;
  }

  #keysUnder(index: string, value: string): Set<string> {
    const values = this.#indexes.get(index) ?? new Map<string, Set<string>>();
    const keys = values.get(value) ?? new Set<string>();
    values.set(value, keys);
    return keys;
  }

  #forget(index: string, value: string, key: string): void {
    const values = this.#indexes.get(index);
    const keys = values?.get(value);
    keys?.delete(key);
    if (keys?.size === 0) {
      values?.delete(value);
    }
  }
}
