/** Brings the cluster to a whole set of objects: applies what differs, prunes what left, and writes down what stands there. */
import type { OperationError } from '../../../core/errors.ts';
import type { AppRecord } from '../../../core/manifest/app-record.ts';
import { type InventoryEntry, isKept, leftOver, toInventory } from '../../../core/manifest/inventory.ts';
import { describeObject, identityKey, type ManifestObject } from '../../../core/manifest/manifest-object.ts';
import { joinSome } from '../../../core/text.ts';
import type { AppName } from '../../ports/app-objects.ts';
import { type ApplyRequest, applyObjects } from './apply-objects.ts';
import { clusterFor, type ManifestsContext } from './manifests-context.ts';
import type { ObjectResult } from './object-result.ts';
import { type PruneResult, pruneObjects } from './prune-objects.ts';

export interface PutRequest {
  readonly app: AppName;
  readonly objects: readonly ManifestObject[];
  /** What the record says once all of it stands. */
  readonly target: Omit<AppRecord, 'inventory'>;
  readonly conflicts: ApplyRequest['conflicts'];
  readonly prune: boolean;
  readonly again?: ReadonlySet<string>;
  /** Objects that may have been made although nothing says so: the process may have died before it was written down. */
  readonly suspects?: readonly ManifestObject[];
}

export type PutResult =
  | { readonly kind: 'Done'; readonly message: string }
  /** Part of it stands; the record says which. `blamesContent`: the API server calls the objects themselves wrong. */
  | { readonly kind: 'Refused'; readonly message: string; readonly blamesContent: boolean };

/** @throws errors of the API server that pass; what was done until then is written down */
export async function putRevision(
  context: ManifestsContext,
  request: PutRequest,
  signal: AbortSignal,
): Promise<PutResult> {
  const { app, objects, target, conflicts, again } = request;
  const before = await context.objects.readRecord(app, signal);
  const known = withSuspects(before?.inventory ?? [], request);
  const cluster = clusterFor(context, app, target.serviceAccount);
  const inventory = toInventory(known);
  context.watched.claim(app, objects);
  const results = await applyObjects(
    cluster,
    { objects, inventory, conflicts, ...(again === undefined ? {} : { again }) },
    signal,
  );
  const applied = merge(known, results);
  const failures = results.filter((result) => result.kind === 'Failed');
  if (failures.length > 0) {
    await context.objects.writeRecord(app, unfinished(before, target, applied), signal);
    return refusedOrThrow(results, failures);
  }
  const { prune } = leftOver(toInventory(applied), objects);
  const pruned = request.prune ? await pruneObjects(cluster, prune, signal) : [];
  await settle(context, request, { before, applied, pruned, left: prune }, signal);
  return { kind: 'Done', message: sayDone(results, pruned) };
}

function withSuspects(known: readonly InventoryEntry[], { suspects = [] }: PutRequest): readonly InventoryEntry[] {
  const keys = new Set(known.map(identityKey));
  return [
    ...known,
    ...suspects.filter((object) => !keys.has(identityKey(object)) && !isKept(object)).map(suspectEntry),
  ];
}

/** Objects of the target are there or may be, but what counts is the revision before until all of it stands. */
function unfinished(
  before: AppRecord | undefined,
  { serviceAccount }: PutRequest['target'],
  inventory: readonly InventoryEntry[],
): AppRecord {
  const { revision = '', versions = [], settings = '' } = before ?? {};
  return { revision, versions, settings, inventory, ...(serviceAccount === undefined ? {} : { serviceAccount }) };
}

/** An object of which it is not known whether it was made. */
export function suspectEntry({ group, kind, namespace, name, apiVersion }: ManifestObject): InventoryEntry {
  const nothing = { uid: '', desiredHash: '', ownedHash: '', resourceVersion: '' };
  return { group, kind, namespace, name, apiVersion, ...nothing };
}

function merge(known: readonly InventoryEntry[], results: readonly ObjectResult[]): readonly InventoryEntry[] {
  const entries = new Map(known.map((entry) => [identityKey(entry), entry]));
  for (const result of results) {
    const key = identityKey(result.object);
    const entry = entries.get(key);
    if ('entry' in result) {
      entries.set(key, result.entry);
    } else if (result.kind === 'Failed' && entry !== undefined) {
      // It may have been changed all the same: next time it is sent, whatever its hash.
      entries.set(key, { ...entry, desiredHash: '' });
    }
  }
  return [...entries.values()];
}

function refusedOrThrow(
  results: readonly ObjectResult[],
  failures: readonly Extract<ObjectResult, { kind: 'Failed' }>[],
): PutResult {
  const passing = failures.find(({ error }) => isPassing(error));
  if (passing) {
    throw passing.error;
  }
  const done = results.filter(({ kind }) => kind === 'Created' || kind === 'Configured');
  const untried = results.filter(({ kind }) => kind === 'NotTried').length;
  const said = joinSome(
    failures.map(({ object, error }) => `${describeObject(object)}: ${error.message}`),
    '; ',
  );
  const part =
    done.length === 0
      ? 'nothing was changed'
      : `changed before that: ${joinSome(
          done.map(({ object }) => describeObject(object)),
          ', ',
        )}`;
  return {
    kind: 'Refused',
    message: `${said}; ${part}${untried === 0 ? '' : `; ${untried} not tried`}`,
    blamesContent: failures.every(({ error }) => error.code === 'API_INVALID'),
  };
}

/** Will go by itself; all else is refused, and goes back. */
function isPassing(error: OperationError): boolean {
  return error.code === 'API_UNAVAILABLE' || (error.code === 'API_CONFLICT' && error.retry === 'backoff');
}

interface Standing {
  readonly before: AppRecord | undefined;
  readonly applied: readonly InventoryEntry[];
  readonly pruned: readonly PruneResult[];
  /** Entries that are no longer wanted. */
  readonly left: readonly InventoryEntry[];
}

async function settle(
  context: ManifestsContext,
  { app, objects, target }: PutRequest,
  { before, applied, pruned, left }: Standing,
  signal: AbortSignal,
): Promise<void> {
  const failed = new Set(pruned.flatMap((result) => (result.kind === 'Failed' ? [identityKey(result.entry)] : [])));
  const wanted = new Set(objects.map(identityKey));
  const inventory = applied.flatMap((entry) => {
    const key = identityKey(entry);
    return wanted.has(key) ? [wantedAgain(entry)] : failed.has(key) ? [{ ...entry, left: true }] : [];
  });
  const record = { ...target, inventory };
  const isSame = before !== undefined && left.length === 0 && isUnchanged(before, record);
  if (!isSame) {
    await context.objects.writeRecord(app, record, signal);
  }
  await context.watched.watch(app, inventory, signal);
}

/** What had left the manifests, and could not be deleted, may be in them again. */
function wantedAgain(entry: InventoryEntry): InventoryEntry {
  const { left, ...rest } = entry;
  return left === undefined ? entry : rest;
}

function isUnchanged(before: AppRecord, after: AppRecord): boolean {
  return (
    before.revision === after.revision &&
    before.inventory.length === after.inventory.length &&
    before.inventory.every((entry, index) => entry === after.inventory[index])
  );
}

function sayDone(results: readonly ObjectResult[], pruned: readonly PruneResult[]): string {
  const count = (kind: string) => results.filter((result) => result.kind === kind).length;
  const failed = pruned.flatMap((result) =>
    result.kind === 'Failed' ? [`${describeObject(result.entry)}: ${result.error.message}`] : [],
  );
  const deleted = pruned.filter(({ kind }) => kind === 'Deleted').length;
  const parts = [
    `${count('Created')} created`,
    `${count('Configured')} changed`,
    `${count('Unchanged')} unchanged`,
    `${deleted} pruned`,
  ];
  return `${parts.join(', ')}${failed.length === 0 ? '' : `; could not be pruned, and is tried again: ${joinSome(failed, '; ')}`}`;
}
