/** Bringing back the data of a checkpoint: the App is stopped, the data comes back, and only then anything of it runs again. */
import type { DataRestore } from '../../core/checkpoint/checkpoint.ts';
import { isOperationError } from '../../core/errors.ts';
import { clipMessage, joinSome } from '../../core/text.ts';
import { noted } from '../../core/update/transitions.ts';
import type { Work } from '../deploy/deployer.ts';
import type { StepResult } from '../update/step-result.ts';
import type { CheckpointContext } from './checkpoint-context.ts';
import type { Restoring } from './data-keeper.ts';
import { keeperOf } from './keepers.ts';
import { stopWorkloads } from './stop-workloads.ts';

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
    const until = new Date(startedAt.getTime() + backup.timeoutMs);
    return await goOn({ context, work, backup, restore: { ...dataRestore, attempt, startedAt }, until, signal });
  } catch (error) {
    if (isOperationError(error) && error.retry === 'never' && error.code !== 'INVARIANT') {
      return failed(work, error.message);
    }
    throw error;
  }
}

async function goOn(restoring: Restoring): Promise<StepResult> {
  const { context, work, backup, restore, until, signal } = restoring;
  const keeper = keeperOf(backup);
  if (keeper === undefined) {
    return failed(work, 'spec.backup has no way to bring the data back');
  }
  await keeper.check(restoring);
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
  const answer = await keeper.bringBack(restoring);
  switch (answer.kind) {
    case 'Noted':
      return done(work, answer.restore);
    case 'Busy':
      return waiting(work, answer.message, answer.until);
    case 'Back': {
      const { message: _, ...rest } = restore;
      const finishedAt = context.clock.now();
      const told = answer.message === '' ? {} : { message: answer.message };
      return done(work, { ...rest, state: 'Done', finishedAt, ...told });
    }
    case 'Failed':
      return tryAgain(restoring, answer);
  }
}

function tryAgain(
  { context, work, restore }: Restoring,
  { why, again }: { readonly why: string; readonly again: boolean },
): StepResult {
  const { job: _, veleroRestore: __, ...rest } = restore;
  if (again && restore.attempt < maxAttempts) {
    return done(work, { ...rest, attempt: restore.attempt + 1, message: why, startedAt: context.clock.now() });
  }
  return failed(work, again ? `after ${restore.attempt} attempts: ${why}` : why);
}

/** Says what is where, because a person has to go on from here. */
function failed(work: Work, why: string): StepResult {
  const { journal, update } = work;
  const restore = journal.dataRestore;
  const id = restore?.update ?? update.metadata.name;
  const stopped = (journal.stopped ?? []).map((one) => `${one.kind}/${one.name} (had ${one.replicas})`);
  const lies = restore && work.spec?.backup && keeperOf(work.spec.backup)?.whereIsIt(restore);
  const where =
    stopped.length === 0
      ? 'nothing was stopped, and the data is as the bad version left it'
      : `${joinSome(stopped, ', ')} stay scaled to zero, so that nothing writes to data of which perhaps only a part is back${lies === undefined ? '' : `; ${lies}`}`;
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
