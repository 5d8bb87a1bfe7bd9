/** A Helm release as people look at it: how each of its objects is, and what an Update changes of objects and values. */
import type { AppSpec } from '../../../core/app/app.ts';
import { assessDeployedObject } from '../../../core/health/deployed-object.ts';
import type { Fields } from '../../../core/health/objects/fields.ts';
import { lastGood } from '../../../core/helm/release-state.ts';
import type { StoredObject, StoredRelease } from '../../../core/helm/stored-release.ts';
import { differencesOf, formatDifference } from '../../../core/manifest/differences.ts';
import { identityKey } from '../../../core/manifest/manifest-object.ts';
import type { AppObjectWire } from '../../../resources/app/decode-app.ts';
import { journalOf, type UpdateObjectWire } from '../../../resources/update/decode-update.ts';
import type { ObjectAddress } from '../../ports/cluster-objects.ts';
import { eachOf } from '../each-of.ts';
import type { ObjectChange, StandingObject, UpdateChanges } from '../standing.ts';
import { type HelmContext, helmDeployOf, helmPlanOf, releaseOf } from './helm-context.ts';
import { addressesOf } from './release-objects.ts';

const mostAtOnce = 8;
const mostRead = 500;

/** Read from the API server where no watch shows them; only whoever looks pays for it. */
export async function standingReleaseObjects(
  context: HelmContext,
  app: AppObjectWire,
  spec: AppSpec,
  signal: AbortSignal,
): Promise<readonly StandingObject[]> {
  const { release, serviceAccount } = helmDeployOf(spec);
  const { namespace, name } = app.metadata;
  const key = { namespace, name: release };
  const good = lastGood(await context.releases.list(key, signal));
  const opened = good && (await context.releases.open(key, good, signal));
  if (opened === undefined) {
    return [];
  }
  const addresses = await addressesOf(context, namespace, opened.objects, signal);
  const cluster = context.objects.actingAs(
    serviceAccount === undefined ? undefined : { namespace, name: serviceAccount },
  );
  const drifted = context.drift.get(`${namespace}/${name}`)?.drifted;
  return await eachOf(addresses.slice(0, mostRead), mostAtOnce, async (address) => {
    const drift = drifted?.get(identityKey(address));
    const { apiVersion, kind, namespace: own, name: called } = address;
    const health = await healthOf(context, address, () => cluster.read(address, signal));
    return { apiVersion, kind, namespace: own, name: called, ...health, ...(drift !== undefined && { drift }) };
  });
}

async function healthOf(
  { watchedAtRest, clock }: HelmContext,
  address: ObjectAddress,
  read: () => Promise<Fields | undefined>,
): Promise<Pick<StandingObject, 'health' | 'message'>> {
  const seen = watchedAtRest.find(address);
  if (typeof seen === 'object') {
    const { status, message, reason } = seen.health;
    const said = message || reason;
    return { health: status, ...(status !== 'Current' && said !== '' && { message: said }) };
  }
  const live = await read();
  if (live === undefined) {
    return { health: 'Absent' };
  }
  const health = assessDeployedObject(live, { now: clock.now() });
  return health.kind === 'Current' ? { health: 'Current' } : { health: health.kind, message: health.message };
}

/** Undefined where Helm does not keep the revisions any more. */
export async function changesOfRelease(
  context: HelmContext,
  update: UpdateObjectWire,
  signal: AbortSignal,
): Promise<UpdateChanges | undefined> {
  const journal = journalOf(update, context.clock.now());
  if (journal.plan?.kind !== 'Helm') {
    return undefined;
  }
  const plan = helmPlanOf(journal);
  const release = releaseOf(update, plan);
  const revisions = await context.releases.list(release, signal);
  const open = async (number: number | undefined) => {
    const revision = revisions.find((one) => one.number === number);
    return revision && (await context.releases.open(release, revision, signal));
  };
  const [before, after] = await Promise.all([open(plan.restore), open(plan.revision)]);
  if (after === undefined || (before === undefined && plan.restore !== undefined)) {
    return undefined;
  }
  const isNewest = revisions[0]?.number === plan.revision;
  return {
    objects: compareReleases(before, after).map((change) => ({ ...change, ...(isNewest && { done: true }) })),
    values: differencesOf({ ...before?.values }, { ...after.values }).map(formatDifference),
  };
}

function compareReleases(before: StoredRelease | undefined, after: StoredRelease): readonly ObjectChange[] {
  const old = new Map((before?.objects ?? []).map((object) => [identityKey(object), object]));
  const kept = new Set(after.objects.map(identityKey));
  return [
    ...after.objects.map((object) => changeOf(old.get(identityKey(object)), object)),
    ...[...old.values()]
      .filter((object) => !kept.has(identityKey(object)))
      .map((object) => ({ ...nameOf(object), change: 'Pruned' as const, lines: [] })),
  ];
}

function changeOf(before: StoredObject | undefined, after: StoredObject): ObjectChange {
  if (before === undefined) {
    return { ...nameOf(after), change: 'Created', lines: [] };
  }
  const lines = differencesOf(before.object, after.object).map(formatDifference);
  return { ...nameOf(after), change: lines.length === 0 ? 'Unchanged' : 'Configured', lines };
}

function nameOf({ kind, namespace, name }: StoredObject) {
  return { kind, namespace, name };
}
