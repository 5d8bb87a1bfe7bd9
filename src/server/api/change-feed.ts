/** Changes of our objects, numbered and kept for a while, so that whoever lost the connection can go on where it was. */

export interface Change {
  readonly kind: string;
  /** The kind as rights name it, e.g. `apps`. */
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
  /** Empty where it is not known. */
  readonly resourceVersion: string;
  readonly change: 'changed' | 'deleted';
}

export interface NumberedChange extends Change {
  /** `epoch-number`; what Last-Event-ID brings back. */
  readonly id: string;
}

export type Resumption =
  /** Everything since. */
  | { readonly kind: 'Missed'; readonly changes: readonly NumberedChange[] }
  /** It is not known any more what was missed: read everything anew. */
  | { readonly kind: 'Unknown' };

const maxKept = 10_000;

export class ChangeFeed {
  readonly #epoch: string;
  /** A ring would be faster to write; it is cut in halves so that cutting is rare. */
  #kept: NumberedChange[] = [];
  #last = 0;
  readonly #listeners = new Set<(change: NumberedChange) => void>();

  /** @param epoch another one for each process */
  constructor(epoch: string) {
    this.#epoch = epoch;
  }

  /** That of the last change; what a new listener is up to date with. */
  get lastId(): string {
    return this.#idOf(this.#last);
  }

  publish(change: Change): void {
    this.#last += 1;
    const numbered = { ...change, id: this.#idOf(this.#last) };
    this.#kept.push(numbered);
    if (this.#kept.length > 2 * maxKept) {
      this.#kept = this.#kept.slice(-maxKept);
    }
    for (const listener of this.#listeners) {
      listener(numbered);
    }
  }

  /** @returns what ends it */
  subscribe(listener: (change: NumberedChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  get listeners(): number {
    return this.#listeners.size;
  }

  /** What came after the change of this id. */
  since(id: string): Resumption {
    const [, epoch, digits = ''] = /^(.+)-([0-9]{1,15})$/.exec(id) ?? [];
    const number = Number(digits);
    const oldest = this.#last - this.#kept.length;
    if (epoch !== this.#epoch || number > this.#last || number < oldest) {
      return { kind: 'Unknown' };
    }
    return { kind: 'Missed', changes: this.#kept.slice(number - oldest) };
  }

  #idOf(number: number): string {
    return `${this.#epoch}-${number}`;
  }
}
