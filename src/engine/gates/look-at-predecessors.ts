/** What the Apps that go before say of the versions of an Update; from watched copies. */
import type { Predecessor, PredecessorSight } from '../../core/gates/predecessor.ts';
import { specSource, type Version } from '../../core/update/version-change.ts';
import { sayVersion } from '../../resources/app/app-status.ts';
import type { AppObjectWire } from '../../resources/app/decode-app.ts';
import { changesOf, hasEnded, journalOf, type UpdateObjectWire } from '../../resources/update/decode-update.ts';
import type { Clock } from '../ports/clock.ts';
import type { Records } from '../ports/records.ts';

export interface PredecessorContext {
  readonly records: Records;
  readonly clock: Clock;
}

export interface PredecessorLook {
  readonly seen: readonly PredecessorSight[];
  /** What matches no App, as sentences. */
  readonly unmatched: readonly string[];
}

export function lookAtPredecessors(
  context: PredecessorContext,
  update: UpdateObjectWire,
  after: readonly Predecessor[],
): PredecessorLook {
  const versions = changesOf(update.spec)
    .filter(({ source }) => source !== specSource)
    .map(({ to }) => to);
  const looks = after.map((one) => {
    const apps = appsOf(context, update, one);
    return apps.length === 0
      ? { seen: [], unmatched: [`there is no App ${describe(one, update)}, which is to prove it first`] }
      : { seen: apps.map((app) => sightOf(context, app, { versions, soakMs: one.soakMs })), unmatched: [] };
  });
  return { seen: looks.flatMap(({ seen }) => seen), unmatched: looks.flatMap(({ unmatched }) => unmatched) };
}

/** Never the App itself, or it would wait for itself for ever. */
function appsOf({ records }: PredecessorContext, update: UpdateObjectWire, one: Predecessor): readonly AppObjectWire[] {
  const namespace = one.namespace ?? update.metadata.namespace;
  const named = one.app === undefined ? undefined : records.findApp(namespace, one.app);
  const all = one.app === undefined ? records.listApps(namespace) : named ? [named] : [];
  return all.filter(
    ({ metadata }) =>
      (metadata.namespace !== update.metadata.namespace || metadata.name !== update.spec.app) &&
      Object.entries(one.labels).every(([key, value]) => metadata.labels?.[key] === value),
  );
}

function describe({ namespace, app, labels }: Predecessor, update: UpdateObjectWire): string {
  const place = namespace ?? update.metadata.namespace;
  const said = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  return app === undefined ? `with labels ${said.join(',')} in namespace ${place}` : `${place}/${app}`;
}

function sightOf(
  context: PredecessorContext,
  app: AppObjectWire,
  { versions, soakMs }: { readonly versions: readonly Version[]; readonly soakMs: number },
): PredecessorSight {
  const name = `App ${app.metadata.namespace}/${app.metadata.name}`;
  const found = versions.map((version) => findProof(context, app, version));
  const missing = found.flatMap((one) => (typeof one === 'string' ? [one] : []));
  const times = found.flatMap((one) => (typeof one === 'string' ? [] : [one.getTime()]));
  const provedAt = missing.length > 0 ? undefined : new Date(Math.max(0, ...times));
  return { name, soakMs, missing, provedAt };
}

/** Since when an App runs a version that proved itself there; else why it is not so. */
function findProof({ records, clock }: PredecessorContext, app: AppObjectWire, version: Version): Date | string {
  const { namespace, name, creationTimestamp } = app.metadata;
  const runs = (app.status?.sources ?? []).some(({ current }) => isSame(current ?? {}, version));
  const updates = records.listUpdates(namespace, name);
  const brought = updates.find(({ spec }) => changesOf(spec).some(({ to }) => isSame(to, version)));
  if (brought === undefined) {
    // What was there before Headgate looked after it has been there for as long at least.
    return runs ? new Date(creationTimestamp) : `does not run ${sayVersion(version)} yet`;
  }
  const { phase, finishedAt } = journalOf(brought, clock.now());
  if (phase === 'Succeeded' && finishedAt !== undefined) {
    return runs ? finishedAt : `does not run ${sayVersion(version)} any more`;
  }
  return hasEnded(brought)
    ? `gave up ${sayVersion(version)}: Update ${brought.metadata.name} is ${phase}`
    : `does not have ${sayVersion(version)} yet: Update ${brought.metadata.name} is ${phase}`;
}

interface MaybeVersion {
  readonly tag?: string | undefined;
  readonly digest?: string | undefined;
}

/** By digest where both have one; a tag may have moved. */
function isSame(one: MaybeVersion, other: MaybeVersion): boolean {
  return one.digest !== undefined && other.digest !== undefined
    ? one.digest === other.digest
    : one.tag !== undefined && one.tag === other.tag;
}
