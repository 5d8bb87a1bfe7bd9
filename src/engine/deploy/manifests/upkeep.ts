/** What is done for an App between its Updates: what somebody changed is put back or told, what could not be pruned is tried again. */
import type { AppSpec } from '../../../core/app/app.ts';
import type { ManifestsDeploy } from '../../../core/app/manifests-deploy.ts';
import type { AppRecord } from '../../../core/manifest/app-record.ts';
import { contentHash } from '../../../core/manifest/canonical.ts';
import { type InventoryEntry, isKept } from '../../../core/manifest/inventory.ts';
import { describeObject, identityKey, type ManifestObject } from '../../../core/manifest/manifest-object.ts';
import { cutToOwned } from '../../../core/manifest/owned-fields.ts';
import { joinSome } from '../../../core/text.ts';
import type { AppObjectWire } from '../../../resources/app/decode-app.ts';
import { journalOf } from '../../../resources/update/decode-update.ts';
import type { AppName } from '../../ports/app-objects.ts';
import type { Upkeep } from '../deployer.ts';
import { appNameOf, clusterFor, type ManifestsContext, toManifestObject } from './manifests-context.ts';
import { type PruneResult, pruneObjects } from './prune-objects.ts';
import { putRevision, suspectEntry } from './put-revision.ts';

/** Costs no request while the watch shows what was applied. */
export async function upkeep(
  context: ManifestsContext,
  app: AppObjectWire,
  { deploy }: AppSpec,
  signal: AbortSignal,
): Promise<Upkeep> {
  const name = appNameOf(app);
  const record = await context.objects.readRecord(name, signal);
  if (deploy.kind !== 'Manifests' || record === undefined || record.revision === '') {
    return { kind: 'Quiet' };
  }
  const pruned = deploy.prune ? await pruneLeft(context, name, record, signal) : undefined;
  const drift = await lookForDrift(context, { app: name, record: pruned?.record ?? record, deploy }, signal);
  return drift.kind === 'Quiet' ? (pruned?.upkeep ?? drift) : drift;
}

async function lookForDrift(
  context: ManifestsContext,
  { app, record, deploy }: Omit<Standing, 'objects'>,
  signal: AbortSignal,
): Promise<Upkeep> {
  const suspects = suspectsAmong(context, record);
  if (suspects.length === 0) {
    return { kind: 'Quiet' };
  }
  const revision = await context.objects.readRevision(app, record.revision, signal);
  if (revision === undefined) {
    return {
      kind: 'Drifted',
      message: `${suspects.length} objects changed, and the revision to compare with is not kept any more`,
    };
  }
  const objects = revision.objects.map(toManifestObject);
  const standing: Standing = { app, record, objects, deploy };
  const drifted = await compare(context, standing, suspects, signal);
  const told = joinSome(drifted.map(describeObject), ', ');
  if (drifted.length === 0) {
    return { kind: 'Quiet' };
  }
  const other = drifted.map((entry) => context.watched.ownerOf(entry)).find((owner) => isOther(owner, app));
  if (other !== undefined) {
    return { kind: 'Drifted', message: `App ${other} applies some of it too, and has it its own way: ${told}` };
  }
  if (deploy.drift === 'Report') {
    return { kind: 'Drifted', message: `changed by somebody else: ${told}` };
  }
  return await correct(context, standing, drifted, signal);
}

function suspectsAmong(context: ManifestsContext, { inventory }: AppRecord): readonly InventoryEntry[] {
  return inventory.filter((entry) => entry.left !== true && isSuspect(context, entry));
}

/** Objects that somebody else changed; costs a request for each that the watch shows in another state than was applied. */
export async function findDrifted(
  context: ManifestsContext,
  app: AppName,
  record: AppRecord,
  signal: AbortSignal,
): Promise<readonly InventoryEntry[]> {
  const suspects = suspectsAmong(context, record);
  const revision = suspects.length === 0 ? undefined : await context.objects.readRevision(app, record.revision, signal);
  return revision === undefined
    ? []
    : await compare(context, { app, record, objects: revision.objects.map(toManifestObject) }, suspects, signal);
}

function isOther(owner: string | undefined, { namespace, name }: AppName): boolean {
  return owner !== undefined && owner !== `${namespace}/${name}`;
}

/** Tries again to delete what has left the manifests and could not be deleted then. */
async function pruneLeft(
  context: ManifestsContext,
  app: AppName,
  record: AppRecord,
  signal: AbortSignal,
): Promise<{ readonly record: AppRecord; readonly upkeep: Upkeep } | undefined> {
  const left = record.inventory.filter((entry) => entry.left === true);
  if (left.length === 0) {
    return undefined;
  }
  const results = await pruneObjects(clusterFor(context, app, record.serviceAccount), left, signal);
  const failed = results.filter((result) => result.kind === 'Failed');
  if (failed.length === left.length) {
    return { record, upkeep: { kind: 'Drifted', message: sayNotPruned(failed) } };
  }
  const still = new Set(failed.map(({ entry }) => identityKey(entry)));
  const inventory = record.inventory.filter((entry) => entry.left !== true || still.has(identityKey(entry)));
  const next = { ...record, inventory };
  await context.objects.writeRecord(app, next, signal);
  await context.watched.watch(app, inventory, signal);
  const done = results.filter((result) => result.kind !== 'Failed').map(({ entry }) => describeObject(entry));
  const upkeep: Upkeep =
    failed.length > 0
      ? { kind: 'Drifted', message: sayNotPruned(failed) }
      : { kind: 'Corrected', message: `pruned what could not be pruned before: ${joinSome(done, ', ')}` };
  return { record: next, upkeep };
}

function sayNotPruned(failed: readonly Extract<PruneResult, { kind: 'Failed' }>[]): string {
  const told = failed.map(({ entry, error }) => `${describeObject(entry)}: ${error.message}`);
  return `could not be pruned, and is tried again: ${joinSome(told, '; ')}`;
}

interface Standing {
  readonly app: AppName;
  readonly record: AppRecord;
  readonly objects: readonly ManifestObject[];
  readonly deploy: ManifestsDeploy;
}

/** Whether the watch shows another state than the one that was written down; of kinds with generations the status does not count. */
function isSuspect({ watched }: ManifestsContext, entry: InventoryEntry): boolean {
  const seen = watched.find(entry);
  if (seen === 'Unseen' || entry.uid === '') {
    return false;
  }
  if (seen === 'Absent') {
    return entry.kind !== 'Job';
  }
  if (seen.uid !== entry.uid) {
    return true;
  }
  if (entry.generation === undefined) {
    return seen.resourceVersion !== entry.resourceVersion;
  }
  const isRelabelled = entry.metadataHash !== undefined && seen.metadataHash !== entry.metadataHash;
  return seen.generation > entry.generation || (seen.generation === entry.generation && isRelabelled);
}

/** Those of the suspects in which one of our fields has another value; the state of the others is written down as good. */
async function compare(
  context: ManifestsContext,
  { app, record, objects }: Omit<Standing, 'deploy'>,
  suspects: readonly InventoryEntry[],
  signal: AbortSignal,
): Promise<readonly InventoryEntry[]> {
  const cluster = context.access.actingAs(undefined);
  const drifted: InventoryEntry[] = [];
  const good = new Map<string, InventoryEntry>();
  for (const entry of suspects) {
    const desired = objects.find((object) => identityKey(object) === identityKey(entry));
    const live = await cluster.read(entry, signal);
    if (desired === undefined) {
      continue;
    }
    const isSame = live !== undefined && contentHash(cutToOwned(desired.object, live)) === entry.ownedHash;
    const seen = context.watched.find(entry);
    if (isSame && typeof seen === 'object' && seen.uid === entry.uid) {
      const { resourceVersion, generation, metadataHash } = seen;
      const state = generation === 0 ? {} : { generation, metadataHash };
      good.set(identityKey(entry), { ...entry, resourceVersion, ...state });
    } else {
      drifted.push(entry);
    }
  }
  if (good.size > 0) {
    const inventory = record.inventory.map((entry) => good.get(identityKey(entry)) ?? entry);
    context.objects.noteSeen(app, { ...record, inventory });
  }
  return drifted;
}

async function correct(
  context: ManifestsContext,
  { app, record, objects, deploy }: Standing,
  drifted: readonly InventoryEntry[],
  signal: AbortSignal,
): Promise<Upkeep> {
  const { inventory: _, ...target } = record;
  const again = new Set(drifted.map(identityKey));
  const result = await putRevision(
    context,
    { app, objects, target, conflicts: 'Force', prune: deploy.prune, again },
    signal,
  );
  const told = joinSome(drifted.map(describeObject), ', ');
  return result.kind === 'Refused'
    ? { kind: 'Drifted', message: `changed by somebody else, and cannot be put back: ${result.message}` }
    : { kind: 'Corrected', message: `put back what somebody else had changed: ${told}` };
}

/** The App is being deleted: its objects go with it where it says so. @returns whether all are gone or left behind on purpose */
export async function dismantle(
  context: ManifestsContext,
  app: AppObjectWire,
  spec: AppSpec | undefined,
  signal: AbortSignal,
): Promise<{ readonly done: boolean; readonly message: string }> {
  const name = appNameOf(app);
  const record = await context.objects.readRecord(name, signal);
  const deploy = spec?.deploy.kind === 'Manifests' ? spec.deploy : undefined;
  context.watched.unwatch(name);
  if (deploy?.deletion !== 'Prune') {
    return { done: true, message: '' };
  }
  const entries = [...(record?.inventory ?? []), ...(await suspectsOf(context, name, record, signal))];
  const cluster = clusterFor(context, name, record?.serviceAccount ?? deploy.serviceAccount);
  const results = await pruneObjects(cluster, entries, signal);
  const failed = results.filter((result) => result.kind === 'Failed');
  return {
    done: failed.length === 0,
    message: joinSome(
      failed.map(({ entry, error }) => `${describeObject(entry)}: ${error.message}`),
      '; ',
    ),
  };
}

/** Objects of the last Update that may have been made before anything was written down of it. */
async function suspectsOf(
  context: ManifestsContext,
  app: AppName,
  record: AppRecord | undefined,
  signal: AbortSignal,
): Promise<readonly InventoryEntry[]> {
  const [last] = context.records.listUpdates(app.namespace, app.name);
  const plan = last && journalOf(last, context.clock.now()).plan;
  if (plan?.kind !== 'Manifests' || plan.revision === record?.revision) {
    return [];
  }
  const revision = await context.objects.readRevision(app, plan.revision, signal);
  const known = new Set((record?.inventory ?? []).map(identityKey));
  const objects = (revision?.objects ?? []).map(toManifestObject);
  return objects.filter((object) => !known.has(identityKey(object)) && !isKept(object)).map(suspectEntry);
}
