/** The claims of a Restore of Velero: it makes those that are not there, and skips the others without an error. */
import type { MovedVolume } from '../../core/checkpoint/checkpoint.ts';
import { brokenClaimNameOf } from '../../core/checkpoint/volume-names.ts';
import { isOperationError } from '../../core/errors.ts';
import type { UpdateReference } from '../../engine/ports/volumes.ts';
import type { KubeObject } from '../../kube/objects.ts';
import { type Exchange, findClaim, giveTo, keepByForce, letGo, makeBroken, removeClaim } from './claim-exchange.ts';
import { excludeLabel, restoreLabel } from './velero-objects.ts';
import { type ClaimObject, storageClasses } from './volume-objects.ts';
import { unusable } from './volume-snapshots.ts';

interface Place {
  readonly claims: readonly string[];
  readonly moved: readonly MovedVolume[];
}

/** A Restore that Headgate made, of whichever Update. */
const ours = /^headgate-/;

/** @throws VOLUME_UNUSABLE when a claim is not Bound that Velero did not make */
export async function findMoved(
  exchange: Exchange,
  update: UpdateReference,
  claims: readonly string[],
): Promise<readonly MovedVolume[]> {
  const moved: MovedVolume[] = [];
  for (const claim of claims) {
    const present = await findClaim(exchange, claim);
    const brokenVolume = present?.spec.volumeName;
    if (brokenVolume !== undefined && present?.status?.phase === 'Bound') {
      moved.push({ claim, brokenVolume, brokenClaim: brokenClaimNameOf(update, claim) });
    } else if (present && !ours.test(restoreOf(present))) {
      throw unusable(
        { namespace: exchange.namespace, name: claim },
        `it is ${present.status?.phase ?? 'new'}, and only one that is Bound has a volume to keep; delete it, or mend it`,
      );
    }
  }
  return moved;
}

/** @returns what it waits for; undefined when none of the claims is there @throws VOLUME_UNUSABLE */
export async function moveAway(
  exchange: Exchange,
  { claims, moved, restores }: Place & { readonly restores: readonly string[] },
): Promise<string | undefined> {
  const waiting: string[] = [];
  for (const claim of claims) {
    const volume = moved.find((one) => one.claim === claim);
    const left = (volume && (await moveOne(exchange, volume))) ?? (await removeUnfinished(exchange, claim, restores));
    waiting.push(...(left === undefined ? [] : [left]));
  }
  return waiting[0] === undefined ? undefined : waiting.join('; ');
}

/** Its volume has a claim of its own before the former claim goes; interrupted anywhere, it goes on. */
async function moveOne(exchange: Exchange, volume: MovedVolume): Promise<string | undefined> {
  const { claim, brokenVolume, brokenClaim } = volume;
  const present = await findClaim(exchange, claim);
  const holds = present?.spec.volumeName === brokenVolume;
  const broken = await findClaim(exchange, brokenClaim);
  if (!holds && !broken) {
    // Its claim was dropped by a person after all was moved, or it is not there yet.
    return undefined;
  }
  if (holds) {
    await keepByForce(exchange, { name: brokenVolume, claim });
    if (!broken) {
      await makeBroken(exchange, present, volume, { [excludeLabel]: 'true' });
    }
    const waiting = await removeClaim(exchange, claim);
    if (waiting !== undefined) {
      return waiting;
    }
  }
  await giveTo(exchange, { name: brokenVolume, claim }, brokenClaim);
  return undefined;
}

/** What an earlier attempt has made is not the broken volume, and all of it is still in the Backup. */
async function removeUnfinished(
  exchange: Exchange,
  claim: string,
  restores: readonly string[],
): Promise<string | undefined> {
  const present = await findClaim(exchange, claim);
  if (!present) {
    return undefined;
  }
  const restore = restoreOf(present);
  const isEmpty = present.status?.phase !== 'Bound' && ours.test(restore);
  if (!restores.includes(restore) && !isEmpty) {
    throw unusable(
      { namespace: exchange.namespace, name: claim },
      `somebody else made it meanwhile${sayVolume(present)}; delete it, and keep others from making it while the data comes back`,
    );
  }
  return await removeClaim(exchange, claim);
}

/** @returns what it waits for @throws VOLUME_UNUSABLE when a claim is not of the Restore */
export async function settle(
  exchange: Exchange,
  { claims, moved, restore }: Place & { readonly restore: string },
): Promise<string | undefined> {
  const waiting: string[] = [];
  for (const claim of claims) {
    const left = await lookAtRestored(exchange, { claim, moved, restore });
    waiting.push(...(left === undefined ? [] : [left]));
  }
  for (const { brokenClaim } of moved) {
    const broken = await findClaim(exchange, brokenClaim);
    // A person may have dropped it already.
    if (broken !== undefined && broken.status?.phase !== 'Bound') {
      waiting.push(`PersistentVolumeClaim ${brokenClaim} is ${broken.status?.phase ?? 'new'}`);
    }
  }
  if (waiting.length > 0) {
    return waiting.join('; ');
  }
  for (const { brokenVolume } of moved) {
    await letGo(exchange, brokenVolume);
  }
  return undefined;
}

async function lookAtRestored(
  exchange: Exchange,
  { claim, moved, restore }: Pick<Place, 'moved'> & { readonly claim: string; readonly restore: string },
): Promise<string | undefined> {
  const { namespace } = exchange;
  const present = await findClaim(exchange, claim);
  if (!present) {
    throw unusable(
      { namespace, name: claim },
      `Restore ${restore} is Completed, and has not made it: the Backup does not hold it`,
    );
  }
  if (restoreOf(present) !== restore) {
    throw unusable(
      { namespace, name: claim },
      `Restore ${restore} is Completed, but the claim is of somebody else, so that Velero skipped it${sayVolume(present)}`,
    );
  }
  if (moved.some(({ brokenVolume }) => brokenVolume === present.spec.volumeName)) {
    throw unusable(
      { namespace, name: claim },
      `Restore ${restore} has made it for the broken volume again${sayVolume(present)}: the Backup holds no data of it`,
    );
  }
  const { phase = 'new' } = present.status ?? {};
  if (phase === 'Bound') {
    return undefined;
  }
  // A volume that waits for its first pod is made of the snapshot when the App comes.
  return phase === 'Pending' && (await waitsForPod(exchange, present))
    ? undefined
    : `PersistentVolumeClaim ${claim} of Restore ${restore} is ${phase}`;
}

async function waitsForPod({ client, signal }: Exchange, { spec }: ClaimObject): Promise<boolean> {
  const { storageClassName: name, dataSource } = spec;
  if (name === undefined || dataSource?.kind !== 'VolumeSnapshot') {
    return false;
  }
  try {
    const found = await client.find<StorageClassObject>(storageClasses, { namespace: '', name }, { signal });
    return found?.volumeBindingMode === 'WaitForFirstConsumer';
  } catch (error) {
    if (isOperationError(error, 'API_FORBIDDEN')) {
      return false;
    }
    throw error;
  }
}

interface StorageClassObject extends KubeObject {
  readonly volumeBindingMode?: string;
}

function restoreOf({ metadata }: ClaimObject): string {
  return metadata.labels?.[restoreLabel] ?? '';
}

function sayVolume({ spec }: ClaimObject): string {
  return spec.volumeName === undefined ? '' : ` (it has PersistentVolume ${spec.volumeName})`;
}
