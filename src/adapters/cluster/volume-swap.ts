/**
 * A claim gets another volume: what is claimed cannot be changed, so that the claim is made anew. The broken volume gets a claim of its
 * own first, which says all that is needed to make the other one, so that nothing is lost wherever this is interrupted. Both volumes are
 * kept by force (Retain) while they belong to nobody, and get back what they had.
 */

import type { SwappedVolume } from '../../core/checkpoint/checkpoint.ts';
import {
  copyOf,
  type Exchange,
  findClaim,
  giveTo,
  keepByForce,
  letGo,
  makeBroken,
  makeClaim,
  removeClaim,
} from './claim-exchange.ts';
import type { ClaimObject } from './volume-objects.ts';
import { unusable } from './volume-snapshots.ts';

interface Swap extends Exchange {
  readonly volume: SwappedVolume;
  /** The claim that holds the new volume until now. */
  readonly holder: string;
}

/** @returns what it waits for; undefined when all is done */
export async function swapVolume(swap: Swap): Promise<string | undefined> {
  const { volume } = swap;
  const present = await findClaim(swap, volume.claim);
  if (present?.spec.volumeName !== volume.newVolume) {
    const waiting = await setAside(swap, present);
    if (waiting !== undefined) {
      return waiting;
    }
  }
  return await settle(swap);
}

/** Up to the claim with its new volume being there. */
async function setAside(swap: Swap, present: ClaimObject | undefined): Promise<string | undefined> {
  const { volume } = swap;
  const { claim, brokenVolume, newVolume, brokenClaim } = volume;
  if (present !== undefined && present.spec.volumeName !== brokenVolume) {
    throw unusable(
      { namespace: swap.namespace, name: claim },
      `somebody else gave it PersistentVolume ${present.spec.volumeName}`,
    );
  }
  for (const name of [brokenVolume, newVolume]) {
    await keepByForce(swap, { name, claim });
  }
  const broken = (await findClaim(swap, brokenClaim)) ?? (present && (await makeBroken(swap, present, volume)));
  if (!broken) {
    throw unusable(
      { namespace: swap.namespace, name: claim },
      `it is gone, and ${brokenClaim} is not there either: its volumes ${brokenVolume} (broken) and ${newVolume} (new) are kept`,
    );
  }
  const gone = [await removeClaim(swap, claim), await removeClaim(swap, swap.holder)];
  const [waiting] = gone.filter((one) => one !== undefined);
  if (waiting !== undefined) {
    return waiting;
  }
  await giveTo(swap, { name: newVolume, claim }, claim);
  await giveTo(swap, { name: brokenVolume, claim }, brokenClaim);
  await makeClaim(swap, copyOf(broken, { name: claim, volumeName: newVolume, namespace: swap.namespace }));
  return undefined;
}

/** Both claims have their volumes, which get back what becomes of them once nobody claims them. */
async function settle(swap: Swap): Promise<string | undefined> {
  const { claim, brokenClaim, brokenVolume, newVolume } = swap.volume;
  for (const name of [claim, brokenClaim]) {
    const found = await findClaim(swap, name);
    // A person may have dropped the broken one already.
    if (found !== undefined && found.status?.phase !== 'Bound') {
      return `PersistentVolumeClaim ${name} is ${found.status?.phase ?? 'not bound yet'}`;
    }
  }
  for (const name of [newVolume, brokenVolume]) {
    await letGo(swap, name);
  }
  return undefined;
}
