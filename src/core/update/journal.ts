/**
 * The journal of one Update: what it is to do, what it did, and what ran before. It is written to the Update's
 * status before and after each step with side effects, so that a controller killed anywhere goes on from it.
 */

import type { ActionRecord } from '../access/action-record.ts';
import type { TestRecord } from '../app-test/test-record.ts';
import type { Checkpoint, DataRestore, StoppedWorkload } from '../checkpoint/checkpoint.ts';
import type { DeployPlan } from '../deploy/deploy-plan.ts';
import type { Approval } from '../gates/approval.ts';
import type { FailureReason } from '../health/health.ts';
import type { Waiting } from '../waiting.ts';

/**
 * `Pending` nothing done; `BackingUp` the plan is written, the data is being kept; `Applying` images are being set; `Watching` all are set;
 * `Testing` it was healthy for long enough, its tests are on;
 * `RollingBack` the verdict is written, images are being set back; `VerifyingRollback` all are back.
 * The others are ends.
 */
export const updatePhases = [
  'Pending',
  'BackingUp',
  'Applying',
  'Watching',
  'Testing',
  'RollingBack',
  'VerifyingRollback',
  'Succeeded',
  'RolledBack',
  'Superseded',
  'Cancelled',
  'Failed',
] as const;

export type UpdatePhase = (typeof updatePhases)[number];

export type FinalPhase = 'Succeeded' | 'RolledBack' | 'Superseded' | 'Cancelled' | 'Failed';

export function isFinal(phase: UpdatePhase): phase is FinalPhase {
  switch (phase) {
    case 'Succeeded':
    case 'RolledBack':
    case 'Superseded':
    case 'Cancelled':
    case 'Failed':
      return true;
    case 'Pending':
    case 'BackingUp':
    case 'Applying':
    case 'Watching':
    case 'Testing':
    case 'RollingBack':
    case 'VerifyingRollback':
      return false;
  }
}

export const stepNames = ['Plan', 'Backup', 'Apply', 'Watch', 'Test', 'RollBack', 'VerifyRollback'] as const;

export type StepName = (typeof stepNames)[number];

/** One line of the record that people read. */
export interface StepRecord {
  readonly name: StepName;
  readonly startedAt: Date;
  readonly finishedAt?: Date;
  readonly result?: 'Done' | 'Failed' | 'Stopped';
  readonly message?: string;
}

export interface Failure {
  readonly reason: FailureReason;
  readonly message: string;
  /**
   * True when the version itself is bad, so that its digests are rejected. False when the world was in the way
   * (somebody else changed the workload): then going back is right, rejecting is not.
   */
  readonly blamesVersion: boolean;
}

export interface Journal {
  readonly phase: UpdatePhase;
  readonly startedAt: Date;
  readonly steps: readonly StepRecord[];
  /** What stands there, what is set, what going back sets; undefined until it was found out. */
  readonly plan?: DeployPlan;
  /** Since when all workloads are healthy without a break; undefined while they are not. */
  readonly healthySince?: Date;
  readonly failure?: Failure;
  /** In the order in which they began. */
  readonly tests?: readonly TestRecord[];
  /** What was kept before the change. */
  readonly checkpoint?: Checkpoint;
  /** What is scaled to zero by this Update, and is to run again. */
  readonly stopped?: readonly StoppedWorkload[];
  /** The new version has been at work since the checkpoint, so that it may have written. */
  readonly ran?: boolean;
  /** What becomes of the data on the way back; undefined until that was decided. */
  readonly dataRestore?: DataRestore;
  readonly waiting?: Waiting;
  /** By people; kept with the Update, whose versions they are for. */
  readonly approvals?: readonly Approval[];
  /** What people and programs did to it by the API. */
  readonly actions?: readonly ActionRecord[];
  readonly finishedAt?: Date;
}

/** The new version is in place and has to prove itself, by its health or by tests. */
export function isOnTrial(phase: UpdatePhase): boolean {
  return phase === 'Watching' || phase === 'Testing';
}

/** The start of the last step of that name; undefined when it has not started. */
export function stepStartedAt(journal: Journal, name: StepName): Date | undefined {
  return journal.steps.findLast((step) => step.name === name)?.startedAt;
}
