/**
 * How the journal changes with each step. Pure; the only place where phases are assigned.
 *
 * Times never go backwards, although another controller may take over whose clock is behind: the record would show
 * steps that end before they begin.
 */

import { asksPerson, type TestRecord } from '../app-test/test-record.ts';
import type { Checkpoint } from '../checkpoint/checkpoint.ts';
import { isHeldBack } from '../checkpoint/checkpoint.ts';
import type { DeployPlan } from '../deploy/deploy-plan.ts';
import type { Waiting } from '../waiting.ts';
import type { Failure, FinalPhase, Journal, StepName, StepRecord, UpdatePhase } from './journal.ts';

/** The journal of an Update on which nothing was done yet. */
export function openJournal(now: Date): Journal {
  return { phase: 'Pending', startedAt: now, steps: [{ name: 'Plan', startedAt: now }] };
}

/**
 * @param next what is done with the plan first
 * @param message what there is to say of the gates that it passed
 */
export function planned(
  journal: Journal,
  plan: DeployPlan,
  now: Date,
  { next = 'Apply', message }: { readonly next?: 'Backup' | 'Apply'; readonly message?: string | undefined } = {},
): Journal {
  const phase = next === 'Backup' ? 'BackingUp' : 'Applying';
  return { ...enter(journal, { phase, step: next }, now, message), plan };
}

/** The checkpoint is complete; only now may anything be changed. */
export function backedUp(journal: Journal, checkpoint: Checkpoint, now: Date): Journal {
  return { ...enter(journal, { phase: 'Applying', step: 'Apply' }, now, checkpoint.message), checkpoint };
}

/** More is known of the checkpoint, of what is stopped, or of the data on its way back. */
export function noted(
  journal: Journal,
  facts: Partial<Pick<Journal, 'checkpoint' | 'stopped' | 'ran' | 'dataRestore'>>,
): Journal {
  return { ...journal, ...facts };
}

/** Nothing is stopped or held back any more. */
export function resumed(journal: Journal): Journal {
  const { stopped: _, checkpoint, ...rest } = journal;
  return {
    ...rest,
    ...(checkpoint && { checkpoint: isHeldBack(checkpoint) ? { ...checkpoint, quiesce: 'Lifted' } : checkpoint }),
  };
}

/** More is known of the plan than when it was written, for example under which number a change was recorded. */
export function replanned(journal: Journal, plan: DeployPlan): Journal {
  return { ...journal, plan };
}

/** @param message what there is to say of the step that has ended */
export function applied(journal: Journal, now: Date, message?: string): Journal {
  return enter(journal, { phase: 'Watching', step: 'Watch' }, now, message);
}

export function testsBegun(journal: Journal, now: Date, message: string): Journal {
  return enter(journal, { phase: 'Testing', step: 'Test' }, now, message);
}

/** It stopped being healthy while it was tested; what its tests came to so far stays. */
export function relapsed(journal: Journal, now: Date, message: string): Journal {
  const { healthySince: _, ...rest } = journal;
  return enter(rest, { phase: 'Watching', step: 'Watch' }, now, message);
}

export function notedTest(journal: Journal, record: TestRecord): Journal {
  const { waiting: _, ...rest } = journal;
  const before = journal.tests ?? [];
  const isKnown = before.some(({ name }) => name === record.name);
  const tests = isKnown ? before.map((one) => (one.name === record.name ? record : one)) : [...before, record];
  return { ...rest, tests };
}

/** A person takes for good what its tests could not tell. */
export function acceptedTests(journal: Journal, by: string): Journal {
  const tests = (journal.tests ?? []).map((test) => (asksPerson(test) ? { ...test, acceptedBy: by } : test));
  return { ...journal, tests };
}

export function condemned(journal: Journal, failure: Failure, now: Date): Journal {
  const at = notBeforeLast(journal, now);
  const closed = closeStep(journal.steps, 'Failed', failure.message, at);
  const { healthySince: _, waiting: __, ...rest } = journal;
  return { ...rest, failure, phase: 'RollingBack', steps: [...closed, { name: 'RollBack', startedAt: at }] };
}

export function restored(journal: Journal, now: Date, message?: string): Journal {
  return enter(journal, { phase: 'VerifyingRollback', step: 'VerifyRollback' }, now, message);
}

export function notedHealthy(journal: Journal, now: Date): Journal {
  return { ...journal, healthySince: notBeforeLast(journal, now) };
}

export function notedUnhealthy(journal: Journal): Journal {
  const { healthySince: _, ...rest } = journal;
  return rest;
}

export function waitingFor(journal: Journal, waiting: Waiting): Journal {
  return { ...journal, waiting };
}

export function finished(journal: Journal, phase: FinalPhase, message: string, now: Date): Journal {
  const result = phase === 'Succeeded' || phase === 'RolledBack' ? 'Done' : phase === 'Failed' ? 'Failed' : 'Stopped';
  const at = notBeforeLast(journal, now);
  const { waiting: _, ...rest } = journal;
  return { ...rest, phase, steps: closeStep(journal.steps, result, message, at), finishedAt: at };
}

/** Closes the step under way and begins the next. */
function enter(
  journal: Journal,
  to: { readonly phase: UpdatePhase; readonly step: StepName },
  now: Date,
  message?: string,
): Journal {
  const at = notBeforeLast(journal, now);
  const { waiting: _, ...rest } = journal;
  const closed = closeStep(journal.steps, 'Done', message, at);
  return { ...rest, phase: to.phase, steps: [...closed, { name: to.step, startedAt: at }] };
}

function notBeforeLast(journal: Journal, now: Date): Date {
  const last = journal.steps.at(-1);
  const at = last?.finishedAt ?? last?.startedAt ?? journal.startedAt;
  return now < at ? at : now;
}

function closeStep(
  steps: readonly StepRecord[],
  result: 'Done' | 'Failed' | 'Stopped',
  message: string | undefined,
  at: Date,
): readonly StepRecord[] {
  return steps.map((step) =>
    step.finishedAt === undefined
      ? { ...step, finishedAt: at, result, ...(message === undefined ? {} : { message }) }
      : step,
  );
}
