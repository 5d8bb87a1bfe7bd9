/** The effects of the steps of an Update. Each may be repeated: the process can die before the journal is written. */
import type { RunnableTest } from '../../core/app-test/app-test.ts';
import { type DeployPlan, doubtOf } from '../../core/deploy/deploy-plan.ts';
import { type ErrorCode, invariant, isOperationError, OperationError } from '../../core/errors.ts';
import type { Journal } from '../../core/update/journal.ts';
import type { Step } from '../../core/update/next-step.ts';
import * as transitions from '../../core/update/transitions.ts';
import type { Waiting, WaitingReason } from '../../core/waiting.ts';
import { changesOf, journalOf, type UpdateObjectWire } from '../../resources/update/decode-update.ts';
import type { Probers } from '../app-test/test-runner.ts';
import { tryTest } from '../app-test/try-test.ts';
import {
  abandonCheckpoint,
  inheritCheckpoint,
  inheritStopped,
  needsCheckpoint,
} from '../checkpoint/begin-checkpoint.ts';
import type { CheckpointContext } from '../checkpoint/checkpoint-context.ts';
import { restoreData } from '../checkpoint/restore-data.ts';
import { resumeWorkloads } from '../checkpoint/stop-workloads.ts';
import { takeCheckpoint } from '../checkpoint/take-checkpoint.ts';
import type { Deployer, PlanRequest, Work } from '../deploy/deployer.ts';
import type { GateContext } from '../gates/look-at-gates.ts';
import { findPreflightProblem, type PreflightContext } from '../preflight/preflight.ts';
import type { Sight } from './observe.ts';
import type { StepResult } from './step-result.ts';

export interface PerformContext extends GateContext, CheckpointContext, PreflightContext {
  readonly probers: Probers;
}

export type DecidedStep = Exclude<Step, { kind: 'Wait' }>;

/**
 * Does one step.
 *
 * @throws errors of the API server that pass, UPDATE_CONFLICT when somebody else was faster
 */
export async function performStep(
  context: PerformContext,
  work: Work & { readonly tests: readonly RunnableTest[] },
  step: DecidedStep,
  signal: AbortSignal,
): Promise<StepResult> {
  const { clock } = context;
  const { journal } = work;
  switch (step.kind) {
    case 'Plan':
      return await plan(context, work, step.message, signal);
    case 'Backup':
      return await takeCheckpoint(context, work, signal);
    case 'Resume':
      return done(await resumeWorkloads(context, work, signal));
    case 'NoteRan':
      return done(transitions.noted(journal, { ran: true }));
    case 'DecideData':
      return done(decidedData(journal, step));
    case 'RestoreData':
      return await restoreData(context, work, signal);
    case 'Apply':
      return await apply(context, work, signal);
    case 'Restore':
      return await restore(context, work, signal);
    case 'Condemn':
      return done(transitions.condemned(journal, step.failure, clock.now()));
    case 'NoteHealthy':
      return done(transitions.notedHealthy(journal, clock.now()));
    case 'NoteUnhealthy':
      return done(transitions.notedUnhealthy(journal));
    case 'BeginTests':
      return done(transitions.testsBegun(journal, clock.now(), step.message));
    case 'Relapse':
      return done(transitions.relapsed(journal, clock.now(), step.message));
    case 'NoteTest':
      return done(transitions.notedTest(journal, step.record));
    case 'Test':
      return await tryTest(context, work, step.name, signal);
    case 'Finish':
      if (journal.phase === 'RollingBack') {
        // There is no way back, but the version is to blame all the same.
        await rejectVersions(context, work.update, journal, signal);
      }
      await abandonCheckpoint(context, work, signal);
      return done(transitions.finished(journal, step.phase, step.message, clock.now()));
  }
}

/** Removes what the thing waited for cannot go past; answers the wait, which says so where that is not allowed. */
export async function clearWay(remove: Sight['clearWay'], waiting: Waiting, signal: AbortSignal): Promise<Waiting> {
  try {
    await remove?.(signal);
    return waiting;
  } catch (error) {
    if (isRefusal(error)) {
      return {
        ...waiting,
        message: `${waiting.message}; a pod in its way has to be deleted by hand: ${error.message}`,
      };
    }
    throw error;
  }
}

async function plan(
  context: PerformContext,
  { update, journal, spec }: Work,
  ...[message, signal]: readonly [message: string | undefined, signal: AbortSignal]
): Promise<StepResult> {
  const now = () => context.clock.now();
  try {
    const request = { update, spec, record: recordOf(context, update), superseded: supersededOf(context, update) };
    const deployer = deployerFor(context, request);
    const written = await deployer.plan(request, signal);
    if (written === undefined) {
      return done(transitions.finished(journal, 'Cancelled', 'nothing follows the changed sources any more', now()));
    }
    const work = { update, journal, spec };
    const waiting = await findPreflightProblem(context, { work, plan: written, deployer }, signal);
    return waiting === undefined ? done(begin(context, work, written, message)) : { kind: 'Waiting', waiting, journal };
  } catch (error) {
    if (isOperationError(error) && error.retry === 'never' && error.code !== 'INVARIANT') {
      return done(transitions.finished(journal, 'Failed', error.message, now()));
    }
    return { kind: 'Waiting', waiting: waitForWorld(error, now()), journal };
  }
}

const sourceRetryMs = 30_000;

/** A source that cannot be read right now, or an object that another App still has, is told, and tried again; other errors go on. */
function waitForWorld(error: unknown, now: Date): Waiting {
  const reason = isOperationError(error) ? reasonFor(error.code) : undefined;
  if (!isOperationError(error) || reason === undefined) {
    throw error;
  }
  const until = new Date(now.getTime() + Math.max(sourceRetryMs, error.retryAfterMs ?? 0));
  return { reason, message: error.message, until };
}

function reasonFor(code: ErrorCode): WaitingReason | undefined {
  if (code === 'OBJECT_CLAIMED') {
    return 'TargetConflict';
  }
  return /^(?:GIT|REGISTRY|CHART|ARTIFACT|CREDENTIALS|SECRET)_/.test(code) ? 'RegistryUnavailable' : undefined;
}

/** The plan is written; whether something is kept before it is carried out is decided with it. */
function begin(context: PerformContext, work: Work, plan: DeployPlan, message: string | undefined): Journal {
  const { update, journal, spec } = work;
  const now = context.clock.now();
  const doubt = doubtOf(plan);
  if (spec?.rollback.required === true && doubt !== undefined && update.spec.trigger.kind !== 'Rollback') {
    return transitions.finished(
      journal,
      'Failed',
      `spec.rollback.required is set, and it could not be undone: ${doubt}`,
      now,
    );
  }
  const inherited = inheritCheckpoint(context, work);
  const next = inherited === undefined && needsCheckpoint(work) ? 'Backup' : 'Apply';
  const facts = { ...inherited, ...inheritStopped(context, work) };
  return transitions.noted(transitions.planned(journal, plan, now, { next, message }), facts);
}

function decidedData(journal: Journal, { state, message }: Extract<Step, { kind: 'DecideData' }>): Journal {
  return transitions.noted(journal, { dataRestore: { state, message, update: journal.checkpoint?.id ?? '' } });
}

/** What is to come back decides how, where it is recorded; else what the App says now. */
function deployerFor({ deployers }: PerformContext, { update, spec, record }: PlanRequest): Deployer {
  const kind = record?.plan.kind ?? spec?.deploy.kind;
  if (kind === undefined) {
    throw notFound(`plan Update ${update.metadata.name}: App ${update.spec.app} is gone or cannot be read`);
  }
  return deployers[kind];
}

function recordOf(context: PerformContext, { metadata, spec }: UpdateObjectWire): PlanRequest['record'] {
  if (!spec.restore) {
    return undefined;
  }
  const recorded = planNamed(context, metadata.namespace, spec.restore.update);
  if (!recorded) {
    throw notFound(`go back to Update ${spec.restore.update}: it is not kept any more`);
  }
  return { ...spec.restore, plan: recorded };
}

function supersededOf(context: PerformContext, { metadata, spec }: UpdateObjectWire): PlanRequest['superseded'] {
  return spec.supersedes === undefined ? undefined : planNamed(context, metadata.namespace, spec.supersedes);
}

function planNamed(context: PerformContext, namespace: string, name: string): Journal['plan'] {
  const update = context.records.findUpdate(namespace, name);
  return update && journalOf(update, context.clock.now()).plan;
}

async function apply(context: PerformContext, work: Work, signal: AbortSignal): Promise<StepResult> {
  const { journal } = work;
  const now = () => context.clock.now();
  try {
    const result = await deployerOf(context, journal).apply(work, signal);
    switch (result.kind) {
      case 'Done':
        return done(transitions.applied(replanned(journal, result.plan), now(), result.message));
      case 'Waiting':
        return { kind: 'Waiting', waiting: result.waiting, journal: replanned(journal, result.plan) };
      case 'Failed':
        return done(transitions.condemned(journal, result.failure, now()));
      case 'Ended':
        return done(transitions.finished(journal, result.phase, result.message, now()));
    }
  } catch (error) {
    if (isRefusal(error)) {
      const failure = { reason: 'RefusedByApiServer', message: error.message, blamesVersion: false } as const;
      return done(transitions.condemned(journal, failure, now()));
    }
    throw error;
  }
}

function replanned(journal: Journal, plan: DeployPlan | undefined): Journal {
  return plan ? transitions.replanned(journal, plan) : journal;
}

/** How soon the way back is tried again when the API server refuses it. */
const restoreRetryMs = 30_000;

async function restore(context: PerformContext, work: Work, signal: AbortSignal): Promise<StepResult> {
  const { journal } = work;
  const now = () => context.clock.now();
  // The verdict stands whether or not the way back is open.
  await rejectVersions(context, work.update, journal, signal);
  try {
    const result = await deployerOf(context, journal).restore(work, signal);
    switch (result.kind) {
      case 'Done':
        return done(transitions.restored(replanned(journal, result.plan), now(), result.message));
      case 'Waiting':
        return { kind: 'Waiting', waiting: result.waiting, journal: replanned(journal, result.plan) };
      case 'NoWay':
        return done(transitions.finished(journal, 'Failed', result.message, now()));
    }
  } catch (error) {
    if (isRefusal(error)) {
      const until = new Date(now().getTime() + restoreRetryMs);
      return { kind: 'Waiting', waiting: { reason: 'RollbackRefused', message: error.message, until }, journal };
    }
    throw error;
  }
}

function deployerOf({ deployers }: PerformContext, { plan: written }: Journal): Deployer {
  invariant(written !== undefined, 'an Update is applied or taken back before its plan is written');
  return deployers[written.kind];
}

/** Rejects what the Update moved to, if the version is to blame and nobody has rejected it before: that record says by whom and why. */
async function rejectVersions(
  context: PerformContext,
  update: UpdateObjectWire,
  journal: Journal,
  signal: AbortSignal,
): Promise<void> {
  const { failure } = journal;
  if (failure?.blamesVersion !== true || failure.reason === 'Rejected') {
    return;
  }
  for (const { repository, from, to } of changesOf(update.spec)) {
    // A source that did not move is not to blame; of several that moved together none can be told apart.
    if (to.digest !== undefined && to.digest !== from.digest) {
      const rejection = {
        app: update.spec.app,
        repository,
        ...(to.tag === undefined ? {} : { tag: to.tag }),
        digest: to.digest,
        reason: `${failure.reason}: ${failure.message}`,
        author: `Update ${update.metadata.name}`,
        update: update.metadata.name,
      };
      await context.records.reject(update.metadata.namespace, rejection, signal);
    }
  }
}

function isRefusal(error: unknown): error is OperationError {
  return isOperationError(error) && ['API_INVALID', 'API_REJECTED', 'API_FORBIDDEN'].includes(error.code);
}

function notFound(message: string): OperationError {
  return new OperationError(message, { code: 'TARGET_NOT_FOUND', retry: 'never' });
}

function done(journal: Journal): StepResult {
  return { kind: 'Done', journal };
}
