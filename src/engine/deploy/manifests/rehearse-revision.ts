/**
 * The objects of a new revision that differ from what was applied, as a trial by server-side dry run, so that a set of which one object is refused
 * is not begun. A single object needs none: the API server takes it or leaves it. The first revision of an App gets none: nothing runs that it
 * could break, and its namespaces and kinds may only come with it.
 */
import type { ManifestsPlan } from '../../../core/deploy/manifests-plan.ts';
import { isOperationError } from '../../../core/errors.ts';
import { type Fields, fieldAt } from '../../../core/health/objects/fields.ts';
import { contentHash } from '../../../core/manifest/canonical.ts';
import { toInventory } from '../../../core/manifest/inventory.ts';
import { describeObject, identityKey, type ManifestObject } from '../../../core/manifest/manifest-object.ts';
import { optOutsOf } from '../../../core/manifest/opt-outs.ts';
import type { AppName } from '../../ports/app-objects.ts';
import type { ClusterObjects } from '../../ports/cluster-objects.ts';
import type { Rehearsal, Work } from '../deployer.ts';
import { eachOf } from '../each-of.ts';
import { refusalsIn } from '../refusals-in.ts';
import { mayRecreate } from './apply-one.ts';
import { clusterFor, type ManifestsContext, toManifestObject } from './manifests-context.ts';

const mostAtOnce = 8;
/** Changed objects that are worth a trial. */
const fewest = 2;
/** With this many told, the rest adds nothing. */
const mostRefusals = 10;
const workloadKinds: ReadonlySet<string> = new Set(['Deployment', 'StatefulSet', 'DaemonSet']);

/** @throws errors of the API server that pass */
export async function rehearseRevision(
  context: ManifestsContext,
  { work, app, plan }: { readonly work: Work; readonly app: AppName; readonly plan: ManifestsPlan },
  signal: AbortSignal,
): Promise<Rehearsal> {
  const deploy = work.spec?.deploy;
  // What the plan counts can only be more; to read the objects of a large App for one changed line would be most of the memory of its Update.
  const changed =
    deploy?.kind === 'Manifests' && plan.changeCount >= fewest ? await findChanged(context, app, plan, signal) : [];
  if (deploy?.kind !== 'Manifests' || changed.length < fewest) {
    return { refusals: [], workloads: [] };
  }
  const cluster = clusterFor(context, app, deploy.serviceAccount);
  const tried = await eachOf(changed, mostAtOnce, (object) => tryOne(cluster, object, signal));
  const refusals = tried.flatMap((one) => (typeof one === 'string' ? [one] : []));
  const workloads = tried.filter((one) => typeof one === 'object');
  return { refusals: refusals.slice(0, mostRefusals), workloads };
}

async function findChanged(
  context: ManifestsContext,
  app: AppName,
  plan: ManifestsPlan,
  signal: AbortSignal,
): Promise<readonly ManifestObject[]> {
  const [record, revision] = await Promise.all([
    context.objects.readRecord(app, signal),
    plan.former === undefined ? undefined : context.objects.readRevision(app, plan.revision, signal),
  ]);
  const inventory = toInventory(record?.inventory ?? []);
  return (revision?.objects ?? []).map(toManifestObject).filter((object) => {
    const { ignore, onlyCreate } = optOutsOf(object.object);
    const isKnown = inventory.get(identityKey(object))?.desiredHash === contentHash(object.object);
    return !ignore && !onlyCreate && !isKnown;
  });
}

/**
 * The object as it would be, where it is a workload; a text: why it would be refused. Who owns which field is asked when it is applied. What its
 * namespace or kind is not there for yet may come with the set; what is made anew where it cannot be changed is not tried.
 */
async function tryOne(
  cluster: ClusterObjects,
  object: ManifestObject,
  signal: AbortSignal,
): Promise<Fields | string | undefined> {
  if (mayRecreate(object)) {
    return undefined;
  }
  try {
    const { live } = await cluster.apply(object, { force: true, dryRun: true }, signal);
    return workloadKinds.has(object.kind) && fieldAt(live, 'spec.template') !== undefined ? live : undefined;
  } catch (error) {
    if (isOperationError(error, 'API_NOT_FOUND')) {
      return undefined;
    }
    const [refusal] = refusalsIn(error);
    return refusal && `${describeObject(object)}: ${refusal}`;
  }
}
