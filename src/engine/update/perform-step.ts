/** The effects of the steps of an Update. Each may be repeated: the process can die before the journal is written. */
import type { AppSpec } from '../../core/app/app.ts';
import { bindContainers } from '../../core/app/bind-containers.ts';
import { isOperationError, OperationError } from '../../core/errors.ts';
import type { Journal, WorkloadChange } from '../../core/update/journal.ts';
import type { Step } from '../../core/update/next-step.ts';
import * as transitions from '../../core/update/transitions.ts';
import type { Waiting } from '../../core/waiting.ts';
import { decodeAppSpec } from '../../resources/decode-app.ts';
import { changesOf, journalOf, type UpdateObjectWire } from '../../resources/decode-update.ts';
import type { BlockingPod } from './observe.ts';
import { planFromRecord, planFromVersions } from '../deploy/workloads/plan-images.ts';
import type { Clock } from '../ports/clock.ts';
import type { Records } from '../ports/records.ts';
import type { Registry, RegistryAccesses } from '../ports/registry.ts';
import type { Workloads } from '../ports/workloads.ts';
import { applyPlan, restorePlan } from '../deploy/workloads/set-images.ts';

export interface PerformContext {
  readonly workloads: Workloads;
  readonly records: Records;
  readonly registry: Registry;
  readonly accesses: RegistryAccesses;
  readonly clock: Clock;
}

export type StepResult =
  | { readonly kind: 'Done'; readonly journal: Journal }
  /** The API server does not let us; the same step is tried again later. */
  | { readonly kind: 'Refused'; readonly waiting: Waiting };

export interface Decided {
  readonly journal: Journal;
  readonly step: Exclude<Step, { kind: 'Wait' }>;
}

/**
 * Does one step.
 *
 * @throws errors of the API server that pass, UPDATE_CONFLICT when somebody else was faster
 */
export async function performStep(
  context: PerformContext,
  update: UpdateObjectWire,
  { journal, step }: Decided,
  signal: AbortSignal,
): Promise<StepResult> {
  const { clock } = context;
  switch (step.kind) {
    case 'Plan':
      return done(await plan(context, update, journal, signal));
    case 'Apply':
      return done(await apply(context, update, journal, signal));
    case 'Restore':
      return await restore(context, update, journal, signal);
    case 'Condemn':
      return done(transitions.condemned(journal, step.failure, clock.now()));
    case 'NoteHealthy':
      return done(transitions.notedHealthy(journal, clock.now()));
    case 'NoteUnhealthy':
      return done(transitions.notedUnhealthy(journal));
    case 'Finish':
      if (journal.phase === 'RollingBack') {
        // There is no way back, but the version is to blame all the same.
        await rejectVersions(context, update, journal, signal);
      }
      return done(transitions.finished(journal, step.phase, step.message, clock.now()));
  }
}

/** Deletes the pods that what is waited for cannot go past; answers the wait, which says so where that is not allowed. */
export async function clearWay(
  { workloads }: Pick<PerformContext, 'workloads'>,
  blocking: readonly BlockingPod[],
  waiting: Waiting,
  signal: AbortSignal,
): Promise<Waiting> {
  try {
    for (const { workload, pod } of blocking) {
      await workloads.deletePod(workload, pod, signal);
    }
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

/** The App's spec; undefined when the App is gone or was made unreadable while the Update runs. */
export function specOf(
  context: { readonly records: Records },
  { metadata, spec }: UpdateObjectWire,
): AppSpec | undefined {
  const app = context.records.findApp(metadata.namespace, spec.app);
  try {
    return app && decodeAppSpec(app);
  } catch (error) {
    if (isOperationError(error) && error.retry === 'never') {
      return undefined;
    }
    throw error;
  }
}

async function plan(
  context: PerformContext,
  update: UpdateObjectWire,
  journal: Journal,
  signal: AbortSignal,
): Promise<Journal> {
  const now = () => context.clock.now();
  try {
    const workloads = await planWorkloads(context, update, signal);
    return workloads.length === 0
      ? transitions.finished(journal, 'Cancelled', 'no container follows the changed sources any more', now())
      : transitions.planned(journal, workloads, now());
  } catch (error) {
    if (isOperationError(error) && error.retry === 'never' && error.code !== 'INVARIANT') {
      return transitions.finished(journal, 'Failed', error.message, now());
    }
    throw error;
  }
}

async function planWorkloads(
  context: PerformContext,
  update: UpdateObjectWire,
  signal: AbortSignal,
): Promise<readonly WorkloadChange[]> {
  const { namespace } = update.metadata;
  const { restore: record, supersedes, app } = update.spec;
  const workloads = context.workloads.list(namespace);
  if (record) {
    const journal = journalNamed(context, namespace, record.update);
    if (!journal) {
      throw notFound(`go back to Update ${record.update}: it is not kept any more`);
    }
    return planFromRecord(workloads, { ...record, journal });
  }
  const spec = specOf(context, update);
  if (!spec) {
    throw notFound(`plan Update ${update.metadata.name}: App ${app} is gone or cannot be read`);
  }
  const request = {
    namespace,
    containers: bindContainers(spec, workloads).containers,
    changes: changesOf(update.spec),
    imageReference: spec.deploy.imageReference,
    superseded: supersedes === undefined ? undefined : journalNamed(context, namespace, supersedes),
  };
  return await planFromVersions(context, request, signal);
}

async function apply(
  context: PerformContext,
  update: UpdateObjectWire,
  journal: Journal,
  signal: AbortSignal,
): Promise<Journal> {
  const { clock, workloads } = context;
  try {
    await applyPlan(workloads, update.metadata.namespace, journal, signal);
    return transitions.applied(journal, clock.now());
  } catch (error) {
    if (isRefusal(error)) {
      const failure = { reason: 'RefusedByApiServer', message: error.message, blamesVersion: false } as const;
      return transitions.condemned(journal, failure, clock.now());
    }
    throw error;
  }
}

/** How soon the way back is tried again when the API server refuses it. */
const restoreRetryMs = 30_000;

async function restore(
  context: PerformContext,
  update: UpdateObjectWire,
  journal: Journal,
  signal: AbortSignal,
): Promise<StepResult> {
  const { clock, workloads } = context;
  // The verdict stands whether or not the way back is open.
  await rejectVersions(context, update, journal, signal);
  try {
    await restorePlan(workloads, update.metadata.namespace, journal, signal);
    return done(transitions.restored(journal, clock.now()));
  } catch (error) {
    if (isRefusal(error)) {
      const until = new Date(clock.now().getTime() + restoreRetryMs);
      return { kind: 'Refused', waiting: { reason: 'RollbackRefused', message: error.message, until } };
    }
    throw error;
  }
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

function journalNamed(context: PerformContext, namespace: string, name: string): Journal | undefined {
  const update = context.records.findUpdate(namespace, name);
  return update && journalOf(update, context.clock.now());
}

function notFound(message: string): OperationError {
  return new OperationError(message, { code: 'TARGET_NOT_FOUND', retry: 'never' });
}

function done(journal: Journal): StepResult {
  return { kind: 'Done', journal };
}
