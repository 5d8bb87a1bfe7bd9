/**
 * What one member knows of the records of all, as its copy has them: who lives, and what they claim.
 *
 * Clocks of others are never compared with ours. One lives until its record stood still for its whole duration in a copy that is known to
 * be that new: our own writes come back by the same watch, and the moment before the newest of them was sent says how new it is. So a
 * watch that hangs makes nobody dead.
 */
import type { Member } from './shard-claims.ts';

export interface MemberRecord {
  readonly identity: string;
  /** Goes up by one with each write of the record. */
  readonly write: number;
  readonly shards: readonly number[];
  /** How long the others wait after its last write. */
  readonly durationMs: number;
}

interface Seen {
  readonly record: MemberRecord;
  readonly sinceMs: number;
}

export class MemberView {
  readonly #self: string;
  readonly #others = new Map<string, Seen>();
  /** Own writes that have not come back yet -> when they were sent, by the own monotonic clock. */
  readonly #sent = new Map<number, number>();
  #ownWrite: number | undefined;
  #freshAtMs = Number.NEGATIVE_INFINITY;

  constructor(self: string) {
    this.#self = self;
  }

  /** The write of the own record that the copy has; undefined while it has none. */
  get seenWrite(): number | undefined {
    return this.#ownWrite;
  }

  /** Before the own record is written. A write that is tried again keeps the time of its first attempt. */
  sending(write: number, nowMs: number): void {
    if (!this.#sent.has(write)) {
      this.#sent.set(write, nowMs);
    }
  }

  /** The copy has a record, perhaps the same as before. */
  see(record: MemberRecord, nowMs: number): void {
    if (record.identity === this.#self) {
      this.#seeOwn(record.write);
      return;
    }
    const known = this.#others.get(record.identity);
    if (known?.record.write !== record.write) {
      this.#others.set(record.identity, { record, sinceMs: nowMs });
    }
  }

  /** A record is gone. */
  forget(identity: string): void {
    if (identity === this.#self) {
      this.#ownWrite = undefined;
    } else {
      this.#others.delete(identity);
    }
  }

  living(): readonly Member[] {
    return [...this.#others.values()]
      .filter(({ record, sinceMs }) => this.#freshAtMs - sinceMs < record.durationMs)
      .map(({ record }) => ({ identity: record.identity, shards: new Set(record.shards) }));
  }

  /** Identities of those that have been dead for `ms` besides. */
  deadFor(ms: number): readonly string[] {
    return [...this.#others.values()]
      .filter(({ record, sinceMs }) => this.#freshAtMs - sinceMs >= record.durationMs + ms)
      .map(({ record }) => record.identity);
  }

  #seeOwn(write: number): void {
    this.#ownWrite = write;
    this.#freshAtMs = this.#sent.get(write) ?? this.#freshAtMs;
    for (const older of this.#sent.keys()) {
      if (older < write) {
        this.#sent.delete(older);
      }
    }
  }
}
