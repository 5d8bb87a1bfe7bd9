/**
 * Data that a Backup of Velero keeps. Velero never touches a claim that is there, and its Restore is Completed all the same: on the way
 * back the broken volumes are moved away first, and it is looked afterwards whether the claims are those of the Restore.
 */
import type { VeleroBackup } from '../../core/checkpoint/backup.ts';
import type { Checkpoint, MovedVolume, VeleroKept } from '../../core/checkpoint/checkpoint.ts';
import { readBackupPhase, readRestorePhase } from '../../core/checkpoint/velero-phases.ts';
import { veleroNameOf } from '../../core/checkpoint/volume-names.ts';
import { OperationError } from '../../core/errors.ts';
import { joinSome } from '../../core/text.ts';
import type { Work } from '../deploy/deployer.ts';
import type { BackupState } from '../ports/velero.ts';
import { affectedWorkloads } from './affected-workloads.ts';
import { bringBackInTime, checkpointOf, sayBroken } from './bring-back-claims.ts';
import type { CheckpointContext } from './checkpoint-context.ts';
import type { BringAnswer, DataKeeper, KeepAnswer, Restoring, Taking } from './data-keeper.ts';

/** Velero has no watch of ours; it is only looked at while an Update waits for it. */
const lookAgainMs = 2_000;

export const veleroKeeper: DataKeeper<VeleroBackup> = {
  survey,
  keep,
  check,
  bringBack: (restoring) => bringBackInTime(restoring, goOn),
  whereIsIt: ({ moved }) => sayWhere(moved),
  async drop({ velero }, _, checkpoint, signal) {
    if (checkpoint.velero !== undefined) {
      await velero.drop(checkpoint.velero, signal);
    }
  },
};

/** Before anything is stopped, as the claims of a StatefulSet follow from its replicas. */
async function survey(
  { context, work, checkpoint, signal }: Taking,
  data: VeleroBackup,
): Promise<Checkpoint | undefined> {
  if (checkpoint.velero !== undefined) {
    return undefined;
  }
  const { metadata, spec } = work.update;
  const mounted = await context.volumes.claimsOf(await affectedWorkloads(context, work, signal), signal);
  const claims = data.claims ?? mounted;
  if (claims.length === 0) {
    throw unusable(
      `App ${metadata.namespace}/${spec.app}: its workloads mount no claims, so that spec.backup.velero keeps nothing; name them in spec.backup.velero.claims, or leave it out`,
    );
  }
  const covers = await context.velero.survey(metadata.namespace, { ...data, claims }, signal);
  const backup = veleroNameOf(metadata, 'backup');
  return { ...checkpoint, velero: { namespace: data.namespace, backup, claims, covers } };
}

async function keep({ context, work, backup, checkpoint, signal }: Taking, data: VeleroBackup): Promise<KeepAnswer> {
  const { velero } = checkpoint;
  if (velero === undefined) {
    return { kind: 'Failed', why: 'its record names no Backup of Velero' };
  }
  const { update } = work;
  const { timeoutMs } = backup;
  const request = { ...data, ...velero, app: update.spec.app, timeoutMs };
  const state = await context.velero.backUp(update.metadata, request, signal);
  const what = `Backup ${velero.namespace}/${velero.backup}`;
  const meaning = readBackupPhase(what, velero.namespace, state);
  switch (meaning.kind) {
    case 'Busy':
      return busy(context, meaning.message);
    case 'Failed':
      return { kind: 'Failed', why: meaning.why };
    case 'Completed': {
      const lack = findLack(what, velero, state);
      return lack === undefined ? { kind: 'Kept', found: foundIn(state) } : { kind: 'Failed', why: lack };
    }
  }
}

/** Velero calls a Backup Completed that has no volumes, where it found no way to keep them. */
function findLack(what: string, { covers }: VeleroKept, { volumes, missing }: BackupState): string | undefined {
  if (missing.length === 0 && volumes >= covers) {
    return undefined;
  }
  const which = missing.length === 0 ? '' : `, and nothing of ${joinSome(missing, ', ')}`;
  return `${what} is Completed, but holds ${volumes} of ${covers} volumes${which}: Velero had no way to keep the others; it needs the feature EnableCSI and a VolumeSnapshotClass with the label velero.io/csi-volumesnapshot-class, and spec.backup.velero.matchLabels leaves out claims that are not to be kept`;
}

function foundIn({ sizeBytes, warnings }: BackupState) {
  return {
    ...(sizeBytes !== undefined && { sizeBytes }),
    ...(warnings > 0 && { message: `Velero warns of ${warnings} things; velero backup logs tells them` }),
  };
}

async function check({ context, work, restore, signal }: Restoring): Promise<void> {
  if (restore.moved === undefined) {
    await context.volumes.claimsOf(await affectedWorkloads(context, work, signal), signal);
    const kept = keptBy(context, work, restore.update);
    await context.velero.checkRestore(work.update.metadata.namespace, kept, signal);
  }
}

async function goOn(restoring: Restoring): Promise<BringAnswer> {
  const { context, work, restore, signal } = restoring;
  const { velero } = context;
  const { metadata } = work.update;
  const kept = keptBy(context, work, restore.update);
  const { moved } = restore;
  if (moved === undefined) {
    return { kind: 'Noted', restore: { ...restore, moved: await velero.findMoved(metadata, kept.claims, signal) } };
  }
  const restores = Array.from({ length: restore.attempt }, (_, index) => restoreName(metadata, index + 1));
  const name = restore.veleroRestore ?? restoreName(metadata, restore.attempt);
  const status = await velero.findRestore(kept.namespace, name, signal);
  if (status === undefined) {
    const waiting = await velero.moveAway(metadata.namespace, { claims: kept.claims, moved, restores }, signal);
    return waiting === undefined ? await begin(restoring, kept, name) : busy(context, waiting);
  }
  if (restore.veleroRestore === undefined) {
    // It was made, and the journal does not say so: Headgate ended in between, or somebody wrote first.
    return { kind: 'Noted', restore: { ...restore, veleroRestore: name } };
  }
  const meaning = readRestorePhase(`Restore ${kept.namespace}/${name}`, kept.namespace, status);
  switch (meaning.kind) {
    case 'Busy':
      return busy(context, meaning.message);
    case 'Failed':
      return meaning;
    case 'Completed': {
      const place = { claims: kept.claims, moved, restore: name };
      const waiting = await velero.settle(metadata.namespace, place, signal);
      return waiting === undefined ? { kind: 'Back', message: sayBroken(moved) } : busy(context, waiting);
    }
  }
}

async function begin(
  { context, work, backup, restore, signal }: Restoring,
  { namespace, backup: from }: VeleroKept,
  name: string,
): Promise<BringAnswer> {
  const { metadata, spec } = work.update;
  const request = { namespace, restore: name, backup: from, app: spec.app, timeoutMs: backup.timeoutMs };
  await context.velero.restore(metadata.namespace, request, signal);
  return { kind: 'Noted', restore: { ...restore, veleroRestore: name } };
}

function restoreName(
  update: { readonly namespace: string; readonly name: string; readonly uid: string },
  attempt: number,
) {
  return veleroNameOf(update, `restore-${attempt}`);
}

function sayWhere(moved: readonly MovedVolume[] | undefined): string {
  if (moved === undefined) {
    return 'the claims have the volumes that the bad version left';
  }
  const places = moved.map(
    ({ claim, brokenVolume, brokenClaim }) =>
      `${claim}: PersistentVolume ${brokenVolume}, under the claim ${brokenClaim} once it is moved`,
  );
  const kept =
    places.length === 0 ? 'no claim had a volume' : `what the bad version left is kept: ${places.join('; ')}`;
  return `${kept}; a claim of the former name is what Velero has restored, perhaps a part`;
}

/** Of the Update whose checkpoint it is. */
function keptBy(context: CheckpointContext, work: Work, id: string): VeleroKept {
  const kept = checkpointOf(context, work, id);
  if (kept?.velero === undefined) {
    throw unusable(
      `checkpoint ${id} of App ${work.update.spec.app}: its record names no Backup of Velero, so that nothing can be brought back`,
    );
  }
  return kept.velero;
}

function busy({ clock }: CheckpointContext, message: string) {
  return { kind: 'Busy', message, until: new Date(clock.now().getTime() + lookAgainMs) } as const;
}

function unusable(message: string): OperationError {
  return new OperationError(message, { code: 'VELERO_UNUSABLE', retry: 'never' });
}
