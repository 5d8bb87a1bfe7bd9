/** What the Apps of a Channel run, what is new for them, and how they stand to what they shall run. */
import { findRejection, type Rejection } from '../../core/app/rejection.ts';
import { type CandidateApp, openTrial, type SourceVersion, versionsIn } from '../../core/candidate/candidate.ts';
import type { CandidateSight, Standing } from '../../core/candidate/candidate-step.ts';
import { contentHash } from '../../core/manifest/canonical.ts';
import type { Version } from '../../core/update/version-change.ts';
import { type AppObjectWire, readAppSpec } from '../../resources/app/decode-app.ts';
import { hasEnded, type UpdateObjectWire } from '../../resources/update/decode-update.ts';
import type { CandidateContext, Hub, HubAtWork } from './candidate-context.ts';
import { isOnPath } from './path-trial.ts';
import { scratchStandings } from './scratch-trial.ts';

export type Composition =
  /** Something has to be known first. */
  | { readonly kind: 'Incomplete'; readonly message: string }
  | { readonly kind: 'Complete'; readonly apps: readonly CandidateApp[] };

/** Hash of all that the Apps say, so that what is tried is what is released. */
export function basisOfApps(apps: readonly AppObjectWire[]): string {
  return contentHash(apps.map(({ metadata, spec }) => [metadata.name, spec]));
}

/**
 * What runs and what is new, as the Apps tell it.
 *
 * @param rejections from the API server: an App may still name a version that was rejected a moment ago
 */
export function composeApps(context: CandidateContext, { apps }: Hub, rejections: readonly Rejection[]): Composition {
  const composed: CandidateApp[] = [];
  for (const app of apps) {
    const unknown = findUnknown(context, app);
    if (unknown !== undefined) {
      return { kind: 'Incomplete', message: `App ${app.metadata.name} ${unknown}` };
    }
    composed.push(composeApp(context, app, rejections));
  }
  return { kind: 'Complete', apps: composed };
}

function findUnknown({ records }: CandidateContext, { metadata, spec, status }: AppObjectWire): string | undefined {
  const { namespace, name, generation } = metadata;
  const open = records.listUpdates(namespace, name).find((update) => !hasEnded(update));
  if (open) {
    return `has an Update under way (${open.metadata.name}); it has to end first`;
  }
  if (status === undefined || status.observedGeneration !== generation) {
    return 'was not looked at yet';
  }
  const known = new Map((status.sources ?? []).map((source) => [source.name, source.current]));
  const unknown = spec.sources.find(({ name: source }) => !isKnown(known.get(source)));
  return (
    unknown &&
    `does not tell what runs of its source ${unknown.name}: ${status.waiting?.message ?? 'no reason is known'}`
  );
}

interface WireVersion {
  readonly tag?: string;
  readonly digest?: string;
}

function isKnown(version: WireVersion | undefined): boolean {
  return version?.tag !== undefined || version?.digest !== undefined;
}

function composeApp(
  { clock }: CandidateContext,
  { metadata, status }: AppObjectWire,
  rejections: readonly Rejection[],
): CandidateApp {
  const sources = status?.sources ?? [];
  const from = sources.map(({ name, current }) => sourceVersion(name, current));
  const takes = (digest: string | undefined) => !findRejection(rejections, metadata, digest, clock.now());
  // Sources of one App move together or not at all, and only what the App holds back for its Channel is new.
  const isHeld = status?.waiting?.reason === 'ChannelDecides';
  const isTaken = sources.every(({ available }) => available === undefined || takes(available.digest));
  const isNew = isHeld && isTaken && sources.some(({ available }) => available !== undefined);
  const to = sources.map(({ name, current, available }) => sourceVersion(name, available ?? current));
  return { name: metadata.name, from, to: isNew ? to : undefined };
}

function sourceVersion(source: string, version: WireVersion | undefined): SourceVersion {
  return { source, tag: version?.tag, digest: version?.digest };
}

/** An image may be written without its digest. */
export function isRunning(current: Version | undefined, wanted: Version): boolean {
  return current?.digest === undefined
    ? current?.tag !== undefined && current.tag === wanted.tag
    : current.digest === wanted.digest;
}

/** How each App stands to the open trial. Good news are believed once the API server itself knows of no Update that is under way. */
export async function standingsOf(
  context: CandidateContext,
  hub: HubAtWork,
  signal: AbortSignal,
): Promise<CandidateSight['standings']> {
  const { candidate, apps, channel } = hub;
  const trial = openTrial(candidate);
  if (trial === undefined) {
    return new Map();
  }
  if (isOnPath(trial)) {
    return await scratchStandings(context, hub, trial, signal);
  }
  const { namespace } = channel.metadata;
  const seen = candidate.apps.map((app): [string, Standing] => {
    const object = apps.find(({ metadata }) => metadata.name === app.name);
    return [app.name, object ? standingOf(context, object, versionsIn(trial, app)) : { kind: 'Arrived' }];
  });
  const isThere = trial.arrivedAt === undefined && seen.every(([, { kind }]) => kind === 'Arrived');
  const open = isThere
    ? (await context.records.readUpdates({ namespace }, signal)).filter((one) => !hasEnded(one))
    : [];
  return new Map(
    seen.map(([app, standing]) => {
      const update = open.find(({ spec }) => spec.app === app);
      return [app, update ? moving(update) : standing];
    }),
  );
}

function standingOf(context: CandidateContext, app: AppObjectWire, wanted: readonly SourceVersion[]): Standing {
  const { namespace, name } = app.metadata;
  const { records, clock } = context;
  const open = records.listUpdates(namespace, name).find((update) => !hasEnded(update));
  if (open) {
    return moving(open);
  }
  const rejections = records.listRejections(namespace);
  const rejection = wanted
    .map(({ digest }) => findRejection(rejections, { namespace, name }, digest, clock.now()))
    .find((one) => one !== undefined);
  if (rejection) {
    return { kind: 'Rejected', message: `${rejection.tag ?? rejection.digest} was rejected: ${rejection.reason}` };
  }
  const current = new Map((app.status?.sources ?? []).map((source) => [source.name, source.current]));
  if (wanted.every((version) => isRunning(toVersion(current.get(version.source)), version))) {
    return { kind: 'Arrived' };
  }
  const { reason, message = 'it was not looked at yet' } = app.status?.waiting ?? {};
  return { kind: reason === 'Person' ? 'Stuck' : 'Moving', message };
}

function toVersion(version: WireVersion | undefined): Version | undefined {
  return version && { tag: version.tag, digest: version.digest };
}

function moving({ metadata, status }: UpdateObjectWire): Standing {
  const what = status?.waiting?.message ?? status?.phase ?? 'it begins';
  return { kind: 'Moving', message: `Update ${metadata.name}: ${what}` };
}

/** The first App that is not well. Costs no request. */
export async function findUnwellApp(
  { deployers }: CandidateContext,
  { apps }: Hub,
  signal: AbortSignal,
): Promise<CandidateSight['unwell']> {
  for (const app of apps) {
    const spec = readAppSpec(app);
    if (spec.kind === 'Valid') {
      const survey = await deployers[spec.value.deploy.kind].survey(app, spec.value, signal);
      if (!survey.isHealthy()) {
        return { message: `App ${app.metadata.name} is not well`, patienceMs: spec.value.update.timeoutMs };
      }
    }
  }
  return undefined;
}
