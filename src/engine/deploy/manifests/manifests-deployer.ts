/** Deploy kind `manifests`: all objects of an App, from files, as one set that comes and goes back as a whole. */

import type { AppSpec } from '../../../core/app/app.ts';
import type { ManifestsPlan } from '../../../core/deploy/manifests-plan.ts';
import { OperationError } from '../../../core/errors.ts';
import type { AppRecord } from '../../../core/manifest/app-record.ts';
import { settingsOf } from '../../../core/manifest/settings.ts';
import { isOnTrial } from '../../../core/update/journal.ts';
import { specSource, type VersionChange } from '../../../core/update/version-change.ts';
import type { AppObjectWire } from '../../../resources/app/decode-app.ts';
import { journalOf } from '../../../resources/update/decode-update.ts';
import type { AppName } from '../../ports/app-objects.ts';
import type { Applied, Deployer, DeploySight, Restored, Survey, Work } from '../deployer.ts';
import { readEvery } from '../read-every.ts';
import { appNameOf, clusterFor, type ManifestsContext, toManifestObject } from './manifests-context.ts';
import { observeObjects, seenHealth } from './observe-manifests.ts';
import { narrow, planRevision } from './plan-revision.ts';
import { type PutResult, putRevision } from './put-revision.ts';
import { rehearseRevision } from './rehearse-revision.ts';
import { changesOfUpdate, standingObjects } from './show-objects.ts';
import { dismantle, upkeep } from './upkeep.ts';

/** Objects named in the App's status. */
const mostNamed = 1_000;
const restoreRetryMs = 30_000;
/** Revisions that no Update tells of any more are looked for once in so many Updates. */
const cleaningInterval = 5;

export function createManifestsDeployer(context: ManifestsContext): Deployer {
  return {
    survey: async (app, spec, signal) => await survey(context, app, spec, signal),
    plan: async (request, signal) => await planRevision(context, request, signal),
    rehearse: async (work, plan, signal) =>
      await rehearseRevision(context, { work, app: nameOf(context, work), plan: narrow(plan) }, signal),
    apply: async (work, signal) => await apply(context, work, signal),
    restore: async (work, signal) => await restore(context, work, signal),
    observe: async (work, signal) => await observe(context, work, signal),
    release: ({ namespace, name }) => context.workloads.unwatchPods(`${namespace}/${name}`),
    forget: (app) => {
      context.objects.forget(app);
      context.watched.unwatch(app);
    },
    upkeep: async (app, spec, signal) => await upkeep(context, app, spec, signal),
    standing: async (app, spec, signal) => await standingObjects(context, app, spec, signal),
    changes: async (update, signal) => await changesOfUpdate(context, update, signal),
    dismantle: async (app, spec, signal) => await dismantle(context, app, spec, signal),
  };
}

async function survey(
  context: ManifestsContext,
  app: AppObjectWire,
  spec: AppSpec,
  signal: AbortSignal,
): Promise<Survey> {
  const record = await context.objects.readRecord(appNameOf(app), signal);
  const inventory = record?.inventory ?? [];
  await context.watched.watch(app.metadata, inventory, signal, spec.healthChecks);
  const versions = new Map(
    (record?.versions ?? []).map(({ source, tag, digest }) => [source, [{ tag, digest }]] as const),
  );
  return {
    versions,
    problems: [],
    basis: JSON.stringify([record?.revision, record?.versions]),
    objects: inventory.slice(0, mostNamed).map(({ kind, name }) => `${kind}/${name}`),
    workloads: [],
    pending: pendingOf(spec, record),
    readObjects: async (inner) =>
      await readEvery(clusterFor(context, app.metadata, record?.serviceAccount), inventory, inner),
    isHealthy: () =>
      inventory.every((entry) => {
        const health = seenHealth(context, entry);
        return health !== 'Absent' && health.status === 'Current';
      }),
    confirm: async () => undefined,
  };
}

/** Other settings for objects that stand already; the first set of all comes with the first version of its source. */
function pendingOf({ deploy }: AppSpec, record: AppRecord | undefined): VersionChange | undefined {
  if (deploy.kind !== 'Manifests' || record === undefined || record.revision === '') {
    return undefined;
  }
  const wanted = settingsOf(deploy);
  return wanted === record.settings
    ? undefined
    : {
        source: specSource,
        repository: 'spec.deploy.manifests',
        from: { tag: undefined, digest: record.settings },
        to: { tag: undefined, digest: wanted },
      };
}

async function apply(context: ManifestsContext, work: Work, signal: AbortSignal): Promise<Applied> {
  const plan = narrow(work.journal.plan);
  const result = await put(context, work, { id: plan.revision }, signal);
  if (result === undefined) {
    const failure = { reason: 'RefusedByApiServer', message: notKept(plan.revision), blamesVersion: false } as const;
    return { kind: 'Failed', failure };
  }
  if (result.kind === 'Refused') {
    const { message, blamesContent } = result;
    return { kind: 'Failed', failure: { reason: 'RefusedByApiServer', message, blamesVersion: blamesContent } };
  }
  await clean(context, work, plan, signal);
  return { kind: 'Done', message: result.message };
}

async function restore(context: ManifestsContext, work: Work, signal: AbortSignal): Promise<Restored> {
  const { former, revision } = narrow(work.journal.plan);
  if (former === undefined) {
    const cause = work.journal.failure?.message ?? 'asked for';
    return { kind: 'NoWay', message: `${cause}; nothing was applied before, so what was applied stays as it is` };
  }
  const result = await put(context, work, { id: former, against: revision }, signal);
  if (result === undefined) {
    return { kind: 'NoWay', message: `${notKept(former)}; what stands is what was applied of ${revision}` };
  }
  if (result.kind === 'Refused') {
    const until = new Date(context.clock.now().getTime() + restoreRetryMs);
    return { kind: 'Waiting', waiting: { reason: 'RollbackRefused', message: result.message, until } };
  }
  return { kind: 'Done', message: result.message };
}

function notKept(revision: string): string {
  return `the objects of revision ${revision} are not kept any more`;
}

/** Undefined when the revision is not kept. */
async function put(
  context: ManifestsContext,
  work: Work,
  { id, against }: { readonly id: string; readonly against?: string },
  signal: AbortSignal,
): Promise<PutResult | undefined> {
  const app = nameOf(context, work);
  const revision = await context.objects.readRevision(app, id, signal);
  if (revision === undefined) {
    return undefined;
  }
  const undone = against === undefined ? undefined : await context.objects.readRevision(app, against, signal);
  const deploy = work.spec?.deploy.kind === 'Manifests' ? work.spec.deploy : undefined;
  const serviceAccount =
    deploy === undefined ? (await context.objects.readRecord(app, signal))?.serviceAccount : deploy.serviceAccount;
  const { versions, settings } = revision;
  return await putRevision(
    context,
    {
      app,
      objects: revision.objects.map(toManifestObject),
      suspects: undone?.objects.map(toManifestObject) ?? [],
      target: { revision: id, versions, settings, ...(serviceAccount === undefined ? {} : { serviceAccount }) },
      conflicts: deploy?.conflicts ?? 'Fail',
      prune: deploy?.prune ?? true,
    },
    signal,
  );
}

async function observe(context: ManifestsContext, work: Work, signal: AbortSignal): Promise<DeploySight> {
  const { phase } = work.journal;
  if (!isOnTrial(phase) && phase !== 'VerifyingRollback') {
    return { health: { kind: 'Current' }, contested: [], gone: [], reapplied: [] };
  }
  const app = nameOf(context, work);
  const record = await context.objects.readRecord(app, signal);
  const inventory = record?.inventory ?? [];
  await context.watched.watch(app, inventory, signal, work.spec?.healthChecks);
  const { namespace, name } = work.update.metadata;
  return await observeObjects(context, { inventory, watcher: `${namespace}/${name}` }, signal);
}

/** Revisions are kept for as long as an Update tells of them. */
async function clean(context: ManifestsContext, work: Work, plan: ManifestsPlan, signal: AbortSignal): Promise<void> {
  if (work.update.spec.sequence % cleaningInterval !== 0) {
    return;
  }
  const app = nameOf(context, work);
  const plans = context.records
    .listUpdates(app.namespace, app.name)
    .map((update) => journalOf(update, context.clock.now()).plan)
    .filter((one) => one?.kind === 'Manifests');
  const told = [plan, ...plans].flatMap(({ revision, former }) => [
    revision,
    ...(former === undefined ? [] : [former]),
  ]);
  await context.objects.keepRevisions(app, told, signal);
}

function nameOf({ records }: ManifestsContext, { update }: Work): AppName {
  const app = records.findApp(update.metadata.namespace, update.spec.app);
  if (app === undefined) {
    throw new OperationError(`work on Update ${update.metadata.name}: App ${update.spec.app} is gone`, {
      code: 'TARGET_NOT_FOUND',
      retry: 'never',
    });
  }
  return appNameOf(app);
}
