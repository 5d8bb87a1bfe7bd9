/**
 * Takes one Update as far as it goes right now: asks `nextStep`, does it, writes the journal, asks again. Where it has
 * to wait it returns at once; the wait is written in the journal and no worker is held.
 */
import type { AppSpec } from '../core/app/app.ts';
import { bindContainers } from '../core/app/bind-containers.ts';
import { invariant, isOperationError, type OperationError } from '../core/errors.ts';
import type { Journal, WorkloadChange } from '../core/update/journal.ts';
import { nextStep, type Step, type UpdateSettings } from '../core/update/next-step.ts';
import * as transitions from '../core/update/transitions.ts';
import { decodeAppSpec } from '../resources/decode-app.ts';
import { changesOf, journalOf, type UpdateObjectWire } from '../resources/decode-update.ts';
import { observe, watcherOf } from './observe.ts';
import { planFromRecord, planFromVersions } from './plan-images.ts';
import type { Clock, Records, Registry, RegistryAccesses, StepListener, Workloads } from './ports.ts';
import { applyPlan, restorePlan } from './set-images.ts';

export interface UpdateContext {
  readonly workloads: Workloads;
  readonly records: Records;
  readonly registry: Registry;
  readonly accesses: RegistryAccesses;
  readonly clock: Clock;
  readonly listener: StepListener;
  /** Throws LEASE_LOST when another replica may be at work by now; asked before each side effect. */
  readonly assertLeading: () => void;
}

export type Advance = { readonly kind: 'Ended' } | { readonly kind: 'Waiting'; readonly until: Date | undefined };

/** More steps than any Update has; a loop past it is a broken decision. */
const maxStepsAtOnce = 32;

/** Settings for an Update whose App cannot be read any more; the same as the defaults of the App. */
const fallbackSettings: UpdateSettings = { timeoutMs: 300_000, stableForMs: 30_000 };

/**
 * Advances an Update until it waits or has ended.
 *
 * @throws API_CONFLICT when somebody else wrote the Update: read it again; other errors of the API server
 */
export async function advanceUpdate(
  context: UpdateContext,
  found: UpdateObjectWire,
  signal: AbortSignal,
): Promise<Advance> {
  let update = found;
  for (let count = 0; count < maxStepsAtOnce; count += 1) {
    signal.throwIfAborted();
    const journal = journalOf(update, context.clock.now());
    const seen = await observe(context, update, journal, signal);
    const step = nextStep(journal, seen, settingsOf(context, update), context.clock.now());
    if (step === undefined) {
      context.workloads.unwatchPods(watcherOf(update));
      return { kind: 'Ended' };
    }
    if (step.kind === 'Wait') {
      await noteWaiting(context, update, { journal, step }, signal);
      return { kind: 'Waiting', until: step.waiting.until };
    }
    context.assertLeading();
    const next = await perform(context, update, { journal, step }, signal);
    update = await context.records.writeJournal(update, next, signal);
    context.listener.stepDone(update, step.kind, next);
  }
  invariant(
    false,
    `Update ${found.metadata.namespace}/${found.metadata.name} took more than ${maxStepsAtOnce} steps at once`,
  );
}

interface Decided<S extends Step = Step> {
  readonly journal: Journal;
  readonly step: S;
}

/** Does the step and answers the journal after it. Every effect may be repeated: the process can die before it is written. */
async function perform(
  context: UpdateContext,
  update: UpdateObjectWire,
  { journal, step }: Decided<Exclude<Step, { kind: 'Wait' }>>,
  signal: AbortSignal,
): Promise<Journal> {
  const { clock } = context;
  switch (step.kind) {
    case 'Plan':
      return await plan(context, update, journal, signal);
    case 'Apply':
      return await apply(context, update, journal, signal);
    case 'Restore':
      await restore(context, update, journal, signal);
      return transitions.restored(journal, clock.now());
    case 'Condemn':
      return transitions.condemned(journal, step.failure, clock.now());
    case 'NoteHealthy':
      return transitions.notedHealthy(journal, clock.now());
    case 'NoteUnhealthy':
      return transitions.notedUnhealthy(journal);
    case 'Finish':
      return transitions.finished(journal, step.phase, step.message, clock.now());
  }
}

async function plan(
  context: UpdateContext,
  update: UpdateObjectWire,
  journal: Journal,
  signal: AbortSignal,
): Promise<Journal> {
  const now = () => context.clock.now();
  try {
    const workloads = await planWorkloads(context, update, signal);
    if (workloads.length === 0) {
      return transitions.finished(journal, 'Cancelled', 'no container follows the changed sources any more', now());
    }
    return transitions.planned(journal, workloads, now());
  } catch (error) {
    if (isOperationError(error) && error.retry === 'never') {
      return transitions.finished(journal, 'Failed', error.message, now());
    }
    throw error;
  }
}

async function planWorkloads(
  context: UpdateContext,
  update: UpdateObjectWire,
  signal: AbortSignal,
): Promise<readonly WorkloadChange[]> {
  const { namespace } = update.metadata;
  const { restore: record, supersedes } = update.spec;
  const workloads = context.workloads.list(namespace);
  if (record) {
    const journal = journalNamed(context, namespace, record.update);
    invariant(journal !== undefined, `go back to Update ${record.update}: it is not kept any more`);
    return planFromRecord(workloads, { ...record, journal });
  }
  const spec = specOf(context, update);
  invariant(spec !== undefined, `plan Update ${update.metadata.name}: App ${update.spec.app} cannot be read`);
  return await planFromVersions(
    context,
    {
      namespace,
      containers: bindContainers(spec, workloads).containers,
      changes: changesOf(update.spec),
      imageReference: spec.deploy.imageReference,
      superseded: supersedes === undefined ? undefined : journalNamed(context, namespace, supersedes),
    },
    signal,
  );
}

async function apply(
  context: UpdateContext,
  update: UpdateObjectWire,
  journal: Journal,
  signal: AbortSignal,
): Promise<Journal> {
  const { clock, records, workloads } = context;
  // Asked of the API server itself: a Rejection made a moment ago must hold (design.md section 6, rule 1).
  const rejections = await records.readRejections(update.metadata.namespace, signal);
  const digests = new Set(update.spec.changes.map((change) => change.to.digest));
  const app = update.spec.app;
  const hit = rejections.find(
    (one) => digests.has(one.digest) && (one.app === undefined || one.app === app) && !isExpired(one, clock),
  );
  if (hit) {
    const failure = {
      reason: 'Rejected',
      message: `rejected by ${hit.author}: ${hit.reason}`,
      blamesVersion: true,
    } as const;
    return transitions.condemned(journal, failure, clock.now());
  }
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

function isExpired(rejection: { readonly expiresAt: Date | undefined }, clock: Clock): boolean {
  return rejection.expiresAt !== undefined && rejection.expiresAt <= clock.now();
}

function isRefusal(error: unknown): error is OperationError {
  return isOperationError(error) && ['API_INVALID', 'API_REJECTED', 'API_FORBIDDEN'].includes(error.code);
}

async function restore(
  context: UpdateContext,
  update: UpdateObjectWire,
  journal: Journal,
  signal: AbortSignal,
): Promise<void> {
  const { namespace, name } = update.metadata;
  await restorePlan(context.workloads, namespace, journal, signal);
  if (journal.failure?.blamesVersion !== true) {
    return;
  }
  for (const change of changesOf(update.spec)) {
    // A source that did not move is not to blame; of several that moved together none can be told apart.
    if (change.to.digest === undefined || change.to.digest === change.from.digest) {
      continue;
    }
    await context.records.reject(
      namespace,
      {
        app: update.spec.app,
        repository: change.repository,
        ...(change.to.tag === undefined ? {} : { tag: change.to.tag }),
        digest: change.to.digest,
        reason: `${journal.failure.reason}: ${journal.failure.message}`,
        author: `Update ${name}`,
        update: name,
      },
      signal,
    );
  }
}

async function noteWaiting(
  context: UpdateContext,
  update: UpdateObjectWire,
  { journal, step }: Decided<Extract<Step, { kind: 'Wait' }>>,
  signal: AbortSignal,
): Promise<void> {
  const { waiting } = journal;
  const same = waiting?.reason === step.waiting.reason && waiting.message === step.waiting.message;
  if (!same) {
    await context.records.writeJournal(update, transitions.waitingFor(journal, step.waiting), signal);
  }
}

function settingsOf(context: UpdateContext, update: UpdateObjectWire): UpdateSettings {
  return specOf(context, update)?.update ?? fallbackSettings;
}

/** The App's spec; undefined when the App is gone or was made unreadable while the Update runs. */
function specOf(context: UpdateContext, update: UpdateObjectWire): AppSpec | undefined {
  const app = context.records.findApp(update.metadata.namespace, update.spec.app);
  try {
    return app && decodeAppSpec(app);
  } catch {
    return undefined;
  }
}

function journalNamed(context: UpdateContext, namespace: string, name: string): Journal | undefined {
  const update = context.records.findUpdate(namespace, name);
  return update && journalOf(update, context.clock.now());
}
