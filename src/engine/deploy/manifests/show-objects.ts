/** The objects of an App of manifests as people look at them: how each is, and what an Update changes. */
import type { AppSpec } from '../../../core/app/app.ts';
import type { AppRecord, Revision } from '../../../core/manifest/app-record.ts';
import { contentHash } from '../../../core/manifest/canonical.ts';
import { differencesOf, formatDifference } from '../../../core/manifest/differences.ts';
import { type InventoryEntry, toInventory } from '../../../core/manifest/inventory.ts';
import { identityKey, type ManifestObject } from '../../../core/manifest/manifest-object.ts';
import type { AppObjectWire } from '../../../resources/app/decode-app.ts';
import { journalOf, type UpdateObjectWire } from '../../../resources/update/decode-update.ts';
import type { ObjectChange, StandingObject, UpdateChanges } from '../standing.ts';
import { appNameOf, type ManifestsContext, toManifestObject } from './manifests-context.ts';
import { seenHealth } from './observe-manifests.ts';
import { findDrifted } from './upkeep.ts';

/** From the watch; objects that it shows in another state than was applied are compared with the API server. */
export async function standingObjects(
  context: ManifestsContext,
  app: AppObjectWire,
  spec: AppSpec,
  signal: AbortSignal,
): Promise<readonly StandingObject[]> {
  const name = appNameOf(app);
  const record = await context.objects.readRecord(name, signal);
  if (record === undefined) {
    return [];
  }
  await context.watched.watch(name, record.inventory, signal, spec.healthChecks);
  const drifted = new Set((await findDrifted(context, name, record, signal)).map(identityKey));
  return record.inventory.map((entry) => ({
    ...addressOf(entry),
    ...healthOf(context, entry),
    ...(drifted.has(identityKey(entry)) && { drift: 'somebody else changed it' }),
    ...(entry.left === true && { drift: 'it has left the manifests, and could not be pruned yet' }),
  }));
}

function addressOf({ apiVersion, kind, namespace, name }: InventoryEntry) {
  return { apiVersion, kind, namespace, name };
}

function healthOf(context: ManifestsContext, entry: InventoryEntry): Pick<StandingObject, 'health' | 'message'> {
  const health = seenHealth(context, entry);
  if (health === 'Absent') {
    return { health: 'Absent' };
  }
  const message = health.message || health.reason;
  return { health: health.status, ...(message !== '' && health.status !== 'Current' && { message }) };
}

/** Undefined where the sets of objects are not kept any more. */
export async function changesOfUpdate(
  context: ManifestsContext,
  update: UpdateObjectWire,
  signal: AbortSignal,
): Promise<UpdateChanges | undefined> {
  const app = context.records.findApp(update.metadata.namespace, update.spec.app);
  const { plan } = journalOf(update, context.clock.now());
  if (app === undefined || plan?.kind !== 'Manifests') {
    return undefined;
  }
  const name = appNameOf(app);
  const [after, before, record] = await Promise.all([
    context.objects.readRevision(name, plan.revision, signal),
    plan.former === undefined ? undefined : context.objects.readRevision(name, plan.former, signal),
    context.objects.readRecord(name, signal),
  ]);
  if (after === undefined || (before === undefined && plan.former !== undefined)) {
    return undefined;
  }
  const isLast = context.records.listUpdates(app.metadata.namespace, app.metadata.name)[0]?.metadata.uid;
  const standing = isLast === update.metadata.uid ? record : undefined;
  return { objects: compareRevisions(before, after, standing) };
}

/** @param standing what the cluster has; undefined where something newer has come since */
function compareRevisions(
  before: Revision | undefined,
  after: Revision,
  standing: AppRecord | undefined,
): readonly ObjectChange[] {
  const old = new Map((before?.objects ?? []).map(toManifestObject).map((object) => [identityKey(object), object]));
  const objects = after.objects.map((object, index) => ({
    object: toManifestObject(object),
    file: after.files?.[index] ?? '',
  }));
  const inventory = standing && toInventory(standing.inventory);
  const changed = objects.map(({ object, file }) => {
    const entry = inventory?.get(identityKey(object));
    return {
      ...changeOf(old.get(identityKey(object)), object),
      ...(file !== '' && { file }),
      ...(inventory && { done: entry?.desiredHash === contentHash(object.object) }),
    };
  });
  const kept = new Set(objects.map(({ object }) => identityKey(object)));
  const pruned = [...old.values()].filter((object) => !kept.has(identityKey(object)));
  return [
    ...changed,
    ...pruned.map((object) => ({
      ...nameOf(object),
      change: 'Pruned' as const,
      lines: [],
      ...(inventory && { done: inventory.get(identityKey(object)) === undefined }),
    })),
  ];
}

function changeOf(before: ManifestObject | undefined, after: ManifestObject): ObjectChange {
  if (before === undefined) {
    return { ...nameOf(after), change: 'Created', lines: [] };
  }
  const lines = differencesOf(before.object, after.object).map(formatDifference);
  return { ...nameOf(after), change: lines.length === 0 ? 'Unchanged' : 'Configured', lines };
}

function nameOf({ kind, namespace, name }: ManifestObject) {
  return { kind, namespace, name };
}
