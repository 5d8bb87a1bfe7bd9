/** Data that Jobs of the user's keep and bring back. */
import type { JobBackup } from '../../core/checkpoint/backup.ts';
import { readSize } from '../../core/checkpoint/checkpoint.ts';
import { jobNameOf } from '../../core/job/job-name.ts';
import { clipMessage } from '../../core/text.ts';
import { group, version } from '../../resources/schema-parts.ts';
import type { UpdateObjectWire } from '../../resources/update/decode-update.ts';
import type { Work } from '../deploy/deployer.ts';
import type { JobOutcome } from '../ports/jobs.ts';
import type { CheckpointContext } from './checkpoint-context.ts';
import type { BringAnswer, DataKeeper, KeepAnswer, Restoring, Taking } from './data-keeper.ts';
import { jobEnvironment } from './job-environment.ts';
import { keptCheckpoints } from './kept-checkpoints.ts';

export const jobKeeper: DataKeeper<JobBackup> = {
  keep,
  bringBack,
  async drop({ jobs }, namespace, { job: name }, signal) {
    if (name !== undefined) {
      await jobs.delete({ namespace, name }, signal);
    }
  },
};

async function keep(
  { context, work, backup, checkpoint, until, signal }: Taking,
  data: JobBackup,
): Promise<KeepAnswer> {
  const { update } = work;
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
    return { kind: 'Noted', checkpoint: { ...checkpoint, job } };
  }
  const outcome = await context.jobs.look(`${namespace}/${name}`, { namespace, name: checkpoint.job }, signal);
  switch (outcome.kind) {
    case 'Running':
      return { kind: 'Busy', message: `Job ${checkpoint.job}: ${outcome.message}`, until: outcome.until };
    case 'Succeeded': {
      const sizeBytes = readSize(outcome.message);
      const message = outcome.message.trim();
      const found = { ...(sizeBytes !== undefined && { sizeBytes }), ...(message !== '' && { message }) };
      return { kind: 'Kept', found };
    }
    default:
      return { kind: 'Failed', why: sayFailure(checkpoint.job, outcome) };
  }
}

async function bringBack(
  { context, work, backup, restore, signal }: Restoring,
  { restore: template }: JobBackup,
): Promise<BringAnswer> {
  const { update } = work;
  const { namespace, name } = update.metadata;
  if (template === undefined) {
    return { kind: 'Failed', why: 'spec.backup has no way to bring the data back', again: false };
  }
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
    return { kind: 'Noted', restore: { ...restore, job } };
  }
  const outcome = await context.jobs.look(`${namespace}/${name}`, { namespace, name: restore.job }, signal);
  switch (outcome.kind) {
    case 'Running':
      return { kind: 'Busy', message: `Job ${restore.job}: ${outcome.message}`, until: outcome.until };
    case 'Succeeded':
      return { kind: 'Back', message: outcome.message.trim() };
    default:
      return { kind: 'Failed', why: sayFailure(restore.job, outcome), again: true };
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

function ownerOf({ metadata }: UpdateObjectWire) {
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
