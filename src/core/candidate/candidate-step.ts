/** What is seen of a candidate, what it is judged by, and the steps that are taken. */
import type { TestRecord } from '../app-test/test-record.ts';
import type { GateAnswer } from '../gates/gate-answer.ts';
import type { TestPlan } from '../update/test-steps.ts';
import type { Waiting } from '../waiting.ts';
import type { CandidateOutcome, Fault, TrialPurpose, TrialResult } from './candidate.ts';
import type { TrialPath } from './trial-path.ts';

/** How an App stands to what it shall run in the open trial. */
export type Standing =
  | { readonly kind: 'Arrived' }
  /** In a scratch namespace: it was not given there what it shall run. */
  | { readonly kind: 'Absent' }
  | { readonly kind: 'Moving'; readonly message: string }
  /** Its own Update went back, and the version was rejected. */
  | { readonly kind: 'Rejected'; readonly message: string }
  /** It can neither go on nor back by itself. */
  | { readonly kind: 'Stuck'; readonly message: string };

export interface CandidateSight {
  /** Of each App of the candidate. */
  readonly standings: ReadonlyMap<string, Standing>;
  /** An App that is not well, and since when it may be so at most; undefined: all are well. */
  readonly unwell: { readonly message: string; readonly patienceMs: number } | undefined;
  /** Whether the definitions of the Apps are still those that the open trial began with. */
  readonly isSameDefinition: boolean;
  /** What has to be given before it is released. */
  readonly gate: GateAnswer;
}

export interface CandidateSettings {
  readonly tests: readonly TestPlan[];
  /** Metrics that are asked again and again while it soaks. */
  readonly watches: readonly TestPlan[];
  readonly soakMs: number;
  /** Other ways on which a set has to pass. */
  readonly paths: readonly TrialPath[];
  /** How long all Apps may take to get there on one of them. */
  readonly pathTimeoutMs: number;
  /** Which of some new versions may go together. */
  readonly consistent: (members: readonly string[]) => readonly string[];
}

export type CandidateStep =
  | {
      readonly kind: 'BeginTrial';
      readonly purpose: TrialPurpose;
      readonly members: readonly string[];
      readonly soaks: boolean;
      readonly path?: TrialPath | undefined;
    }
  /** Gives the Apps in the scratch namespace what they shall run; harmless to repeat. */
  | { readonly kind: 'Install' }
  /** The older Release runs. */
  | { readonly kind: 'NoteBased' }
  /** Removes what is left of trials that are over; harmless to repeat. */
  | { readonly kind: 'Clear' }
  /** What could not be removed in time is left to the sweep. */
  | { readonly kind: 'LeaveBehind' }
  | { readonly kind: 'NoteArrived' }
  /** Make one attempt of a test, or look at the one under way; harmless to repeat. */
  | { readonly kind: 'Test'; readonly name: string; readonly of: 'tests' | 'watches' }
  | { readonly kind: 'NoteTest'; readonly record: TestRecord; readonly of: 'tests' | 'watches' }
  | { readonly kind: 'NoteTested' }
  | { readonly kind: 'NoteWell'; readonly unwellSince: Date | undefined }
  | { readonly kind: 'EndTrial'; readonly result: Omit<TrialResult, 'at'> }
  /** Has the cluster remember it; harmless to repeat. */
  | { readonly kind: 'Blame'; readonly fault: Fault }
  /** Makes the Release of the last trial; harmless to repeat. */
  | { readonly kind: 'Release' }
  | { readonly kind: 'End'; readonly outcome: CandidateOutcome; readonly message: string }
  /** @property lookAt when it is to be looked at again, where that is before `waiting.until` or there is none */
  | { readonly kind: 'Wait'; readonly waiting: Waiting; readonly lookAt?: Date | undefined };

/** @param more apart from these it blames nobody, before the soak */
export function end(
  kind: TrialResult['kind'],
  message: string,
  more: Partial<Pick<TrialResult, 'blames' | 'inSoak'>> = {},
): CandidateStep {
  return { kind: 'EndTrial', result: { kind, message, blames: more.blames ?? [], inSoak: more.inSoak ?? false } };
}
