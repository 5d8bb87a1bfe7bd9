/** Keeping what an Update is about to change: the data by the user's means, then the objects. Nothing is changed before all of it is there. */
import { type Checkpoint, isHeldBack } from '../../core/checkpoint/checkpoint.ts';
import { formatDuration } from '../../core/duration.ts';
import { isOperationError } from '../../core/errors.ts';
import { clipMessage } from '../../core/text.ts';
import type { Journal } from '../../core/update/journal.ts';
import { backedUp, noted } from '../../core/update/transitions.ts';
import type { Work } from '../deploy/deployer.ts';
import type { StepResult } from '../update/step-result.ts';
import { affectedWorkloads } from './affected-workloads.ts';
import type { CheckpointContext } from './checkpoint-context.ts';
import type { Taking } from './data-keeper.ts';
import { keeperOf } from './keepers.ts';
import { runHooks } from './run-hooks.ts';
import { stopWorkloads } from './stop-workloads.ts';

/** How soon what is waited for is looked at again where no watch tells. */
const lookAgainMs = 5_000;

/**
 * Goes on with the checkpoint; harmless to repeat.
 *
 * @throws errors of the API server that pass
 */
export async function takeCheckpoint(context: CheckpointContext, work: Work, signal: AbortSignal): Promise<StepResult> {
  const { journal, spec, update } = work;
  const backup = spec?.backup;
  if (!backup) {
    return failed(journal, 'spec.backup cannot be read any more');
  }
  const { checkpoint } = journal;
  if (!checkpoint) {
    const kind = backup.data?.kind ?? 'Objects';
    const begun = { id: update.metadata.name, kind, state: 'Running', startedAt: context.clock.now() } as const;
    return done(noted(journal, { checkpoint: begun }));
  }
  try {
    const until = new Date(checkpoint.startedAt.getTime() + backup.timeoutMs);
    return await goOn({ context, work, backup, checkpoint, until, signal });
  } catch (error) {
    if (isOperationError(error) && error.retry === 'never' && error.code !== 'INVARIANT') {
      return failed(journal, error.message);
    }
    throw error;
  }
}

async function goOn(taking: Taking): Promise<StepResult> {
  const { context, work, backup, until, signal } = taking;
  const { journal } = work;
  if (context.clock.now() >= until) {
    return failed(journal, `it is not complete after ${formatDuration(backup.timeoutMs)} (spec.backup.timeout)`);
  }
  const keeper = keeperOf(backup);
  const surveyed = await keeper?.survey(taking);
  if (surveyed !== undefined) {
    return done(noted(journal, { checkpoint: surveyed }));
  }
  if (backup.scaleDown) {
    const stopping = await stopWorkloads(context, work, signal);
    if (stopping.kind === 'Noted') {
      return done(stopping.journal);
    }
    if (stopping.kind === 'Stopping') {
      const soon = new Date(context.clock.now().getTime() + lookAgainMs);
      return waiting(work, stopping.message, sooner(soon, until));
    }
  }
  const held = await holdBack(taking);
  if (held !== undefined) {
    return held;
  }
  const answer = (await keeper?.keep(taking)) ?? { kind: 'Kept', found: {} };
  switch (answer.kind) {
    case 'Noted':
      return done(noted(journal, { checkpoint: answer.checkpoint }));
    case 'Busy':
      return waiting(work, answer.message, sooner(answer.until, until));
    case 'Kept':
      return (await lift(taking)) ?? (await seal(taking, answer.found));
    case 'Failed':
      return failed(journal, answer.why);
  }
}

/** Written down before, so that it is undone whatever happens. */
async function holdBack({ context, work, backup, checkpoint, signal }: Taking): Promise<StepResult | undefined> {
  const { before, after } = backup.hooks;
  if (before.length + after.length === 0 || checkpoint.quiesce === 'Done' || checkpoint.quiesce === 'Lifted') {
    return undefined;
  }
  if (checkpoint.quiesce === undefined) {
    return done(noted(work.journal, { checkpoint: { ...checkpoint, quiesce: 'Begun' } }));
  }
  const [problem] = await runHooks(context, work, { hooks: before, goesOn: false }, signal);
  return problem === undefined
    ? done(noted(work.journal, { checkpoint: { ...checkpoint, quiesce: 'Done' } }))
    : failed(work.journal, `spec.backup.hooks.before: ${problem}`);
}

/** As soon as the data is kept: the App goes on while the rest is done. */
async function lift({ context, work, backup, checkpoint, signal }: Taking): Promise<StepResult | undefined> {
  if (!isHeldBack(checkpoint)) {
    return undefined;
  }
  const [problem] = await runHooks(context, work, { hooks: backup.hooks.after, goesOn: true }, signal);
  const lifted = noted(work.journal, { checkpoint: { ...checkpoint, quiesce: 'Lifted' } });
  return problem === undefined ? done(lifted) : failed(lifted, `spec.backup.hooks.after: ${problem}`);
}

/** The objects come last: what was made after them is what the change brought. */
async function seal(taking: Taking, found: Pick<Checkpoint, 'sizeBytes' | 'message' | 'volumes'>): Promise<StepResult> {
  const { context, work, backup, checkpoint, signal } = taking;
  const { journal, update } = work;
  const stopped = new Map((journal.stopped ?? []).map(({ kind, name, replicas }) => [`${kind}/${name}`, replicas]));
  const workloads = (await affectedWorkloads(context, work, signal)).map((one) => ({
    ...one,
    replicas: stopped.get(`${one.kind}/${one.name}`),
  }));
  const kept = await context.checkpoints.keepObjects(update.metadata, workloads, releaseOf(journal), signal);
  const finishedAt = context.clock.now();
  const told = [found.message, ...kept.leftOut].filter((part) => part !== undefined).join('; ');
  const complete: Checkpoint = {
    ...checkpoint,
    ...found,
    state: 'Completed',
    finishedAt,
    objects: kept.name,
    sealedAt: kept.createdAt,
    ...(told !== '' && { message: told }),
    ...(backup.maxAgeMs !== undefined && { expiresAt: new Date(finishedAt.getTime() + backup.maxAgeMs) }),
  };
  return done(backedUp(journal, complete, finishedAt));
}

function releaseOf({ plan }: Journal): { readonly name: string; readonly revision: number } | undefined {
  return plan?.kind === 'Helm' && plan.restore !== undefined
    ? { name: plan.release, revision: plan.restore }
    : undefined;
}

function sooner(one: Date, other: Date): Date {
  return one < other ? one : other;
}

function waiting({ journal }: Work, message: string, until: Date): StepResult {
  return { kind: 'Waiting', waiting: { reason: 'BackingUp', message, until }, journal };
}

/** The next step ends the Update; the version is not to blame. */
function failed(journal: Journal, why: string): StepResult {
  const message = clipMessage(`the checkpoint failed, and nothing was changed: ${why}`);
  const { checkpoint } = journal;
  const failure = { reason: 'CheckpointFailed', message, blamesVersion: false } as const;
  return done({
    ...(checkpoint ? noted(journal, { checkpoint: { ...checkpoint, state: 'Failed', message: why } }) : journal),
    failure,
  });
}

function done(journal: Journal): StepResult {
  return { kind: 'Done', journal };
}
