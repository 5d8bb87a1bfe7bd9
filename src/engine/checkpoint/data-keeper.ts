/** What each way of keeping data does in the steps of a checkpoint, and on the way back. Everything here is harmless to repeat. */
import type { Backup, DataBackup } from '../../core/checkpoint/backup.ts';
import type { Checkpoint, DataRestore } from '../../core/checkpoint/checkpoint.ts';
import type { Work } from '../deploy/deployer.ts';
import type { CheckpointContext } from './checkpoint-context.ts';

export interface Taking {
  readonly context: CheckpointContext;
  readonly work: Work;
  readonly backup: Backup;
  readonly checkpoint: Checkpoint;
  /** When it is given up. */
  readonly until: Date;
  readonly signal: AbortSignal;
}

export interface Restoring {
  readonly context: CheckpointContext;
  readonly work: Work;
  readonly backup: Backup;
  readonly restore: DataRestore & { readonly attempt: number; readonly startedAt: Date };
  readonly until: Date;
  readonly signal: AbortSignal;
}

interface Busy {
  readonly kind: 'Busy';
  readonly message: string;
  /** When to look again at the latest. */
  readonly until: Date;
}

export type KeepAnswer =
  /** It has to be written down before it goes on. */
  | { readonly kind: 'Noted'; readonly checkpoint: Checkpoint }
  | Busy
  | { readonly kind: 'Kept'; readonly found: Pick<Checkpoint, 'sizeBytes' | 'message' | 'volumes'> }
  | { readonly kind: 'Failed'; readonly why: string };

export type BringAnswer =
  /** It has to be written down before it goes on. */
  | { readonly kind: 'Noted'; readonly restore: DataRestore }
  | Busy
  /** @property message what there is to say; '' when nothing */
  | { readonly kind: 'Back'; readonly message: string }
  /** @property again another attempt may do better */
  | { readonly kind: 'Failed'; readonly why: string; readonly again: boolean };

export interface DataKeeper<B extends DataBackup> {
  /**
   * While the App still runs as it is: finds out what there is to keep. Undefined: that was done, or there is nothing to find out.
   *
   * @throws OperationError with retry `never` when it cannot be kept: nothing is touched
   */
  survey?(taking: Taking, data: B): Promise<Checkpoint | undefined>;
  keep(taking: Taking, data: B): Promise<KeepAnswer>;
  /**
   * Before the App is stopped: whether it can be brought back at all.
   *
   * @throws OperationError with retry `never` when it cannot: nothing is touched
   */
  check?(restoring: Restoring, data: B): Promise<void>;
  /** The App stands still. */
  bringBack(restoring: Restoring, data: B): Promise<BringAnswer>;
  /** Where the data lies is untouched when bringing it back has failed. */
  whereIsIt?(restore: DataRestore): string | undefined;
  /** What was kept goes, of a checkpoint that is not good or not needed any more. */
  drop?(context: CheckpointContext, namespace: string, checkpoint: Checkpoint, signal: AbortSignal): Promise<void>;
}
