/** One run of one Waybill: its folder applied in the name of its delegate, and pruned. */
import { describeError, isOperationError, OperationError } from '../../core/errors.ts';
import { mayPrune, type Waybill, type WaybillRun, type WaybillRunType } from '../../core/kube-applier/waybill.ts';
import { makeDesiredSet } from '../../core/manifest/desired-set.ts';
import { type InventoryEntry, leftOver, toInventory } from '../../core/manifest/inventory.ts';
import { describeObject, type ManifestObject } from '../../core/manifest/manifest-object.ts';
import { applyObjects } from '../deploy/manifests/apply-objects.ts';
import { pruneObjects } from '../deploy/manifests/prune-objects.ts';
import type { AppObjects } from '../ports/app-objects.ts';
import type { Clock } from '../ports/clock.ts';
import type { ClusterObjects } from '../ports/cluster-objects.ts';
import type { Folders, ManifestRenderer } from '../ports/manifest-files.ts';
import type { Waybills } from '../ports/waybills.ts';
import { sayResult } from './apply-files.ts';

export interface WaybillContext {
  readonly waybills: Waybills;
  readonly folders: Folders;
  readonly renderer: ManifestRenderer;
  /** Where what was applied is remembered. */
  readonly objects: Pick<AppObjects, 'readRecord' | 'writeRecord'>;
  readonly clock: Clock;
}

export interface WaybillRunRequest {
  readonly waybill: Waybill;
  readonly type: WaybillRunType;
  /** Empty for a folder without history. */
  readonly commit: string;
  /** Aborted when the time of one run is over. */
  readonly limit: AbortSignal;
}

/**
 * Runs it and writes `status.lastRun`. Whatever is wrong with the folder, the objects or the delegate is the run's result.
 *
 * @throws errors of the API server when the status cannot be written
 */
export async function runWaybill(
  context: WaybillContext,
  { waybill, type, commit, limit }: WaybillRunRequest,
  signal: AbortSignal,
): Promise<WaybillRun> {
  const startedAt = context.clock.now();
  const outcome = await attempt(context, waybill, { signal, limit });
  const run = {
    ...outcome,
    command: `headgate apply ${waybill.path}${waybill.dryRun ? ' (dry run)' : ''}`,
    commit,
    type,
    startedAt,
    finishedAt: context.clock.now(),
  };
  await context.waybills.writeRun(waybill, run, signal);
  return run;
}

type Outcome = Pick<WaybillRun, 'output' | 'errorMessage' | 'success'>;

async function attempt(
  context: WaybillContext,
  waybill: Waybill,
  { signal: stop, limit }: { readonly signal: AbortSignal; readonly limit: AbortSignal },
): Promise<Outcome> {
  const signal = AbortSignal.any([stop, limit]);
  try {
    return await context.waybills.asDelegate(
      waybill,
      async (cluster) => {
        const objects = await readObjects(context, waybill, cluster, signal);
        const done = waybill.dryRun
          ? await tryObjects(cluster, objects, signal)
          : await putObjects(context, waybill, { cluster, objects }, signal);
        return outcomeOf([...waybill.problems.map((line) => ({ line, failed: false })), ...done]);
      },
      signal,
    );
  } catch (error) {
    stop.throwIfAborted();
    if (limit.aborted) {
      const errorMessage = `it took longer than spec.runTimeout, ${waybill.runTimeoutMs / 1_000} s; what was applied stays`;
      return { output: '', errorMessage, success: false };
    }
    if (!isOperationError(error) || error.code === 'INVARIANT') {
      throw error;
    }
    return { output: '', errorMessage: describeError(error), success: false };
  }
}

interface Done {
  readonly line: string;
  readonly failed: boolean;
}

function outcomeOf(done: readonly Done[]): Outcome {
  const lines = (failed: boolean) =>
    done
      .filter((one) => one.failed === failed)
      .map(({ line }) => line)
      .join('\n');
  const errorMessage = lines(true);
  return { output: lines(false), errorMessage, success: errorMessage === '' };
}

async function readObjects(
  { folders, renderer }: WaybillContext,
  { path, namespace }: Waybill,
  cluster: ClusterObjects,
  signal: AbortSignal,
): Promise<readonly ManifestObject[]> {
  const tree = await folders.readTree(path, signal);
  const read = await renderer.render({ tree, path: '' }, signal);
  const scopeOf = await cluster.scopesOf(read, signal);
  const { objects, problems } = makeDesiredSet({ read, scopeOf, defaultNamespace: namespace });
  if (problems.length > 0) {
    throw new OperationError(problems.join('; '), { code: 'MANIFEST_INVALID', retry: 'never' });
  }
  return objects;
}

/** Asks the API server what would come of each, in the name of the delegate; nothing is kept. */
async function tryObjects(
  cluster: ClusterObjects,
  objects: readonly ManifestObject[],
  signal: AbortSignal,
): Promise<readonly Done[]> {
  const done: Done[] = [];
  for (const object of objects) {
    const what = describeObject(object);
    try {
      const { created } = await cluster.apply(object, { force: true, dryRun: true }, signal);
      done.push({ line: `${what} ${created ? 'created' : 'configured'} (server dry run)`, failed: false });
    } catch (error) {
      if (!isOperationError(error) || error.code === 'INVARIANT') {
        throw error;
      }
      done.push({ line: describeError(error), failed: true });
    }
  }
  return done;
}

/** The inventory is written before anything is pruned and after: an object is forgotten when it is gone, and not sooner. */
async function putObjects(
  { objects: memory }: WaybillContext,
  waybill: Waybill,
  { cluster, objects }: { readonly cluster: ClusterObjects; readonly objects: readonly ManifestObject[] },
  signal: AbortSignal,
): Promise<readonly Done[]> {
  const owner = { namespace: waybill.namespace, name: waybill.name, uid: waybill.uid };
  const record = await memory.readRecord(owner, signal);
  const before = record?.inventory ?? [];
  // Everything is sent: a run puts back what somebody changed.
  const results = await applyObjects(
    cluster,
    { objects, inventory: new Map(), conflicts: 'Force', goOn: true },
    signal,
  );
  const applied = results.flatMap((result) => ('entry' in result ? [result.entry] : []));
  const left = leftOver(toInventory(before), objects);
  const kept = before.filter((entry) => !applied.some((one) => isSame(one, entry)));
  const write = async (inventory: readonly InventoryEntry[]) =>
    await memory.writeRecord(owner, { revision: '', versions: [], settings: '', inventory }, signal);
  await write([...applied, ...kept]);
  const prunable = left.prune.filter((entry) => mayPrune(waybill, entry));
  const pruned = await pruneObjects(cluster, prunable, signal);
  const gone = pruned.filter(({ kind }) => kind !== 'Failed').map(({ entry }) => entry);
  if (gone.length > 0) {
    await write([...applied, ...kept.filter((entry) => !gone.some((one) => isSame(one, entry)))]);
  }
  return [
    ...results.map((result) => ({ line: sayResult(result), failed: result.kind === 'Failed' })),
    ...pruned.map((result) => ({
      line: result.kind === 'Failed' ? describeError(result.error) : `${describeObject(result.entry)} pruned`,
      failed: result.kind === 'Failed',
    })),
  ];
}

function isSame(left: InventoryEntry, right: InventoryEntry): boolean {
  return (
    left.group === right.group &&
    left.kind === right.kind &&
    left.namespace === right.namespace &&
    left.name === right.name
  );
}
