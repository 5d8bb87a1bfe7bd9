/** Whether the objects of an App are well, from watched copies; bad news is read again from the API server. */
import { assessWorkload } from '../../../core/health/assess.ts';
import type { Health } from '../../../core/health/health.ts';
import { current, inProgress, type ObjectHealth } from '../../../core/health/objects/object-health.ts';
import type { InventoryEntry } from '../../../core/manifest/inventory.ts';
import { describeObject } from '../../../core/manifest/manifest-object.ts';
import { joinSome } from '../../../core/text.ts';
import { isWorkloadKind, type WorkloadReference } from '../../../core/workload/workload.ts';
import type { DeploySight } from '../deployer.ts';
import type { ManifestsContext } from './manifests-context.ts';

export interface ObjectsLook {
  readonly inventory: readonly InventoryEntry[];
  /** Under which pods are watched: the key of the Update. */
  readonly watcher: string;
}

/** Looks at all objects of the inventory. */
export async function observeObjects(
  context: ManifestsContext,
  { inventory, watcher }: ObjectsLook,
  signal: AbortSignal,
): Promise<DeploySight> {
  const waiting: string[] = [];
  const gone: string[] = [];
  for (const entry of inventory) {
    const seen = seenHealth(context, entry);
    if (seen !== 'Absent' && seen.status === 'Current') {
      // Nearly all of them, at every event: a promise for each would be most of the garbage of an Update of thousands of objects.
      continue;
    }
    const health = await judge(context, entry, watcher, signal);
    if (health === 'Gone') {
      gone.push(describeObject(entry));
    } else if (health.kind === 'Failed') {
      return sight({ ...health, message: `${describeObject(entry)}: ${health.message}` });
    } else if (health.kind === 'InProgress') {
      waiting.push(`${describeObject(entry)}: ${health.message}`);
    }
  }
  const health: Health =
    waiting.length === 0 ? { kind: 'Current' } : { kind: 'InProgress', message: joinSome(waiting, '; ') };
  return { ...sight(health), gone };
}

async function judge(
  context: ManifestsContext,
  entry: InventoryEntry,
  watcher: string,
  signal: AbortSignal,
): Promise<Health | 'Gone'> {
  const health = await look(context, entry, signal);
  if (health === 'Gone' || health.status === 'Current') {
    return health === 'Gone' ? health : { kind: 'Current' };
  }
  const message = health.message || health.reason || health.status;
  if (health.status === 'Failed') {
    return { kind: 'Failed', reason: 'ObjectFailed', message };
  }
  const pods = await judgePods(context, entry, watcher, signal);
  return pods?.kind === 'Failed' ? pods : { kind: 'InProgress', message };
}

function sight(health: Health): DeploySight {
  return { health, contested: [], gone: [], reapplied: [] };
}

/** What the watch shows, where it shows the very state that was applied. */
export function seenHealth(context: Pick<ManifestsContext, 'watched'>, entry: InventoryEntry): ObjectHealth | 'Absent' {
  const seen = context.watched.find(entry);
  if (seen === 'Absent') {
    return 'Absent';
  }
  if (seen === 'Unseen') {
    return inProgress('NotSeen', 'was not seen yet');
  }
  const isBehind = entry.uid !== '' && seen.uid === entry.uid && seen.generation < (entry.generation ?? 0);
  return isBehind ? inProgress('NotSeen', 'its change was not seen yet') : seen.health;
}

async function look(
  context: ManifestsContext,
  entry: InventoryEntry,
  signal: AbortSignal,
): Promise<ObjectHealth | 'Gone'> {
  const health = seenHealth(context, entry);
  if (health !== 'Absent') {
    return health;
  }
  // The watch may be behind our own writes.
  const live = await context.access.actingAs(undefined).read(entry, signal);
  if (live !== undefined) {
    return inProgress('NotSeen', 'was not seen yet');
  }
  // A Job whose time to live is over has ended; a failed one was seen before.
  return entry.kind === 'Job' ? current('ended, and was cleaned up') : 'Gone';
}

/** A pod that crashes says sooner than its workload that nothing will come of it. */
async function judgePods(
  { workloads }: ManifestsContext,
  { kind, namespace, name }: InventoryEntry,
  watcher: string,
  signal: AbortSignal,
): Promise<Health | undefined> {
  if (!isWorkloadKind(kind)) {
    return undefined;
  }
  const reference: WorkloadReference = { kind, namespace, name };
  const workload = workloads.find(reference);
  if (workload?.podSelector === undefined) {
    return undefined;
  }
  const pods = await workloads.watchPods(watcher, workload, signal);
  const images = new Map(workload.containers.map((container) => [container.name, container.image]));
  return assessWorkload(workload, pods, images);
}
