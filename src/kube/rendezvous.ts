/**
 * Who of several members has which shard, by rendezvous (highest random weight): each member reckons the same without asking the others,
 * and a member that comes or goes moves only what it gets or had.
 */
/** The shard of a key: a number from 0 to `shards` - 1, the same in every process. */
export function shardOf(key: string, shards: number): number {
  return numberOf(key) % shards;
}

/** The member to which a shard belongs; undefined where there is none. */
export function ownerOf(shard: number, members: readonly string[]): string | undefined {
  let best: { readonly member: string; readonly weight: number } | undefined;
  for (const member of members) {
    const weight = numberOf(`${member} ${shard}`);
    // Of equal weights the order of the list must not decide.
    if (best === undefined || weight > best.weight || (weight === best.weight && member > best.member)) {
      best = { member, weight };
    }
  }
  return best?.member;
}

/**
 * 32 bits of a hash, FNV-1a with the last step of MurmurHash3, without which keys that differ at their end alone would lie close together.
 * Nobody gains by a collision, and it is reckoned for each shard and member with each look.
 */
function numberOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
