/** Data that CSI snapshots of the App's claims keep; on the way back each claim gets a volume made of its snapshot. */
import type { SnapshotBackup } from '../../core/checkpoint/backup.ts';
import type { Checkpoint, KeptVolume, SwappedVolume } from '../../core/checkpoint/checkpoint.ts';
import { snapshotNameOf } from '../../core/checkpoint/volume-names.ts';
import { OperationError } from '../../core/errors.ts';
import { joinSome } from '../../core/text.ts';
import type { Work } from '../deploy/deployer.ts';
import { affectedWorkloads } from './affected-workloads.ts';
import { bringBackInTime, checkpointOf, sayBroken } from './bring-back-claims.ts';
import type { CheckpointContext } from './checkpoint-context.ts';
import type { BringAnswer, DataKeeper, KeepAnswer, Restoring, Taking } from './data-keeper.ts';

/** Nothing tells when a snapshot or a claim is ready but the object itself; it is only looked at while an Update waits for it. */
const lookAgainMs = 1_000;

export const snapshotKeeper: DataKeeper<SnapshotBackup> = {
  survey,
  keep,
  check,
  bringBack: (restoring) => bringBackInTime(restoring, goOn),
  whereIsIt: ({ volumes }) =>
    volumes === undefined
      ? 'the claims have the volumes that the bad version left'
      : `${volumes.map(({ claim, newVolume, brokenVolume }) => `${claim}: PersistentVolume ${newVolume} is the restored one, ${brokenVolume} the broken one`).join('; ')}; both are kept`,
  async drop(context, namespace, { volumes }, signal) {
    for (const { snapshot: name } of volumes ?? []) {
      await context.volumes.dropSnapshot({ namespace, name }, signal);
    }
  },
};

/** Before anything is stopped, as the claims of a StatefulSet follow from its replicas. */
async function survey(
  { context, work, checkpoint, signal }: Taking,
  { claims, className }: SnapshotBackup,
): Promise<Checkpoint | undefined> {
  if (checkpoint.volumes !== undefined) {
    return undefined;
  }
  const { metadata } = work.update;
  const { namespace } = metadata;
  const mounted = await context.volumes.claimsOf(await affectedWorkloads(context, work, signal), signal);
  const chosen = claims ?? mounted;
  if (chosen.length === 0) {
    throw unusable(
      `App ${namespace}/${work.update.spec.app}: its workloads mount no claims, so that spec.backup.snapshots keeps nothing; name them in spec.backup.snapshots.claims, or leave it out`,
    );
  }
  await context.volumes.checkSnapshots({ namespace, claims: chosen, className }, signal);
  return { ...checkpoint, volumes: chosen.map((claim) => ({ claim, snapshot: snapshotNameOf(metadata, claim) })) };
}

async function keep({ context, work, checkpoint, signal }: Taking, { className }: SnapshotBackup): Promise<KeepAnswer> {
  const { update } = work;
  const { namespace } = update.metadata;
  const volumes: KeptVolume[] = [];
  const missing: string[] = [];
  for (const volume of checkpoint.volumes ?? []) {
    await context.volumes.takeSnapshot(update.metadata, { ...volume, className, app: update.spec.app }, signal);
    const state = await context.volumes.lookAtSnapshot({ namespace, name: volume.snapshot }, signal);
    if (state?.isReady !== true) {
      missing.push(`${volume.snapshot}${state?.problem === undefined ? '' : ` (${state.problem})`}`);
    }
    volumes.push({ ...volume, ...(state?.sizeBytes !== undefined && { sizeBytes: state.sizeBytes }) });
  }
  if (missing.length > 0) {
    return busy(context, `VolumeSnapshots are not ready: ${joinSome(missing, ', ')}`);
  }
  const sizeBytes = volumes.reduce((sum, one) => sum + (one.sizeBytes ?? 0), 0);
  return { kind: 'Kept', found: { volumes, sizeBytes } };
}

async function check({ context, work, restore, signal }: Restoring): Promise<void> {
  if (restore.volumes === undefined) {
    const { namespace } = work.update.metadata;
    await context.volumes.claimsOf(await affectedWorkloads(context, work, signal), signal);
    for (const volume of volumesToBring(context, work, restore.update)) {
      await context.volumes.checkRestore(namespace, volume, signal);
    }
  }
}

/** All new volumes are there before the first claim is touched. */
async function goOn(restoring: Restoring): Promise<BringAnswer> {
  const { context, work, restore } = restoring;
  const kept = volumesToBring(context, work, restore.update);
  return restore.volumes === undefined
    ? await prepareAll(restoring, kept)
    : await swapAll(restoring, kept, restore.volumes);
}

async function prepareAll(
  { context, work, restore, signal }: Restoring,
  kept: readonly KeptVolume[],
): Promise<BringAnswer> {
  const volumes: SwappedVolume[] = [];
  const waiting: string[] = [];
  for (const volume of kept) {
    const prepared = await context.volumes.prepare(work.update.metadata, volume, signal);
    if (prepared.kind === 'Ready') {
      volumes.push(prepared.volume);
    } else {
      waiting.push(prepared.message);
    }
  }
  return waiting.length > 0
    ? busy(context, joinSome(waiting, '; '))
    : { kind: 'Noted', restore: { ...restore, volumes } };
}

async function swapAll(
  { context, work, signal }: Restoring,
  ...[kept, volumes]: readonly [kept: readonly KeptVolume[], volumes: readonly SwappedVolume[]]
): Promise<BringAnswer> {
  const waiting: string[] = [];
  for (const volume of volumes) {
    const snapshot = kept.find(({ claim }) => claim === volume.claim)?.snapshot ?? '';
    const left = await context.volumes.swap(work.update.metadata.namespace, { volume, snapshot }, signal);
    waiting.push(...(left === undefined ? [] : [left]));
  }
  return waiting.length > 0 ? busy(context, joinSome(waiting, '; ')) : { kind: 'Back', message: sayBroken(volumes) };
}

/** Of the Update whose checkpoint it is. */
function volumesToBring(context: CheckpointContext, work: Work, id: string): readonly KeptVolume[] {
  const kept = checkpointOf(context, work, id);
  const volumes = kept?.volumes ?? [];
  if (volumes.length === 0) {
    throw unusable(
      `checkpoint ${id} of App ${work.update.spec.app}: its record names no snapshots, so that nothing can be brought back`,
    );
  }
  return volumes;
}

function busy({ clock }: CheckpointContext, message: string) {
  return { kind: 'Busy', message, until: new Date(clock.now().getTime() + lookAgainMs) } as const;
}

function unusable(message: string): OperationError {
  return new OperationError(message, { code: 'VOLUME_UNUSABLE', retry: 'never' });
}
