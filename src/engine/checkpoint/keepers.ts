/** The keeper of each way to keep data. */
import type { Backup, DataBackup } from '../../core/checkpoint/backup.ts';
import type { Checkpoint, DataRestore } from '../../core/checkpoint/checkpoint.ts';
import type { CheckpointContext } from './checkpoint-context.ts';
import type { BringAnswer, DataKeeper, KeepAnswer, Restoring, Taking } from './data-keeper.ts';
import { jobKeeper } from './job-keeper.ts';
import { snapshotKeeper } from './snapshot-keeper.ts';
import { veleroKeeper } from './velero-keeper.ts';

/** A keeper with what it is asked to do. */
interface BoundKeeper {
  survey(taking: Taking): Promise<Checkpoint | undefined>;
  keep(taking: Taking): Promise<KeepAnswer>;
  check(restoring: Restoring): Promise<void>;
  bringBack(restoring: Restoring): Promise<BringAnswer>;
  whereIsIt(restore: DataRestore): string | undefined;
}

/** @returns undefined where only objects are kept */
export function keeperOf({ data }: Backup): BoundKeeper | undefined {
  switch (data?.kind) {
    case undefined:
      return undefined;
    case 'Job':
      return bind(jobKeeper, data);
    case 'Snapshots':
      return bind(snapshotKeeper, data);
    case 'Velero':
      return bind(veleroKeeper, data);
  }
}

/** What a checkpoint kept goes, whatever the App asks for by now. */
export async function dropData(
  context: CheckpointContext,
  namespace: string,
  checkpoint: Checkpoint,
  signal: AbortSignal,
): Promise<void> {
  for (const { drop } of [jobKeeper, snapshotKeeper, veleroKeeper]) {
    await drop?.(context, namespace, checkpoint, signal);
  }
}

function bind<B extends DataBackup>(keeper: DataKeeper<B>, data: B): BoundKeeper {
  return {
    survey: async (taking) => await keeper.survey?.(taking, data),
    keep: async (taking) => await keeper.keep(taking, data),
    check: async (restoring) => await keeper.check?.(restoring, data),
    bringBack: async (restoring) => await keeper.bringBack(restoring, data),
    whereIsIt: (restore) => keeper.whereIsIt?.(restore),
  };
}
