/** What an Update of manifests would change, without changing anything: the API server itself is asked, as a trial. */
import type { AppSpec } from '../../../core/app/app.ts';
import { isOperationError, OperationError } from '../../../core/errors.ts';
import type { Fields } from '../../../core/health/objects/fields.ts';
import type { SourceVersion } from '../../../core/manifest/app-record.ts';
import { contentHash } from '../../../core/manifest/canonical.ts';
import { differencesOf, formatDifference } from '../../../core/manifest/differences.ts';
import { leftOver, toInventory } from '../../../core/manifest/inventory.ts';
import { describeObject, identityKey, type ManifestObject } from '../../../core/manifest/manifest-object.ts';
import { inApplyOrder } from '../../../core/manifest/stages.ts';
import type { AppName } from '../../ports/app-objects.ts';
import type { ClusterObjects } from '../../ports/cluster-objects.ts';
import { eachOf } from '../each-of.ts';
import { makeRevision } from './make-revision.ts';
import { clusterFor, type RevisionContext, toManifestObject } from './manifests-context.ts';
import { findSetOneWays } from './one-ways.ts';

export interface PreviewRequest {
  readonly app: AppName;
  readonly spec: AppSpec;
  /** Of all sources; those that stand where one is not named. */
  readonly versions: readonly SourceVersion[];
}

/** What would become of one object. */
export interface PreviewedObject {
  /** `Deployment demo/web`. */
  readonly object: string;
  readonly change: 'Create' | 'Change' | 'Prune' | 'None' | 'Refused';
  /** One line each, as a person reads it; why, where it would be refused. */
  readonly lines: readonly string[];
}

export interface Preview {
  readonly objects: readonly PreviewedObject[];
  /** What could not be taken back. */
  readonly oneWays: readonly string[];
}

const mostAtOnce = 8;

/** @throws MANIFEST_INVALID and whatever else would make the Update fail before it starts */
export async function preview(
  context: RevisionContext,
  { app, spec, versions }: PreviewRequest,
  signal: AbortSignal,
): Promise<Preview> {
  const { deploy } = spec;
  if (deploy.kind !== 'Manifests') {
    throw new OperationError(
      `plan App ${app.namespace}/${app.name}: it is not made of manifests (spec.deploy.manifests)`,
      {
        code: 'USAGE',
        retry: 'never',
      },
    );
  }
  const record = await context.objects.readRecord(app, signal);
  const objects = await makeRevision(context, { app, spec, deploy, versions }, signal);
  const cluster = clusterFor(context, app, deploy.serviceAccount);
  const inventory = toInventory(record?.inventory ?? []);
  const ordered = inApplyOrder(objects).flat();
  const tried = await eachOf(ordered, mostAtOnce, async (object): Promise<PreviewedObject> => {
    const known = inventory.get(identityKey(object));
    return known?.desiredHash === contentHash(object.object)
      ? { object: describeObject(object), change: 'None', lines: [] }
      : await tryOne(cluster, object, signal);
  });
  const pruned = deploy.prune ? leftOver(inventory, objects).prune : [];
  const former = record && (await context.objects.readRevision(app, record.revision, signal));
  const before = former?.objects.map(toManifestObject);
  const oneWays = before ? await findSetOneWays(cluster, { before, after: objects, prune: deploy.prune }, signal) : [];
  return {
    objects: [
      ...tried,
      ...pruned.map((entry) => ({ object: describeObject(entry), change: 'Prune' as const, lines: [] })),
    ],
    oneWays: oneWays.map(({ object, reason }) => `${describeObject(object)} ${reason}`),
  };
}

async function tryOne(cluster: ClusterObjects, object: ManifestObject, signal: AbortSignal): Promise<PreviewedObject> {
  const name = describeObject(object);
  try {
    const before = await cluster.read(object, signal);
    const { live } = await cluster.apply(object, { force: true, dryRun: true }, signal);
    if (before === undefined) {
      // Its name is told above; what is in it is what matters.
      return { object: name, change: 'Create', lines: linesOf(headOf(object.object), object.object) };
    }
    const lines = linesOf(before, live);
    return { object: name, change: lines.length === 0 ? 'None' : 'Change', lines };
  } catch (error) {
    if (!isOperationError(error) || error.code === 'API_UNAVAILABLE') {
      throw error;
    }
    return { object: name, change: 'Refused', lines: [error.message] };
  }
}

function headOf({ apiVersion, kind, metadata }: Fields): Fields {
  return { apiVersion, kind, metadata };
}

function linesOf(before: Fields, after: Fields): readonly string[] {
  return differencesOf(before, after).map(formatDifference);
}
