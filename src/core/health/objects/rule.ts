/** What a rule of one kind gets. */
import type { Condition } from './conditions.ts';
import type { Fields } from './fields.ts';
import type { HealthChecks } from './health-checks.ts';
import type { ObjectHealth } from './object-health.ts';

export interface JudgedObject {
  readonly fields: Fields;
  /** status.conditions, checked. */
  readonly conditions: readonly Condition[];
}

export interface AssessOptions {
  /** The present time; only a pod that nobody could place yet is judged by it. */
  readonly now: Date;
  /** A Job is InProgress until it has ended; kstatus calls it Current as soon as it runs. */
  readonly waitForJobs?: boolean;
  /** Take the place of the rules for their kinds. */
  readonly checks?: HealthChecks;
}

/** Judges an object about which the rules for all kinds had nothing to say. */
export type Rule = (object: JudgedObject, options: AssessOptions) => ObjectHealth;
