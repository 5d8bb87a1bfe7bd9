/** What the cluster shows of an Update that sets images. */
import type { ContainerChange, WorkloadChange, WorkloadsPlan } from '../../../core/deploy/workloads-plan.ts';
import { assessWorkload, joinHealth } from '../../../core/health/assess.ts';
import { findBlockingPods } from '../../../core/health/blocking-pods.ts';
import type { Health } from '../../../core/health/health.ts';
import { isOnTrial, type Journal } from '../../../core/update/journal.ts';
import { findContainer, type Pod, type Workload, type WorkloadReference } from '../../../core/workload/workload.ts';
import type { UpdateObjectWire } from '../../../resources/update/decode-update.ts';
import type { Workloads } from '../../ports/workloads.ts';
import type { DeploySight, Work } from '../deployer.ts';

/** A pod that has to go before its workload can go on. */
interface BlockingPod {
  readonly workload: Workload;
  readonly pod: Pod;
}

interface Look extends Work {
  readonly workloads: Workloads;
  readonly signal: AbortSignal;
}

/**
 * Looks at the workloads of the plan.
 *
 * Whatever would condemn or end the Update is read again from the API server before it is believed, because the
 * watched copies may be a moment behind our own writes.
 */
export async function observeWorkloads(
  { workloads }: { readonly workloads: Workloads },
  work: Work,
  plan: WorkloadsPlan,
  signal: AbortSignal,
): Promise<DeploySight> {
  const look: Look = { ...work, workloads, signal };
  const { journal } = look;
  const parts: { name: string; health: Health }[] = [];
  const contested: string[] = [];
  const gone: string[] = [];
  const reapplied: string[] = [];
  const blockingPods: BlockingPod[] = [];
  for (const change of plan.workloads) {
    const name = `${change.kind}/${change.name}`;
    const workload = await findCertain(look, change);
    if (!workload || workload.uid !== change.uid) {
      gone.push(name);
      continue;
    }
    const others = change.containers.filter((container) => !isAsExpected(journal, workload, container));
    contested.push(...others.map((container) => `${name} container ${container.container}`));
    reapplied.push(
      ...others.filter((one) => isReapplied(journal, workload, one)).map((one) => `${name} container ${one.container}`),
    );
    if (isOnTrial(journal.phase) || journal.phase === 'VerifyingRollback') {
      const pods = await watchPods(look, workload);
      parts.push({ name, health: assess(look, change, { workload, pods }) });
      blockingPods.push(...findBlocking(look, change, { workload, pods }));
    }
  }
  return {
    health: joinHealth(parts),
    contested,
    gone,
    reapplied,
    clearWay: blockingPods.length === 0 ? undefined : (inner) => deletePods(workloads, blockingPods, inner),
  };
}

async function deletePods(workloads: Workloads, blocking: readonly BlockingPod[], signal: AbortSignal): Promise<void> {
  for (const { workload, pod } of blocking) {
    await workloads.deletePod(workload, pod, signal);
  }
}

/** The watched copy where it shows what this phase expects, else the API server's own answer. */
async function findCertain(look: Look, change: WorkloadChange): Promise<Workload | undefined> {
  const reference: WorkloadReference = {
    kind: change.kind,
    namespace: look.update.metadata.namespace,
    name: change.name,
  };
  const known = look.workloads.find(reference);
  const fits = known?.uid === change.uid && change.containers.every((one) => isAsExpected(look.journal, known, one));
  return fits ? known : await look.workloads.read(reference, look.signal);
}

function isReapplied(journal: Journal, workload: Workload, change: ContainerChange): boolean {
  return journal.phase === 'VerifyingRollback' && findContainer(workload, change)?.image === change.after;
}

function isAsExpected(journal: Journal, workload: Workload, change: ContainerChange): boolean {
  const image = findContainer(workload, change)?.image;
  switch (journal.phase) {
    case 'Applying':
      return image === change.before || image === change.after;
    case 'Watching':
    case 'Testing':
      return image === change.after;
    case 'VerifyingRollback':
      return image === change.restore;
    default:
      return true;
  }
}

interface Running {
  readonly workload: Workload;
  readonly pods: readonly Pod[];
}

async function watchPods(look: Look, workload: Workload): Promise<readonly Pod[]> {
  return workload.podSelector === undefined
    ? []
    : await look.workloads.watchPods(watcherOf(look.update), workload, look.signal);
}

function assess({ journal }: Look, change: WorkloadChange, { workload, pods }: Running): Health {
  const watching = isOnTrial(journal.phase);
  const images = new Map(change.containers.map((one) => [one.container, watching ? one.after : one.restore]));
  return assessWorkload(workload, pods, images);
}

function findBlocking({ journal, update }: Look, change: WorkloadChange, { workload, pods }: Running): BlockingPod[] {
  const { supersedes, trigger } = update.spec;
  const leavesUnproven = supersedes !== undefined || trigger.kind === 'Rollback';
  const { phase } = journal;
  const found = findBlockingPods(workload, pods, { phase, leavesUnproven, containers: change.containers });
  return found.map((pod) => ({ workload, pod }));
}

/** Name under which an Update watches pods: its key, so that a change wakes exactly it. */
function watcherOf(update: UpdateObjectWire): string {
  return `${update.metadata.namespace}/${update.metadata.name}`;
}
