/**
 * What one member does about the shards, from what it has claimed itself and what it sees of the others. Pure.
 *
 * A member writes its claims into its own record and may work on a shard only after it has seen, in a copy of all records that is at least as
 * new as that claim, that no other living member claims it. Of two that claim the same, the later one sees the claim of
 * the earlier; so they never both have it, however far their copies are behind.
 */
import { ownerOf } from './rendezvous.ts';

/** `Drained`: nothing is under way in it any more, but the record still claims it. */
export type ClaimPhase = 'Claimed' | 'Owned' | 'Draining' | 'Drained';

export interface Claim {
  readonly phase: ClaimPhase;
  /** Number of the first write of the own record that has it. */
  readonly write: number;
}

export interface Member {
  readonly identity: string;
  readonly shards: ReadonlySet<number>;
}

export interface ClaimSight {
  readonly self: string;
  /** How many there are. */
  readonly shards: number;
  /** By shard. */
  readonly claims: ReadonlyMap<number, Claim>;
  /** The write of the own record that the copy has; undefined while it has none. */
  readonly seenWrite: number | undefined;
  /** Those of the copy that live, without this one. */
  readonly others: readonly Member[];
}

export interface ClaimMoves {
  /** To be written into the record. */
  readonly claim: readonly number[];
  /** Are this member's from now on. */
  readonly take: readonly number[];
  /** No new work is begun in them. */
  readonly drain: readonly number[];
  /** To be left out of the record. */
  readonly withdraw: readonly number[];
}

/** One look at all shards. A member that does not see its own record yet does nothing. */
export function decideClaims(sight: ClaimSight): ClaimMoves {
  const moves = { claim: [] as number[], take: [] as number[], drain: [] as number[], withdraw: [] as number[] };
  if (sight.seenWrite === undefined) {
    return moves;
  }
  const members = [sight.self, ...sight.others.map(({ identity }) => identity)];
  for (let shard = 0; shard < sight.shards; shard += 1) {
    const move = decideOne(sight, sight.seenWrite, shard, ownerOf(shard, members) === sight.self);
    if (move !== undefined) {
      moves[move].push(shard);
    }
  }
  return moves;
}

function decideOne(
  { claims, others }: ClaimSight,
  seenWrite: number,
  shard: number,
  isWanted: boolean,
): keyof ClaimMoves | undefined {
  const claim = claims.get(shard);
  const isTaken = others.some(({ shards }) => shards.has(shard));
  if (claim === undefined) {
    return isWanted && !isTaken ? 'claim' : undefined;
  }
  if (claim.phase === 'Claimed') {
    return isWanted ? takeIf(!isTaken && seenWrite >= claim.write) : 'withdraw';
  }
  if (claim.phase === 'Owned') {
    return isWanted ? undefined : 'drain';
  }
  return claim.phase === 'Drained' ? 'withdraw' : undefined;
}

function takeIf(isFree: boolean): 'take' | undefined {
  return isFree ? 'take' : undefined;
}
