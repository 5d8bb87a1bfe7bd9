/** The shards that one member has claimed, and what is under way in each. */
import type { MemberView } from './member-view.ts';
import { type Claim, decideClaims } from './shard-claims.ts';

export interface ClaimBookOptions {
  readonly self: string;
  /** How many there are. */
  readonly shards: number;
  /** Something under way in a shard that is given up has ended. */
  readonly onDrained: () => void;
}

export class ClaimBook {
  readonly #options: ClaimBookOptions;
  readonly #claims = new Map<number, Claim>();
  /** Shard -> how many pieces of work are under way. */
  readonly #underWay = new Map<number, number>();

  constructor(options: ClaimBookOptions) {
    this.#options = options;
  }

  /** What the record of this member has to say. */
  get claimed(): readonly number[] {
    return [...this.#claims.keys()];
  }

  get owned(): readonly number[] {
    return [...this.#claims].filter(([, { phase }]) => phase === 'Owned').map(([shard]) => shard);
  }

  /** @returns ends the work, and must be called; undefined: the shard is not this member's */
  enter(shard: number): (() => void) | undefined {
    if (this.#claims.get(shard)?.phase !== 'Owned') {
      return undefined;
    }
    this.#underWay.set(shard, (this.#underWay.get(shard) ?? 0) + 1);
    let isOver = false;
    return () => {
      if (!isOver) {
        isOver = true;
        this.#leave(shard);
      }
    };
  }

  /**
   * Looks at all shards anew.
   *
   * @param nextWrite number of the next write of the own record
   * @returns whether `claimed` is another one than before, and the shards that are this member's from now on
   */
  decide(view: MemberView, nextWrite: number): { readonly isNews: boolean; readonly taken: readonly number[] } {
    const { self, shards } = this.#options;
    const sight = { self, shards, seenWrite: view.seenWrite, others: view.living() };
    const moves = decideClaims({ ...sight, claims: this.#claims });
    for (const shard of moves.drain) {
      this.#setPhase(shard, this.#underWay.has(shard) ? 'Draining' : 'Drained');
    }
    for (const shard of moves.claim) {
      this.#claims.set(shard, { phase: 'Claimed', write: nextWrite });
    }
    for (const shard of moves.take) {
      this.#setPhase(shard, 'Owned');
    }
    const given = [...moves.withdraw, ...moves.drain.filter((shard) => this.#claims.get(shard)?.phase === 'Drained')];
    for (const shard of given) {
      this.#claims.delete(shard);
    }
    return { isNews: moves.claim.length + given.length > 0, taken: moves.take };
  }

  clear(): void {
    this.#claims.clear();
  }

  #leave(shard: number): void {
    const left = (this.#underWay.get(shard) ?? 0) - 1;
    if (left > 0) {
      this.#underWay.set(shard, left);
      return;
    }
    this.#underWay.delete(shard);
    if (this.#claims.get(shard)?.phase === 'Draining') {
      this.#setPhase(shard, 'Drained');
      this.#options.onDrained();
    }
  }

  #setPhase(shard: number, phase: Claim['phase']): void {
    const claim = this.#claims.get(shard);
    if (claim) {
      this.#claims.set(shard, { ...claim, phase });
    }
  }
}
