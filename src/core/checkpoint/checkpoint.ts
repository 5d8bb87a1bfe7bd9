/** What was kept before a change: a part of the Update's journal. Times are of our clock where nothing else is said. */
import type { WorkloadKind } from '../workload/workload.ts';
import type { BackupKind } from './backup.ts';

/** `Dropped`: it was good, and has been deleted since. */
export const checkpointStates = ['Running', 'Completed', 'Failed', 'Dropped'] as const;

/** `Begun`: commands that hold writes back may have run. `Done`: all of them have. `Lifted`: those that undo them have, too. */
export const quiesceStates = ['Begun', 'Done', 'Lifted'] as const;

export interface Checkpoint {
  /** Under which the backup knows it: HEADGATE_CHECKPOINT. */
  readonly id: string;
  readonly kind: BackupKind;
  readonly state: (typeof checkpointStates)[number];
  readonly startedAt: Date;
  readonly finishedAt?: Date;
  /** From when on it may go; never the last good one. */
  readonly expiresAt?: Date;
  /** Of the data, as far as it is told. */
  readonly sizeBytes?: number;
  /** What there is to say: why it failed, or what the backup said of itself. */
  readonly message?: string;
  /** The Job that kept the data. */
  readonly job?: string;
  /** Where it has hooks. */
  readonly quiesce?: (typeof quiesceStates)[number];
  /** The snapshots that keep the data. */
  readonly volumes?: readonly KeptVolume[];
  /** The Backup of Velero that keeps the data. */
  readonly velero?: VeleroKept;
  /** Secret with the objects. */
  readonly objects?: string;
  /** When it was complete, by the clock of the API server: pods made later run what came after. */
  readonly sealedAt?: Date;
}

export interface KeptVolume {
  readonly claim: string;
  /** VolumeSnapshot of the App's namespace. */
  readonly snapshot: string;
  /** What a volume made of it must have at least; undefined until it is cut. */
  readonly sizeBytes?: number;
}

/** Where Velero keeps the data of a checkpoint. */
export interface VeleroKept {
  /** Of Velero. */
  readonly namespace: string;
  readonly backup: string;
  /** Claims of the App. */
  readonly claims: readonly string[];
  /** Volumes that the Backup has to hold: those of these claims. */
  readonly covers: number;
}

/** A claim whose volume was moved away from it; a PersistentVolume. */
export interface MovedVolume {
  readonly claim: string;
  readonly brokenVolume: string;
  /** The claim under which the broken volume is kept until a person drops it. */
  readonly brokenClaim: string;
}

/** A claim that gets another volume. */
export interface SwappedVolume extends MovedVolume {
  readonly newVolume: string;
}

/** A workload that was scaled to zero, and what it is to have again. */
export interface StoppedWorkload {
  readonly kind: Extract<WorkloadKind, 'Deployment' | 'StatefulSet'>;
  readonly name: string;
  readonly uid: string;
  readonly replicas: number;
}

/**
 * `NotNeeded`: the data stays as it is, `Asked`: a person has to say, `Agreed`: it is to come back, `Running`: it is coming back,
 * `Done`: it is back; `Failed`: it could not be brought back, and `message` says what is where.
 */
export const dataRestoreStates = ['NotNeeded', 'Asked', 'Agreed', 'Running', 'Done', 'Failed'] as const;

export interface DataRestore {
  readonly state: (typeof dataRestoreStates)[number];
  /** The Update whose checkpoint it is. */
  readonly update: string;
  readonly message?: string;
  /** Who answered. */
  readonly by?: string;
  /** The Job of the present attempt. */
  readonly job?: string;
  /** Claims whose new volumes are there, and which get them now. */
  readonly volumes?: readonly SwappedVolume[];
  /** Claims whose volumes are moved away, so that Velero makes them anew. */
  readonly moved?: readonly MovedVolume[];
  /** The Restore of Velero of the present attempt. */
  readonly veleroRestore?: string;
  /** Counts the attempts. */
  readonly attempt?: number;
  readonly startedAt?: Date;
  readonly finishedAt?: Date;
}

/** What holds writes back in the App's pods has to be undone. */
export function isHeldBack(checkpoint: Checkpoint | undefined): boolean {
  return checkpoint?.quiesce === 'Begun' || checkpoint?.quiesce === 'Done';
}

const largestSize = Number.MAX_SAFE_INTEGER;

/**
 * The size that a backup tells in its termination message: a number alone, `size=123`, or JSON with a field `size`.
 *
 * @returns bytes; undefined where it tells none
 */
export function readSize(message: string): number | undefined {
  const [, digits] = /^\s*(\d{1,16})\s*$/.exec(message) ?? [];
  const [, named] = /(?:^|[\s,{])"?size"?\s*[=:]\s*(\d{1,16})\b/.exec(message) ?? [];
  const found = digits ?? named;
  const size = found === undefined ? undefined : Number(found);
  return size === undefined || size > largestSize ? undefined : size;
}

export interface KeptCheckpoint {
  readonly update: string;
  readonly finishedAt: Date;
  readonly expiresAt: Date | undefined;
}

/**
 * Which checkpoints may go: neither among the newest that are always kept nor younger than their age. The newest is never among them.
 *
 * @param kept those that are complete, newest first
 */
export function chooseExpired(kept: readonly KeptCheckpoint[], keep: number, now: Date): readonly KeptCheckpoint[] {
  return kept.slice(Math.max(1, keep)).filter(({ expiresAt }) => expiresAt === undefined || expiresAt <= now);
}
