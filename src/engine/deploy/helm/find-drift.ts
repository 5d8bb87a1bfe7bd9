/**
 * Whether the objects of a release are as Helm put them in place. A watch tells which of them changed; only those are compared, by asking the API
 * server what applying the manifest again would change. So it is the API server that knows defaults and ways of writing, and at rest nothing is asked.
 */
import { isOperationError, type OperationError } from '../../../core/errors.ts';
import { type Fields, fieldAt } from '../../../core/health/objects/fields.ts';
import type { HelmDeploy } from '../../../core/helm/helm-deploy.ts';
import type { StoredRelease } from '../../../core/helm/stored-release.ts';
import { differencesOf, formatDifference } from '../../../core/manifest/differences.ts';
import { describeObject, identityKey } from '../../../core/manifest/manifest-object.ts';
import { joinSome } from '../../../core/text.ts';
import type { ClusterObjects, ObjectAddress } from '../../ports/cluster-objects.ts';
import type { SeenObject } from '../../ports/watched-objects.ts';
import type { DriftKnowledge } from './drift-memory.ts';
import type { HelmContext } from './helm-context.ts';
import { addressesOf } from './release-objects.ts';

/** @returns a sentence for each object that is not as it should be, in the order of the manifest */
export async function findDrift(
  context: HelmContext,
  app: { readonly namespace: string; readonly name: string },
  { deploy, opened }: { readonly deploy: HelmDeploy; readonly opened: StoredRelease },
  signal: AbortSignal,
): Promise<readonly string[]> {
  const known = await knownOf(context, app, opened, signal);
  await context.watchedAtRest.watch(app, known.addresses, signal);
  const account =
    deploy.serviceAccount === undefined ? undefined : { namespace: app.namespace, name: deploy.serviceAccount };
  const cluster = context.objects.actingAs(account);
  for (const [key, object] of known.objects) {
    const seen = context.watchedAtRest.find(object);
    if (seen !== 'Unseen' && known.compared.get(key) !== stateOf(seen)) {
      const drift = await compare(cluster, object, signal);
      known.compared.set(key, stateOf(seen));
      known.drifted.delete(key);
      if (drift !== undefined) {
        known.drifted.set(key, drift);
      }
    }
  }
  return [...known.drifted.values()];
}

async function knownOf(
  context: HelmContext,
  app: { readonly namespace: string; readonly name: string },
  opened: StoredRelease,
  signal: AbortSignal,
): Promise<DriftKnowledge> {
  const key = `${app.namespace}/${app.name}`;
  const before = context.drift.get(key);
  if (before?.opened === opened) {
    return before;
  }
  const addresses = await addressesOf(context, app.namespace, opened.objects, signal);
  const contents = new Map(opened.objects.map((one) => [`${one.apiVersion} ${one.kind} ${one.name}`, one.object]));
  const objects = addresses.map((address) => {
    const object = contents.get(`${address.apiVersion} ${address.kind} ${address.name}`) ?? {};
    return [identityKey(address), { ...address, object }] as const;
  });
  const known = { opened, addresses, objects: new Map(objects), compared: new Map(), drifted: new Map() };
  context.drift.set(key, known);
  return known;
}

/** Of kinds with a generation the status says nothing of drift. */
function stateOf(seen: SeenObject | 'Absent'): string {
  if (seen === 'Absent') {
    return seen;
  }
  return seen.generation > 0
    ? `${seen.uid}/${seen.generation}/${seen.metadataHash}`
    : `${seen.uid}/${seen.resourceVersion}`;
}

async function compare(
  cluster: ClusterObjects,
  object: ObjectAddress & { readonly object: Fields },
  signal: AbortSignal,
): Promise<string | undefined> {
  const live = await cluster.read(object, signal);
  if (live === undefined) {
    return `${describeObject(object)} is gone`;
  }
  try {
    const { live: wanted } = await cluster.apply(object, { force: true, dryRun: true }, signal);
    const differences = differencesOf(live, wanted).filter(({ path }) => path !== 'spec.replicas' || !isScaled(live));
    return differences.length === 0
      ? undefined
      : `${describeObject(object)} was changed: ${joinSome(differences.map(formatDifference), ', ')}`;
  } catch (error) {
    if (isOperationError(error) && isRefused(error)) {
      return undefined;
    }
    throw error;
  }
}

/** An object that cannot be compared, as a finished Job, is not known to have drifted. */
function isRefused({ code }: OperationError): boolean {
  return code === 'API_INVALID' || code === 'API_REJECTED' || code === 'API_FORBIDDEN';
}

/** Replicas that somebody set by the subresource for it, as an autoscaler does, are theirs. */
function isScaled(live: Fields): boolean {
  const managers = fieldAt(live, 'metadata.managedFields');
  return (
    Array.isArray(managers) && managers.some((one: { readonly subresource?: unknown }) => one.subresource === 'scale')
  );
}
