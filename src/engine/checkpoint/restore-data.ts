/** Bringing back the data of a checkpoint: the App is stopped, the data comes back, and only then anything of it runs again. */
import type { Backup } from '../../core/checkpoint/backup.ts';
import type { DataRestore } from '../../core/checkpoint/checkpoint.ts';
import { isOperationError } from '../../core/errors.ts';
import type { Fields } from '../../core/health/objects/fields.ts';
import { jobNameOf } from '../../core/job/job-name.ts';
import { clipMessage, joinSome } from '../../core/text.ts';
import { noted } from '../../core/update/transitions.ts';
import type { Work } from '../deploy/deployer.ts';
import type { StepResult } from '../update/step-result.ts';
import type { CheckpointContext } from './checkpoint-context.ts';
import { jobEnvironment } from './job-environment.ts';
import { stopWorkloads } from './stop-workloads.ts';
import { ownerOf, sayFailure } from './take-checkpoint.ts';

interface Restoring {
  readonly context: CheckpointContext;
  readonly work: Work;
  readonly backup: Backup;
  readonly restore: DataRestore & { readonly attempt: number; readonly startedAt: Date };
  readonly signal: AbortSignal;
}

/** A restore is written to be repeated; one that fails may have met a node that went away. */
const maxAttempts = 3;

const lookAgainMs = 5_000;

/**
 * Goes on with it; harmless to repeat. When it cannot be done the journal says what is where, and the App stays stopped: data of which
 * only a part is back must not be written to.
 *
 * @throws errors of the API server that pass
 */
export async function restoreData(context: CheckpointContext, work: Work, signal: AbortSignal): Promise<StepResult> {
  const { journal, spec } = work;
  const { dataRestore } = journal;
  const backup = spec?.backup;
  if (dataRestore === undefined || backup === undefined) {
    return failed(work, 'spec.backup cannot be read any more');
  }
  const { attempt, startedAt } = dataRestore;
  if (attempt === undefined || startedAt === undefined) {
    const begun = { ...dataRestore, state: 'Running', attempt: 1, startedAt: context.clock.now() } as const;
    return done(work, begun);
  }
  try {
    return await goOn({ context, work, backup, restore: { ...dataRestore, attempt, startedAt }, signal });
  } catch (error) {
    if (isOperationError(error) && error.retry === 'never' && error.code !== 'INVARIANT') {
      return failed(work, error.message);
    }
    throw error;
  }
}

async function goOn(restoring: Restoring): Promise<StepResult> {
  const { context, work, backup, restore, signal } = restoring;
  const until = new Date(restore.startedAt.getTime() + backup.timeoutMs);
  const stopping = await stopWorkloads(context, work, signal);
  if (stopping.kind === 'Noted') {
    return { kind: 'Done', journal: stopping.journal };
  }
  if (stopping.kind === 'Stopping') {
    const soon = new Date(context.clock.now().getTime() + lookAgainMs);
    return context.clock.now() < until
      ? waiting(work, stopping.message, soon)
      : failed(work, `the App could not be stopped: ${stopping.message}`);
  }
  if (backup.data?.restore === undefined) {
    return failed(work, 'spec.backup has no way to bring the data back');
  }
  return await runJob(restoring, backup.data.restore);
}

async function runJob(restoring: Restoring, template: Fields): Promise<StepResult> {
  const { context, work, backup, restore, signal } = restoring;
  const { update } = work;
  const { namespace, name } = update.metadata;
  if (restore.job === undefined) {
    const job = jobNameOf(update.metadata, `restore-${restore.attempt}`);
    await context.jobs.start(
      {
        ...{ namespace, name: job, purpose: 'restore', template, owner: ownerOf(update), retries: 0 },
        env: jobEnvironment(update, restore.update, [restore.update]),
        deadlineSeconds: Math.ceil(backup.timeoutMs / 1_000),
        serviceAccount: backup.serviceAccount,
      },
      signal,
    );
    return done(work, { ...restore, job });
  }
  const outcome = await context.jobs.look(`${namespace}/${name}`, { namespace, name: restore.job }, signal);
  switch (outcome.kind) {
    case 'Running':
      return waiting(work, `Job ${restore.job}: ${outcome.message}`, outcome.until);
    case 'Succeeded': {
      const message = outcome.message.trim();
      const { message: _, ...rest } = restore;
      const finishedAt = context.clock.now();
      return done(work, { ...rest, state: 'Done', finishedAt, ...(message !== '' && { message }) });
    }
    default: {
      const why = sayFailure(restore.job, outcome);
      const { job: _, ...rest } = restore;
      return restore.attempt < maxAttempts
        ? done(work, { ...rest, attempt: restore.attempt + 1, message: why, startedAt: context.clock.now() })
        : failed(work, `after ${restore.attempt} attempts: ${why}`);
    }
  }
}

/** Says what is where, because a person has to go on from here. */
function failed(work: Work, why: string): StepResult {
  const { journal, update } = work;
  const restore = journal.dataRestore;
  const id = restore?.update ?? update.metadata.name;
  const stopped = (journal.stopped ?? []).map((one) => `${one.kind}/${one.name} (had ${one.replicas})`);
  const where =
    stopped.length === 0
      ? 'nothing was stopped, and the data is as the bad version left it'
      : `${joinSome(stopped, ', ')} stay scaled to zero, so that nothing writes to data of which perhaps only a part is back`;
  const message = clipMessage(
    `the data of checkpoint ${id} is not back: ${why}; ${where}; the checkpoint itself is untouched: mend the cause, then headgate restore ${update.spec.app} --to ${id}`,
  );
  return done(work, { ...(restore ?? { update: id }), state: 'Failed', message });
}

function waiting(work: Work, message: string, until: Date): StepResult {
  return { kind: 'Waiting', waiting: { reason: 'RestoringData', message, until }, journal: work.journal };
}

function done({ journal }: Work, dataRestore: DataRestore): StepResult {
  return { kind: 'Done', journal: noted(journal, { dataRestore }) };
}
