/** Scaling an App to zero, so that nothing writes while its data is kept or brought back; and back to what it had. */
import { isHeldBack, type StoppedWorkload } from '../../core/checkpoint/checkpoint.ts';
import { OperationError } from '../../core/errors.ts';
import { joinSome } from '../../core/text.ts';
import type { Journal } from '../../core/update/journal.ts';
import { noted, resumed } from '../../core/update/transitions.ts';
import type { Workload } from '../../core/workload/workload.ts';
import type { UpdateObjectWire } from '../../resources/update/decode-update.ts';
import type { Work } from '../deploy/deployer.ts';
import type { Records } from '../ports/records.ts';
import type { Workloads } from '../ports/workloads.ts';
import { affectedWorkloads } from './affected-workloads.ts';
import type { CheckpointContext } from './checkpoint-context.ts';
import { runHooks } from './run-hooks.ts';

export type Stopping =
  /** What is to run again was found out; it must be written down before anything is scaled. */
  | { readonly kind: 'Noted'; readonly journal: Journal }
  /** @property message which pods are still there */
  | { readonly kind: 'Stopping'; readonly message: string }
  | { readonly kind: 'Stopped' };

export interface StopContext {
  readonly records: Pick<Records, 'readUpdate'>;
  readonly workloads: Pick<Workloads, 'read' | 'setReplicas' | 'watchPods' | 'readPods'>;
}

/** Goes on with stopping; harmless to repeat. Done when the API server knows no pod of them any more. */
export async function stopWorkloads(context: CheckpointContext, work: Work, signal: AbortSignal): Promise<Stopping> {
  const { journal, update } = work;
  if (journal.stopped === undefined) {
    return { kind: 'Noted', journal: noted(journal, { stopped: await findStoppable(context, work, signal) }) };
  }
  return await stopNoted(context, { update, stopped: journal.stopped }, signal);
}

export interface NotedStop {
  /** With the journal that names them. */
  readonly update: UpdateObjectWire;
  readonly stopped: readonly StoppedWorkload[];
}

/**
 * Stops what the journal names, as far as it goes right now.
 *
 * @throws API_CONFLICT when the journal has been written since: the Update may have let them run again, and nobody would start them any more
 */
export async function stopNoted(
  { workloads, records }: StopContext,
  { update, stopped }: NotedStop,
  signal: AbortSignal,
): Promise<Stopping> {
  const { namespace, name } = update.metadata;
  const busy: string[] = [];
  for (const one of stopped) {
    const workload = await workloads.read({ ...one, namespace }, signal);
    if (workload?.uid !== one.uid) {
      continue;
    }
    if (workload.rollout.wanted > 0) {
      await refuseOldJournal(records, update, signal);
      await workloads.setReplicas(workload, 0, signal);
    }
    await workloads.watchPods(`${namespace}/${name}`, workload, signal);
    const pods = await workloads.readPods(workload, signal);
    if (pods.length > 0 || isBehind(workload)) {
      busy.push(`${one.kind}/${one.name} (${pods.length} pods)`);
    }
  }
  return busy.length === 0
    ? { kind: 'Stopped' }
    : { kind: 'Stopping', message: `pods are still there: ${joinSome(busy, ', ')}` };
}

/** A pass may begin with a watched copy that is a moment old, or minutes where the API server was away. */
async function refuseOldJournal(
  records: StopContext['records'],
  { metadata: { namespace, name, resourceVersion } }: UpdateObjectWire,
  signal: AbortSignal,
): Promise<void> {
  const now = await records.readUpdate(namespace, name, signal);
  if (now?.metadata.resourceVersion !== resourceVersion) {
    throw new OperationError(`stop what Update ${namespace}/${name} names: its journal was written meanwhile`, {
      code: 'API_CONFLICT',
      retry: 'backoff',
    });
  }
}

/**
 * Gives back the replicas that there were, unless somebody else scaled it meanwhile; and undoes what holds back writes, as far as it can be:
 * an Update that failed must end.
 */
export async function resumeWorkloads(context: CheckpointContext, work: Work, signal: AbortSignal): Promise<Journal> {
  const { workloads } = context;
  const { journal, update, spec } = work;
  if (isHeldBack(journal.checkpoint)) {
    await runHooks(context, work, { hooks: spec?.backup?.hooks.after ?? [], goesOn: true }, signal);
  }
  for (const one of journal.stopped ?? []) {
    const workload = await workloads.read({ ...one, namespace: update.metadata.namespace }, signal);
    if (workload?.uid === one.uid && workload.rollout.wanted === 0 && one.replicas > 0) {
      await workloads.setReplicas(workload, one.replicas, signal);
    }
  }
  return resumed(journal);
}

/** The workload's controller has not seen yet that there are to be none, and could still make a pod. */
function isBehind({ rollout, generation }: Workload): boolean {
  return rollout.wanted > 0 || rollout.total > 0 || (rollout.observedGeneration ?? generation) < generation;
}

async function findStoppable(
  context: CheckpointContext,
  work: Work,
  signal: AbortSignal,
): Promise<readonly StoppedWorkload[]> {
  const found: StoppedWorkload[] = [];
  for (const reference of await affectedWorkloads(context, work, signal)) {
    const { kind } = reference;
    const workload =
      kind === 'Deployment' || kind === 'StatefulSet' ? await context.workloads.read(reference, signal) : undefined;
    if (workload && (kind === 'Deployment' || kind === 'StatefulSet')) {
      found.push({ kind, name: workload.name, uid: workload.uid, replicas: workload.rollout.wanted });
    }
  }
  return found;
}
