/** Keys with the time at which each falls due; the earliest first. A binary heap, with one entry that counts for each key. */

interface Entry {
  readonly key: string;
  readonly dueMs: number;
}

export class DueTimes {
  readonly #dueByKey = new Map<string, number>();
  /** May hold entries that no longer count: those that differ from #dueByKey. They go when they come to the top. */
  #heap: Entry[] = [];

  get size(): number {
    return this.#dueByKey.size;
  }

  /** Sets the time unless the key is due sooner already. */
  setEarlier(key: string, dueMs: number): void {
    const known = this.#dueByKey.get(key);
    if (known !== undefined && known <= dueMs) {
      return;
    }
    this.#dueByKey.set(key, dueMs);
    this.#push({ key, dueMs });
    this.#compact();
  }

  delete(key: string): void {
    this.#dueByKey.delete(key);
  }

  /** Time of the earliest key; undefined when there is none. */
  earliest(): number | undefined {
    this.#dropStale();
    return this.#heap[0]?.dueMs;
  }

  /** Removes and answers the earliest key that is due at `nowMs`. */
  take(nowMs: number): string | undefined {
    this.#dropStale();
    const top = this.#heap[0];
    if (top === undefined || top.dueMs > nowMs) {
      return undefined;
    }
    this.#pop();
    this.#dueByKey.delete(top.key);
    return top.key;
  }

  #dropStale(): void {
    for (let top = this.#heap[0]; top !== undefined && this.#dueByKey.get(top.key) !== top.dueMs; top = this.#heap[0]) {
      this.#pop();
    }
  }

  /** Keeps the heap within a constant factor of the keys. */
  #compact(): void {
    if (this.#heap.length > 64 && this.#heap.length > 2 * this.#dueByKey.size) {
      // A sorted array is a heap.
      this.#heap = [...this.#dueByKey].map(([key, dueMs]) => ({ key, dueMs })).sort((a, b) => a.dueMs - b.dueMs);
    }
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let at = heap.push(entry) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || above.dueMs <= entry.dueMs) {
        break;
      }
      heap[at] = above;
      at = parent;
    }
    heap[at] = entry;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) {
      return;
    }
    let at = 0;
    for (let child = smallerChild(heap, at); child !== undefined; child = smallerChild(heap, at)) {
      const entry = heap[child];
      if (entry === undefined || entry.dueMs >= last.dueMs) {
        break;
      }
      heap[at] = entry;
      at = child;
    }
    heap[at] = last;
  }
}

function smallerChild(heap: readonly Entry[], at: number): number | undefined {
  const left = heap[2 * at + 1];
  const right = heap[2 * at + 2];
  if (left === undefined) {
    return undefined;
  }
  return right !== undefined && right.dueMs < left.dueMs ? 2 * at + 2 : 2 * at + 1;
}
