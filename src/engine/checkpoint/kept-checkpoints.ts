/** Which of an App's Updates hold a checkpoint. */
import type { KeptCheckpoint } from '../../core/checkpoint/checkpoint.ts';
import type { UpdateObjectWire } from '../../resources/update/decode-update.ts';

/** The complete checkpoints of an App's Updates, in their order; one that a later Update took over counts once. */
export function keptCheckpoints(updates: readonly UpdateObjectWire[]): readonly KeptCheckpoint[] {
  return updates.flatMap(({ metadata, status }) => {
    const { checkpoint } = status ?? {};
    if (checkpoint?.state !== 'Completed' || checkpoint.finishedAt === undefined || checkpoint.id !== metadata.name) {
      return [];
    }
    const { finishedAt, expiresAt } = checkpoint;
    const expires = expiresAt === undefined ? undefined : new Date(expiresAt);
    return [{ update: metadata.name, finishedAt: new Date(finishedAt), expiresAt: expires }];
  });
}

/** Whether the Update has to be kept, as its checkpoint is in its record. */
export function holdsCheckpoint({ status }: UpdateObjectWire): boolean {
  return status?.checkpoint?.state === 'Completed';
}
