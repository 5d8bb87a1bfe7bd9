/**
 * The one decision of an Update: from its journal and from what is seen in the cluster to the next step.
 *
 * Pure: no clock, no cluster. The engine performs what is answered here (advance-update.ts) and writes the journal
 * around it; a controller killed at any line asks again and gets an answer that finishes or undoes the Update, once.
 */
import type { DataPolicy } from '../checkpoint/backup.ts';
import { isHeldBack } from '../checkpoint/checkpoint.ts';
import { formatDuration } from '../duration.ts';
import type { GateAnswer } from '../gates/gate-answer.ts';
import type { WindowState } from '../gates/window.ts';
import type { Health } from '../health/health.ts';
import { joinSome } from '../text.ts';
import type { Waiting } from '../waiting.ts';
import { bringData, type DataStep, decideData, isDataTouched } from './data-steps.ts';
import { type Failure, type Journal, stepStartedAt } from './journal.ts';
import { judgeTesting, type TestPlan, type TestStep } from './test-steps.ts';

export interface UpdateSettings {
  /** Time from the last image being set until everything must be healthy. */
  readonly timeoutMs: number;
  /** Time that everything must stay healthy before the Update counts as done. */
  readonly stableForMs: number;
  /** In this order, once it was stable; undefined while the App cannot be read. */
  readonly tests: readonly TestPlan[] | undefined;
  /** What becomes of the data when it goes back. */
  readonly data: DataPolicy;
}

/** What the cluster shows, gathered fresh for each decision. */
export interface Observation {
  readonly health: Health;
  /** A Rejection names one of the digests that this Update moves to, or used to. */
  readonly rejected: boolean;
  /** A newer version than this Update's is available. */
  readonly newerAvailable: string | undefined;
  /** A Rejection names one of the versions that a rollback would bring back. */
  readonly formerRejected: boolean;
  /** Containers whose image somebody else changed: neither what was before nor what this Update sets. */
  readonly contested: readonly string[];
  /** Containers that had gone back and carry this Update's image again; only looked at while a rollback is verified. */
  readonly reapplied: readonly string[];
  /** Workloads of the plan that are gone or were made anew. */
  readonly gone: readonly string[];
  /** False once the App was deleted or suspended before anything was changed. */
  readonly appActive: boolean;
  /** Before anything was changed: whether it may begin. */
  readonly gate: GateAnswer;
  /** Before anything was changed: why it is of no use any more. */
  readonly obsolete: string | undefined;
  /** Closed: what is under way has to be undone. */
  readonly window: WindowState;
  /** A container of the new version has been at work since the checkpoint; only looked at where there is one. */
  readonly ran: boolean;
}

export type Step =
  /** Write down what runs and what is to be set. */
  | { readonly kind: 'Plan'; readonly message?: string }
  /** Go on with the checkpoint; harmless to repeat. */
  | { readonly kind: 'Backup' }
  /** Let run again what was scaled to zero; harmless to repeat. */
  | { readonly kind: 'Resume' }
  /** Set the images of the plan; harmless to repeat. */
  | { readonly kind: 'Apply' }
  /** Set back what the plan says ran before and reject the version if it is to blame; harmless to repeat. */
  | { readonly kind: 'Restore' }
  /** Write the verdict; the next step restores. */
  | { readonly kind: 'Condemn'; readonly failure: Failure }
  | DataStep
  | { readonly kind: 'NoteHealthy' }
  | { readonly kind: 'NoteUnhealthy' }
  /** It was stable: its tests begin. */
  | { readonly kind: 'BeginTests'; readonly message: string }
  | TestStep
  | {
      readonly kind: 'Finish';
      readonly phase: 'Succeeded' | 'RolledBack' | 'Superseded' | 'Cancelled' | 'Failed';
      readonly message: string;
    }
  /** @property lookAt when it is to be looked at again, where that is before `waiting.until` or there is none */
  | { readonly kind: 'Wait'; readonly waiting: Waiting; readonly lookAt?: Date | undefined };

/**
 * Answers what to do next.
 *
 * @returns undefined when the Update has ended
 */
export function nextStep(journal: Journal, seen: Observation, settings: UpdateSettings, now: Date): Step | undefined {
  switch (journal.phase) {
    case 'Pending':
      return beforeAnyChange(seen) ?? passGate(seen);
    case 'BackingUp':
      return backUp(journal, seen);
    case 'Applying':
      return refusal(seen) ?? bringData(journal) ?? { kind: 'Apply' };
    case 'Watching':
      return resumption(journal) ?? watch(journal, seen, settings, now);
    case 'Testing':
      return test(journal, seen, settings, now);
    case 'RollingBack':
      return goBack(journal, seen, settings);
    case 'VerifyingRollback':
      return resumption(journal) ?? verifyRollback(journal, seen, settings, now);
    case 'Succeeded':
    case 'RolledBack':
    case 'Superseded':
    case 'Cancelled':
    case 'Failed':
      return undefined;
  }
}

function beforeAnyChange(seen: Observation): Step | undefined {
  if (seen.rejected) {
    return { kind: 'Finish', phase: 'Cancelled', message: 'the version was rejected before anything was changed' };
  }
  if (!seen.appActive) {
    return {
      kind: 'Finish',
      phase: 'Cancelled',
      message: 'the App was suspended or deleted before anything was changed',
    };
  }
  const message = seen.newerAvailable === undefined ? seen.obsolete : `${seen.newerAvailable} is available by now`;
  return message === undefined ? undefined : { kind: 'Finish', phase: 'Cancelled', message };
}

/** Nothing but the checkpoint was made; what stands in the way ends the Update without a trace. */
function backUp(journal: Journal, seen: Observation): Step {
  const { failure } = journal;
  const failed: Step | undefined = failure && { kind: 'Finish', phase: 'Failed', message: failure.message };
  const stop = failed ?? beforeAnyChange(seen) ?? closedBeforeAnyChange(seen);
  return stop ? (resumption(journal) ?? stop) : { kind: 'Backup' };
}

function closedBeforeAnyChange({ window }: Observation): Step | undefined {
  return window.kind === 'Closed'
    ? {
        kind: 'Finish',
        phase: 'Cancelled',
        message: `its window closed before anything was changed: ${window.because}`,
      }
    : undefined;
}

/** What was stopped or held back runs again before anything else is judged. */
function resumption({ stopped, checkpoint }: Journal): Step | undefined {
  return stopped === undefined && !isHeldBack(checkpoint) ? undefined : { kind: 'Resume' };
}

function passGate({ gate }: Observation): Step {
  if (gate.kind === 'Shut') {
    return { kind: 'Wait', waiting: gate.waiting, ...(gate.lookAt === undefined ? {} : { lookAt: gate.lookAt }) };
  }
  return gate.notes === undefined || gate.notes.length === 0
    ? { kind: 'Plan' }
    : { kind: 'Plan', message: joinSome(gate.notes, '; ') };
}

/** What ends an Update at once wherever it stands between the plan and the verdict. */
function refusal(seen: Observation): Step | undefined {
  if (seen.rejected) {
    return condemn('Rejected', 'the version was rejected while it was being tried', true);
  }
  if (seen.gone.length > 0) {
    return condemn('WorkloadGone', `gone or made anew: ${joinSome(seen.gone, ', ')}`, false);
  }
  if (seen.contested.length > 0) {
    return condemn('ChangedByOther', `changed by somebody else: ${joinSome(seen.contested, ', ')}`, false);
  }
  if (seen.window.kind === 'Closed') {
    return condemn('WindowClosed', `it had not proved itself when its window closed: ${seen.window.because}`, false);
  }
  return undefined;
}

function watch(journal: Journal, seen: Observation, settings: UpdateSettings, now: Date): Step {
  return (
    verdict(journal, seen) ??
    (seen.health.kind === 'Current'
      ? stabilize(journal, seen, settings, now)
      : stillRollingOut(journal, { ...seen, message: seen.health.message }, settings, now))
  );
}

/** What ends an Update whose version is in place, whether it is watched or tested. */
function verdict(journal: Journal, seen: Observation): Step | undefined {
  const stop = refusal(seen);
  if (stop) {
    return stop;
  }
  // Before anything newer: a version that only gives way is not rejected, and would be tried again should the newer
  // one be bad as well.
  if (seen.health.kind === 'Failed') {
    return condemn(seen.health.reason, seen.health.message, true);
  }
  if (seen.ran && journal.ran !== true) {
    return { kind: 'NoteRan' };
  }
  if (seen.newerAvailable !== undefined) {
    const message = `${seen.newerAvailable} arrived before this version had proved itself`;
    return { kind: 'Finish', phase: 'Superseded', message };
  }
  return undefined;
}

function stabilize(journal: Journal, seen: Observation, settings: UpdateSettings, now: Date): Step {
  if (journal.healthySince === undefined) {
    return { kind: 'NoteHealthy' };
  }
  const until = new Date(journal.healthySince.getTime() + settings.stableForMs);
  if (now >= until) {
    const healthy = `healthy for ${formatDuration(settings.stableForMs)}`;
    return (settings.tests ?? []).length > 0
      ? { kind: 'BeginTests', message: healthy }
      : { kind: 'Finish', phase: 'Succeeded', message: healthy };
  }
  const message = `healthy; must stay so for ${formatDuration(settings.stableForMs)}`;
  return { kind: 'Wait', waiting: { reason: 'Stabilizing', message, until: sooner(until, seen) } };
}

function test(journal: Journal, seen: Observation, { tests }: UpdateSettings, now: Date): Step {
  const end = verdict(journal, seen);
  if (end) {
    return end;
  }
  const closesAt = seen.window.kind === 'Open' ? seen.window.closesAt : undefined;
  const step = judgeTesting(journal, { tests, health: seen.health, closesAt }, now);
  switch (step.kind) {
    case 'Bad':
      return condemn(step.reason, step.message, true);
    case 'Passed':
      return { kind: 'Finish', phase: 'Succeeded', message: step.message };
    default:
      return step;
  }
}

function stillRollingOut(
  journal: Journal,
  seen: Observation & { readonly message: string },
  settings: UpdateSettings,
  now: Date,
): Step {
  const { message } = seen;
  if (journal.healthySince !== undefined) {
    return { kind: 'NoteUnhealthy' };
  }
  const until = deadline(journal, 'Watch', settings, now);
  if (now >= until) {
    return condemn(
      'HealthTimeout',
      `not healthy ${formatDuration(settings.timeoutMs)} after it was applied: ${message}`,
      true,
    );
  }
  return { kind: 'Wait', waiting: { reason: 'Rollout', message, until: sooner(until, seen) } };
}

/** What has to be undone when its window closes is looked at again then. */
function sooner(until: Date, { window }: Observation): Date {
  const closesAt = window.kind === 'Open' ? window.closesAt : undefined;
  return closesAt !== undefined && closesAt < until ? closesAt : until;
}

function goBack(journal: Journal, seen: Observation, settings: UpdateSettings): Step {
  if (seen.formerRejected) {
    const rests = isDataTouched(journal);
    return (rests ? undefined : resumption(journal)) ?? stuck(journal, rests);
  }
  return decideData(journal, seen, settings.data) ?? bringData(journal) ?? { kind: 'Restore' };
}

/** No path may apply a rejected version, not even the way back. */
function stuck(journal: Journal, rests: boolean): Step {
  const cause = journal.failure?.message ?? 'unknown';
  const data = rests
    ? `; the App stays scaled to zero, as the bad version must not run on data that came back (${journal.dataRestore?.state})`
    : '';
  const message = `${cause}; the former version is rejected as well, so it is not set back: a person has to choose${data}`;
  return { kind: 'Finish', phase: 'Failed', message };
}

function verifyRollback(journal: Journal, seen: Observation, settings: UpdateSettings, now: Date): Step {
  const cause = journal.failure?.message ?? 'asked for';
  if (seen.reapplied.length > 0) {
    return restoreAgain(journal, seen, cause);
  }
  if (seen.health.kind === 'Current') {
    const phase = journal.failure?.blamesVersion === false ? 'Failed' : 'RolledBack';
    return { kind: 'Finish', phase, message: cause };
  }
  const until = deadline(journal, 'VerifyRollback', settings, now);
  if (now >= until) {
    const message = `went back because of "${cause}", but is not healthy since: ${seen.health.message}`;
    return { kind: 'Finish', phase: 'Failed', message };
  }
  return { kind: 'Wait', waiting: { reason: 'RollbackRollout', message: seen.health.message, until } };
}

/** A controller that was frozen in the middle of applying may wake after the way back; somebody who fights it must not win for ever. */
const maxRestores = 5;

function restoreAgain(journal: Journal, seen: Observation, cause: string): Step {
  const restores = journal.steps.filter((step) => step.name === 'VerifyRollback').length;
  if (restores < maxRestores && !seen.formerRejected) {
    return { kind: 'Restore' };
  }
  const message = `${cause}; went back ${restores} times, but somebody sets it again: ${joinSome(seen.reapplied, ', ')}`;
  return { kind: 'Finish', phase: 'Failed', message };
}

function deadline(journal: Journal, step: 'Watch' | 'VerifyRollback', settings: UpdateSettings, now: Date): Date {
  const startedAt = stepStartedAt(journal, step) ?? now;
  return new Date(startedAt.getTime() + settings.timeoutMs);
}

function condemn(reason: Failure['reason'], message: string, blamesVersion: boolean): Step {
  return { kind: 'Condemn', failure: { reason, message, blamesVersion } };
}
