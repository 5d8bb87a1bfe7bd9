/** Keeping what an Update is about to change: the data by the user's means, then the objects. Nothing is changed before all of it is there. */
import type { Backup, JobBackup } from '../../core/checkpoint/backup.ts';
import { type Checkpoint, readSize } from '../../core/checkpoint/checkpoint.ts';
import { formatDuration } from '../../core/duration.ts';
import { isOperationError } from '../../core/errors.ts';
import { jobNameOf } from '../../core/job/job-name.ts';
import { clipMessage } from '../../core/text.ts';
import type { Journal } from '../../core/update/journal.ts';
import { backedUp, noted } from '../../core/update/transitions.ts';
import type { UpdateObjectWire } from '../../resources/decode-update.ts';
import { group, version } from '../../resources/schema-parts.ts';
import type { Work } from '../deploy/deployer.ts';
import type { JobOutcome } from '../ports/jobs.ts';
import type { StepResult } from '../update/step-result.ts';
import { affectedWorkloads } from './affected-workloads.ts';
import type { CheckpointContext } from './checkpoint-context.ts';
import { jobEnvironment } from './job-environment.ts';
import { keptCheckpoints } from './retain-checkpoints.ts';
import { stopWorkloads } from './stop-workloads.ts';

interface Taking {
  readonly context: CheckpointContext;
  readonly work: Work;
  readonly backup: Backup;
  readonly checkpoint: Checkpoint;
  readonly signal: AbortSignal;
}

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
    return await goOn({ context, work, backup, checkpoint, signal });
  } catch (error) {
    if (isOperationError(error) && error.retry === 'never' && error.code !== 'INVARIANT') {
      return failed(journal, error.message);
    }
    throw error;
  }
}

async function goOn(taking: Taking): Promise<StepResult> {
  const { context, work, backup, checkpoint, signal } = taking;
  const { journal } = work;
  const until = new Date(checkpoint.startedAt.getTime() + backup.timeoutMs);
  if (context.clock.now() >= until) {
    return failed(journal, `it is not complete after ${formatDuration(backup.timeoutMs)} (spec.backup.timeout)`);
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
  return backup.data === undefined ? await seal(taking, {}) : await runJob(taking, backup.data, until);
}

async function runJob(taking: Taking, data: JobBackup, until: Date): Promise<StepResult> {
  const { context, work, backup, checkpoint, signal } = taking;
  const { journal, update } = work;
  const { namespace, name } = update.metadata;
  if (checkpoint.job === undefined) {
    const job = jobNameOf(update.metadata, 'backup');
    await context.jobs.start(
      {
        ...{ namespace, name: job, purpose: 'backup', template: data.template, owner: ownerOf(update), retries: 0 },
        env: jobEnvironment(update, checkpoint.id, [checkpoint.id, ...keptIds(context, work)]),
        deadlineSeconds: secondsUntil(context, until),
        serviceAccount: backup.serviceAccount,
      },
      signal,
    );
    return done(noted(journal, { checkpoint: { ...checkpoint, job } }));
  }
  const outcome = await context.jobs.look(`${namespace}/${name}`, { namespace, name: checkpoint.job }, signal);
  switch (outcome.kind) {
    case 'Running':
      return waiting(work, `Job ${checkpoint.job}: ${outcome.message}`, sooner(outcome.until, until));
    case 'Succeeded': {
      const sizeBytes = readSize(outcome.message);
      const message = outcome.message.trim();
      return await seal(taking, { ...(sizeBytes !== undefined && { sizeBytes }), ...(message !== '' && { message }) });
    }
    default:
      return failed(journal, sayFailure(checkpoint.job, outcome));
  }
}

/** How a Job failed, for people, with its last words. */
export function sayFailure(job: string, outcome: Exclude<JobOutcome, { kind: 'Running' | 'Succeeded' }>): string {
  if (outcome.kind === 'Gone') {
    return `Job ${job} is gone: somebody deleted it before it had ended`;
  }
  const log = outcome.log === '' ? '' : `; its last words: ${outcome.log}`;
  const message = outcome.kind === 'TimedOut' ? `did not end in time (${outcome.message})` : outcome.message;
  return clipMessage(`Job ${job}: ${message}${log}`);
}

/** The objects come last: what was made after them is what the change brought. */
async function seal(taking: Taking, found: Pick<Checkpoint, 'sizeBytes' | 'message'>): Promise<StepResult> {
  const { context, work, backup, checkpoint, signal } = taking;
  const { journal, update } = work;
  const workloads = await affectedWorkloads(context, work, signal);
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

export function ownerOf({ metadata }: UpdateObjectWire) {
  return { apiVersion: `${group}/${version}`, kind: 'Update', name: metadata.name, uid: metadata.uid };
}

function keptIds({ records }: CheckpointContext, { update, spec }: Work): readonly string[] {
  const updates = records.listUpdates(update.metadata.namespace, update.spec.app);
  // The one that is being made is the newest.
  return keptCheckpoints(updates)
    .slice(0, Math.max(0, (spec?.backup?.keep ?? 1) - 1))
    .map(({ update: id }) => id);
}

function secondsUntil({ clock }: CheckpointContext, until: Date): number {
  return Math.max(1, Math.floor((until.getTime() - clock.now().getTime()) / 1_000));
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
