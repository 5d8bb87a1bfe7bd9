/** Collects, out of the tags that a policy refuses, the newest that are newer than what runs; the others are only counted. */
import type { Ahead, RejectedTag } from './ranking.ts';

/** As many as anybody is told of. */
const mostKept = 10;

interface Placed<V> {
  readonly rejected: RejectedTag;
  readonly version: V;
}

/** Keeps a few of thousands without sorting them all. */
export class AheadList<V> {
  readonly #compare: (left: V, right: V) => number;
  readonly #current: V | undefined;
  readonly #kept: Placed<V>[] = [];
  #count = 0;

  /** @param current from nothing, and from what has no version, everything is newer */
  constructor(compare: (left: V, right: V) => number, current: V | undefined) {
    this.#compare = compare;
    this.#current = current;
  }

  /** @param version undefined for what has no place in the order, and is newer than nothing */
  add(rejected: RejectedTag, version: V | undefined): void {
    if (version === undefined || (this.#current !== undefined && this.#compare(version, this.#current) <= 0)) {
      return;
    }
    this.#count += 1;
    const last = this.#kept.at(-1);
    if (this.#kept.length === mostKept && last !== undefined && this.#compare(version, last.version) <= 0) {
      return;
    }
    const at = this.#kept.findIndex((one) => this.#isBefore({ rejected, version }, one));
    this.#kept.splice(at < 0 ? this.#kept.length : at, 0, { rejected, version });
    this.#kept.length = Math.min(this.#kept.length, mostKept);
  }

  get ahead(): Ahead {
    return { tags: this.#kept.map(({ rejected }) => rejected), count: this.#count };
  }

  /** The same for any order of the list. */
  #isBefore(left: Placed<V>, right: Placed<V>): boolean {
    const order = this.#compare(left.version, right.version);
    return order === 0 ? left.rejected.tag < right.rejected.tag : order > 0;
  }
}
