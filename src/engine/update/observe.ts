/** Gathers what the next decision on an Update needs to know. */
import { findRejection } from '../../core/app/rejection.ts';
import { assessWorkload, joinHealth } from '../../core/health/assess.ts';
import { findBlockingPods } from '../../core/health/blocking-pods.ts';
import type { Health } from '../../core/health/health.ts';
import type { ContainerChange, Journal, WorkloadChange } from '../../core/update/journal.ts';
import type { Observation } from '../../core/update/next-step.ts';
import { findContainer, type Pod, type Workload, type WorkloadReference } from '../../core/workload/workload.ts';
import { changesOf, type UpdateObjectWire } from '../../resources/decode-update.ts';
import { versionOfImage } from '../detect/detect-image.ts';
import type { Clock } from '../ports/clock.ts';
import type { Records } from '../ports/records.ts';
import type { Workloads } from '../ports/workloads.ts';

export interface ObserveContext {
  readonly workloads: Workloads;
  readonly records: Records;
  readonly clock: Clock;
}

/** A pod that has to go before its workload can go on. */
export interface BlockingPod {
  readonly workload: Workload;
  readonly pod: Pod;
}

/** What is seen, and what is in the way of a rollout that is waited for. */
export interface Sight extends Observation {
  readonly blockingPods: readonly BlockingPod[];
}

/**
 * Looks at the cluster from the point of view of one Update.
 *
 * Whatever would condemn or end the Update is read again from the API server before it is believed, because the
 * watched copies may be a moment behind our own writes.
 */
export async function observe(
  context: ObserveContext,
  update: UpdateObjectWire,
  journal: Journal,
  signal: AbortSignal,
): Promise<Sight> {
  const look: Look = { ...context, update, journal, signal };
  const seen = await lookAtWorkloads(look);
  const { rejected, formerRejected } = await lookAtRejections(look);
  return {
    health: seen.health,
    contested: seen.contested,
    gone: seen.gone,
    reapplied: seen.reapplied,
    blockingPods: seen.blockingPods,
    rejected,
    formerRejected,
    newerAvailable: journal.phase === 'Watching' ? await findNewer(look) : undefined,
    appActive: isAppActive(look),
  };
}

interface Look extends ObserveContext {
  readonly update: UpdateObjectWire;
  readonly journal: Journal;
  readonly signal: AbortSignal;
}

interface Seen {
  readonly health: Health;
  readonly contested: readonly string[];
  readonly gone: readonly string[];
  readonly reapplied: readonly string[];
  readonly blockingPods: readonly BlockingPod[];
}

async function lookAtWorkloads(look: Look): Promise<Seen> {
  const { journal } = look;
  const parts: { name: string; health: Health }[] = [];
  const contested: string[] = [];
  const gone: string[] = [];
  const reapplied: string[] = [];
  const blockingPods: BlockingPod[] = [];
  for (const change of journal.workloads) {
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
    if (journal.phase === 'Watching' || journal.phase === 'VerifyingRollback') {
      const pods = await watchPods(look, workload);
      parts.push({ name, health: assess(look, change, { workload, pods }) });
      blockingPods.push(...findBlocking(look, change, { workload, pods }));
    }
  }
  return { health: joinHealth(parts), contested, gone, reapplied, blockingPods };
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
  const watching = journal.phase === 'Watching';
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

/** Before images are set, either way, the API server itself is asked: a Rejection made a moment ago must hold (rule 1). */
async function lookAtRejections(look: Look): Promise<Pick<Observation, 'rejected' | 'formerRejected'>> {
  const { update, journal, records, clock, signal } = look;
  const app = { namespace: update.metadata.namespace, name: update.spec.app };
  const rejections = isAboutToSet(journal)
    ? await records.readRejections(app.namespace, signal)
    : records.listRejections(app.namespace);
  const now = clock.now();
  const isRejected = (digest: string | undefined) => findRejection(rejections, app, digest, now) !== undefined;
  // A container that had the new version before the Update keeps it on the way back: nothing is brought to it.
  const former = journal.workloads
    .flatMap((workload) => workload.containers)
    .filter((container) => container.restore !== container.after)
    .map((container) => versionOfImage(container.restore).digest ?? container.restoreDigest);
  const changes = changesOf(update.spec);
  return {
    rejected: changes.some((change) => isRejected(change.to.digest)),
    formerRejected: former.some(isRejected) || changes.some((change) => isRejected(change.from.digest)),
  };
}

function isAboutToSet(journal: Journal): boolean {
  return journal.phase === 'Applying' || journal.phase === 'RollingBack';
}

/** A version newer than this Update's; believed only from the App as the API server has it. */
async function findNewer({ update, records, signal }: Look): Promise<string | undefined> {
  if (update.spec.trigger.kind === 'Rollback') {
    return undefined;
  }
  const { namespace } = update.metadata;
  const suspected = newerThan(update, records.findApp(namespace, update.spec.app));
  return suspected && newerThan(update, await records.readApp(namespace, update.spec.app, signal));
}

function newerThan(update: UpdateObjectWire, app: ReturnType<Records['findApp']>): string | undefined {
  for (const change of update.spec.changes) {
    const available = app?.status?.sources?.find((source) => source.name === change.source)?.available;
    if (available?.digest !== undefined && available.digest !== change.to.digest) {
      return `${change.source} ${available.tag ?? available.digest}`;
    }
  }
  return undefined;
}

function isAppActive({ update, records }: Look): boolean {
  const app = records.findApp(update.metadata.namespace, update.spec.app);
  const wanted = update.spec.trigger.kind === 'Rollback' || app?.spec.suspend !== true;
  return app !== undefined && app.metadata.deletionTimestamp === undefined && wanted;
}

/** Name under which an Update watches pods: its key, so that a change wakes exactly it. */
export function watcherOf(update: UpdateObjectWire): string {
  return `${update.metadata.namespace}/${update.metadata.name}`;
}
