/** Whether the new version was at work since the checkpoint: only then can it have written. */
import type { Checkpoint } from '../../core/checkpoint/checkpoint.ts';
import { isOnTrial, type Journal } from '../../core/update/journal.ts';
import { findContainer, type Pod, type WorkloadReference } from '../../core/workload/workload.ts';
import type { Work } from '../deploy/deployer.ts';
import { affectedWorkloads } from './affected-workloads.ts';
import type { CheckpointContext } from './checkpoint-context.ts';

/**
 * Looks for a pod of the new version of which any container was started. Where images tell which pods those are, they are asked; else
 * every pod that was made after the checkpoint counts, as it may be one.
 */
export async function lookAtRun(context: CheckpointContext, work: Work, signal: AbortSignal): Promise<boolean> {
  const { journal } = work;
  const { checkpoint } = journal;
  const isAsked = isOnTrial(journal.phase) || (journal.phase === 'RollingBack' && !journal.dataRestore);
  if (!isAsked || journal.ran === true || checkpoint?.state !== 'Completed' || checkpoint.kind === 'Objects') {
    return journal.ran === true;
  }
  const references = await affectedWorkloads(context, work, signal);
  const answers = await Promise.all(
    references.map((reference) => hasRun({ context, work, checkpoint, signal }, reference)),
  );
  return answers.includes(true);
}

interface Look {
  readonly context: CheckpointContext;
  readonly work: Work;
  readonly checkpoint: Checkpoint;
  readonly signal: AbortSignal;
}

async function hasRun({ context, work, checkpoint, signal }: Look, reference: WorkloadReference): Promise<boolean> {
  const { journal, update } = work;
  const workload = context.workloads.find(reference);
  if (workload?.podSelector === undefined) {
    // It is gone, and its pods with it, so that nobody can say any more; or it is a CronJob, whose pods are those of Jobs.
    return workload === undefined;
  }
  const watcher = `${update.metadata.namespace}/${update.metadata.name}`;
  // The verdict on data is not left to a copy that may be behind.
  const pods = isOnTrial(journal.phase)
    ? await context.workloads.watchPods(watcher, workload, signal)
    : await context.workloads.readPods(workload, signal);
  return pods.some((pod) => isNew(journal, checkpoint, reference, pod) && wasStarted(pod));
}

function isNew({ plan }: Journal, { sealedAt }: Checkpoint, { kind, name }: WorkloadReference, pod: Pod): boolean {
  const change =
    plan?.kind === 'Workloads' ? plan.workloads.find((one) => one.kind === kind && one.name === name) : undefined;
  return change
    ? change.containers.some((one) => findContainer(pod, one)?.image === one.after)
    : sealedAt === undefined || pod.createdAt >= sealedAt;
}

function wasStarted({ containers }: Pod): boolean {
  return containers.some(({ started }) => started);
}
