/** The plan of an Update of manifests: both sets of objects are kept before anything is changed. */
import type { AppSpec } from '../../../core/app/app.ts';
import type { ManifestsDeploy } from '../../../core/app/manifests-deploy.ts';
import type { DeployPlan } from '../../../core/deploy/deploy-plan.ts';
import type { ManifestsPlan } from '../../../core/deploy/manifests-plan.ts';
import { OperationError } from '../../../core/errors.ts';
import type { AppRecord, Revision } from '../../../core/manifest/app-record.ts';
import { contentHash } from '../../../core/manifest/canonical.ts';
import { type Inventory, leftOver, toInventory } from '../../../core/manifest/inventory.ts';
import { describeObject, identityKey, type ManifestObject } from '../../../core/manifest/manifest-object.ts';
import { settingsOf } from '../../../core/manifest/settings.ts';
import { compareIdentity } from '../../../core/manifest/stages.ts';
import { joinSome } from '../../../core/text.ts';
import { changesOf } from '../../../resources/update/decode-update.ts';
import type { AppName } from '../../ports/app-objects.ts';
import type { PlanRequest } from '../deployer.ts';
import { makeRevision, versionsAfter } from './make-revision.ts';
import { appNameOf, clusterFor, type ManifestsContext, toManifestObject } from './manifests-context.ts';
import { findSetOneWays } from './one-ways.ts';

const mostChanges = 100;
const mostOneWays = 50;
const longestText = 500;
/** When an object of another App is looked for again. */
const claimRetryMs = 60_000;

/** @throws MANIFEST_INVALID and others with retry `never`, and OBJECT_CLAIMED, all before anything was changed */
export async function planRevision(
  context: ManifestsContext,
  request: PlanRequest,
  signal: AbortSignal,
): Promise<ManifestsPlan> {
  const app = appOf(context, request);
  const standing = await context.objects.readRecord(app, signal);
  const { id, objects } = request.record
    ? await recorded(context, app, request.record, signal)
    : await made(context, app, { request, standing }, signal);
  const former = formerOf(request, standing);
  const before = former === undefined ? undefined : await context.objects.readRevision(app, former, signal);
  const said = describe(toInventory(standing?.inventory ?? []), objects);
  return {
    kind: 'Manifests',
    revision: id,
    // One that is not kept any more cannot be gone back to.
    ...(former === undefined || before === undefined ? {} : { former }),
    formerDigests: (before?.versions ?? []).flatMap(({ digest }) => (digest === undefined ? [] : [digest])),
    objects: objects.length,
    changes: said.slice(0, mostChanges).map(clip),
    changeCount: said.length,
    oneWays: before === undefined ? [] : await sayOneWays(context, { request, app }, { before, objects }, signal),
  };
}

function appOf({ records }: ManifestsContext, { update }: PlanRequest): AppName {
  const app = records.findApp(update.metadata.namespace, update.spec.app);
  if (app === undefined) {
    throw notFound(`plan Update ${update.metadata.name}: App ${update.spec.app} is gone`);
  }
  return appNameOf(app);
}

interface Planned {
  readonly id: string;
  readonly objects: readonly ManifestObject[];
}

async function made(
  context: ManifestsContext,
  app: AppName,
  { request, standing }: { readonly request: PlanRequest; readonly standing: AppRecord | undefined },
  signal: AbortSignal,
): Promise<Planned> {
  const { spec, deploy } = manifestsOf(request);
  const versions = versionsAfter(standing?.versions ?? [], changesOf(request.update.spec), spec.sources);
  const objects = await makeRevision(context, { app, spec, deploy, versions }, signal);
  refuseClaimed(context, app, objects);
  const sorted = objects.toSorted(compareIdentity);
  const files = filesOf(sorted);
  const revision: Revision = {
    objects: sorted.map(({ object }) => object),
    ...(files.length > 0 && { files }),
    versions,
    settings: settingsOf(deploy),
  };
  return { id: await context.objects.writeRevision(app, revision, signal), objects };
}

/** The file of each object of a set, in its order; empty where none of them was read from a file. */
function filesOf(objects: readonly ManifestObject[]): readonly string[] {
  const files = objects.map(({ place }) => place?.file ?? '');
  return files.every((file) => file === '') ? [] : files;
}

/** Two Apps that want one object each their own way would put it right against each other without end. */
function refuseClaimed({ watched }: ManifestsContext, app: AppName, objects: readonly ManifestObject[]): void {
  const self = `${app.namespace}/${app.name}`;
  const claimed = objects.flatMap((object) => {
    const owner = watched.ownerOf(object);
    return owner === undefined || owner === self ? [] : [`${describeObject(object)} of App ${owner}`];
  });
  if (claimed.length > 0) {
    const remedy = 'take each out of the manifests of one of the two';
    throw new OperationError(`plan App ${self}: another App applies ${joinSome(claimed, ', ')}; ${remedy}`, {
      code: 'OBJECT_CLAIMED',
      retry: 'after',
      retryAfterMs: claimRetryMs,
    });
  }
}

async function recorded(
  context: ManifestsContext,
  app: AppName,
  { update, plan, state }: NonNullable<PlanRequest['record']>,
  signal: AbortSignal,
): Promise<Planned> {
  const { revision, former } = narrow(plan);
  const id = state === 'After' ? revision : former;
  const found = id === undefined ? undefined : await context.objects.readRevision(app, id, signal);
  if (id === undefined || found === undefined) {
    throw notFound(`go back to Update ${update}: its objects are not kept any more`);
  }
  return { id, objects: found.objects.map(toManifestObject) };
}

/** A revision that never proved itself is nothing to go back to: then that from which it started. */
function formerOf({ superseded }: PlanRequest, standing: AppRecord | undefined): string | undefined {
  const unproven = superseded === undefined ? undefined : narrow(superseded);
  const standingRevision = standing?.revision === '' ? undefined : standing?.revision;
  return unproven !== undefined && unproven.revision === standingRevision ? unproven.former : standingRevision;
}

function describe(inventory: Inventory, objects: readonly ManifestObject[]): readonly string[] {
  const told = objects.flatMap((object) => {
    const entry = inventory.get(identityKey(object));
    if (entry === undefined) {
      return [`+ ${describeObject(object)}`];
    }
    return entry.desiredHash === contentHash(object.object) ? [] : [`~ ${describeObject(object)}`];
  });
  return [...told, ...leftOver(inventory, objects).prune.map((entry) => `- ${describeObject(entry)}`)];
}

async function sayOneWays(
  context: ManifestsContext,
  { request, app }: { readonly request: PlanRequest; readonly app: AppName },
  { before, objects }: { readonly before: Revision; readonly objects: readonly ManifestObject[] },
  signal: AbortSignal,
): Promise<readonly string[]> {
  const deploy = request.spec?.deploy.kind === 'Manifests' ? request.spec.deploy : undefined;
  const cluster = clusterFor(context, app, deploy?.serviceAccount);
  const change = { before: before.objects.map(toManifestObject), after: objects, prune: deploy?.prune ?? true };
  const found = await findSetOneWays(cluster, change, signal);
  return found.slice(0, mostOneWays).map(({ object, reason }) => clip(`${describeObject(object)} ${reason}`));
}

function manifestsOf({ spec, update }: PlanRequest): { readonly spec: AppSpec; readonly deploy: ManifestsDeploy } {
  if (spec?.deploy.kind !== 'Manifests') {
    throw notFound(`plan Update ${update.metadata.name}: App ${update.spec.app} is gone or cannot be read`);
  }
  return { spec, deploy: spec.deploy };
}

/** The plan of an Update of manifests. @throws INVARIANT for another kind */
export function narrow(plan: DeployPlan | undefined): ManifestsPlan {
  if (plan?.kind !== 'Manifests') {
    throw new OperationError(`the plan of an Update of manifests is ${plan?.kind ?? 'not written'}`, {
      code: 'INVARIANT',
      retry: 'never',
    });
  }
  return plan;
}

function clip(text: string): string {
  return text.length <= longestText ? text : `${text.slice(0, longestText - 1)}…`;
}

function notFound(message: string): OperationError {
  return new OperationError(message, { code: 'TARGET_NOT_FOUND', retry: 'never' });
}
