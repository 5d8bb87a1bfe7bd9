/** Whether there is something to release that was not tried yet, and the candidate that is made of it. */
import type { ImageSource } from '../../core/app/app.ts';
import { type CandidateApp, changedApps, type SourceVersion, versionsIn } from '../../core/candidate/candidate.ts';
import { type ConsistentPart, consistentPart } from '../../core/candidate/consistent-part.ts';
import { openCandidate } from '../../core/candidate/transitions.ts';
import type { ReleasedVersion } from '../../core/channel/release.ts';
import { isOperationError } from '../../core/errors.ts';
import { contentHash } from '../../core/manifest/canonical.ts';
import { nextTime } from '../../core/schedule/next-time.ts';
import { clipMessage, joinSome } from '../../core/text.ts';
import type { Waiting } from '../../core/waiting.ts';
import { type AppObjectWire, readAppSpec } from '../../resources/app/decode-app.ts';
import type { CandidateRecordWire } from '../../resources/channel/candidate.ts';
import { encodeCandidate } from '../../resources/channel/candidate-codec.ts';
import type { ChannelObjectWire } from '../../resources/channel/decode-channel.ts';
import type { CandidateContext, Hub } from './candidate-context.ts';
import { basisOfApps, composeApps } from './look-at-apps.ts';
import { releasedOf } from './make-release.ts';

type Status = NonNullable<ChannelObjectWire['status']>;

export type Formed =
  | { readonly kind: 'Nothing'; readonly waiting: Waiting | undefined; readonly status: Status }
  | { readonly kind: 'Formed'; readonly status: Status };

/** When what could not tell is tried again. */
const retryUnclearMs = 3_600_000;

/** @throws errors of the API server, and those of a registry that is asked for a digest */
export async function formCandidate(context: CandidateContext, hub: Hub, signal: AbortSignal): Promise<Formed> {
  const { channel } = hub;
  const { pendingSince: _, ...rest } = channel.status ?? {};
  const composition = composeApps(context, hub, []);
  if (composition.kind === 'Incomplete') {
    return { kind: 'Nothing', waiting: { reason: 'CandidateIncomplete', message: composition.message }, status: rest };
  }
  if (!isNews(context, hub, composition.apps)) {
    return { kind: 'Nothing', waiting: sayLast(channel), status: rest };
  }
  // Before anything is begun, what was rejected is read from the API server.
  const rejections = await context.records.readRejections(channel.metadata.namespace, signal);
  const confirmed = composeApps(context, hub, rejections);
  const apps = confirmed.kind === 'Complete' ? await withDigests(context, hub, confirmed.apps, signal) : [];
  return judge(context, hub, apps);
}

function judge(context: CandidateContext, hub: Hub, composed: readonly CandidateApp[]): Formed {
  const { channel } = hub;
  const { pendingSince: pending, ...rest } = channel.status ?? {};
  const part = consistentPart(changedApps({ apps: composed }), constraintsOf(hub, composed));
  const apps = composed.map((app) => (part.members.includes(app.name) ? app : { ...app, to: undefined }));
  if (!isNews(context, hub, apps)) {
    return { kind: 'Nothing', waiting: sayLeftOut(part) ?? sayLast(channel), status: rest };
  }
  const now = context.clock.now();
  const barrier = findTried(hub, apps, now);
  if (barrier) {
    return { kind: 'Nothing', waiting: barrier, status: rest };
  }
  const pendingSince = pending ?? now.toISOString();
  const scheduled = findScheduled(hub, { apps, pendingSince }, now);
  if (scheduled) {
    return { kind: 'Nothing', waiting: scheduled, status: { ...rest, pendingSince } };
  }
  const number = (channel.status?.candidates?.[0]?.number ?? 0) + 1;
  const candidate = openCandidate({ number, basis: basisOfApps(hub.apps), apps }, now);
  return { kind: 'Formed', status: { ...rest, candidate: encodeCandidate(candidate) } };
}

/**
 * The same was not approved in time, or could not be judged a moment ago. What was bad is kept out by its Rejection, or by what is barred,
 * so that it is tried again once somebody lifts that.
 */
function findTried(hub: Hub, apps: readonly CandidateApp[], now: Date): Waiting | undefined {
  const tried = hub.channel.status?.candidates?.find(({ key }) => key === keyOf(hub, apps));
  if (tried === undefined || tried.outcome === 'Released' || tried.faults.length > 0) {
    return undefined;
  }
  const retryAt = tried.outcome === 'Unclear' ? new Date(Date.parse(tried.endedAt) + retryUnclearMs) : undefined;
  return retryAt === undefined || now < retryAt ? sayTried(tried, retryAt) : undefined;
}

/** The time for sets has not come. */
function findScheduled(
  { spec, channel }: Hub,
  { apps, pendingSince }: { readonly apps: readonly CandidateApp[]; readonly pendingSince: string },
  now: Date,
): Waiting | undefined {
  const since = new Date(pendingSince);
  const at = spec.schedule
    ? nextTime(spec.schedule, since, channel.metadata.uid)
    : new Date(since.getTime() + spec.gatherMs);
  const message = `${sayBrought(apps)}: ${spec.schedule ? 'sets are made at set times' : 'more is gathered'}`;
  return at !== undefined && now < at ? { reason: 'CandidateScheduled', message, until: at } : undefined;
}

/** What a set has to respect. */
export function constraintsOf({ channel, spec, kubernetes }: Hub, apps: readonly CandidateApp[]) {
  return { apps, requires: spec.requires, barred: channel.status?.barred ?? [], kubernetes };
}

/** Whether what would be released is another than the last Release. A tag whose digest is not known is that of then. */
function isNews({ channels }: CandidateContext, hub: Hub, apps: readonly CandidateApp[]): boolean {
  const releases = channels.listReleases(hub.channel);
  const [last] = releases.toSorted((left, right) => right.spec.sequence - left.spec.sequence);
  const before = last?.spec.apps ?? [];
  const known = new Map(before.flatMap(({ name, versions }) => versions.map((one) => [`${name}/${one.source}`, one])));
  const next = releasedOf(hub, apps, changedApps({ apps }));
  const comparable = (all: readonly Comparable[]) =>
    all
      .map(({ name, definition, versions }) => [
        name,
        definition,
        versions.map(({ source, digest }) => [source, digest]).toSorted(),
      ])
      .toSorted();
  const filled = next.map((app) => ({
    ...app,
    versions: app.versions.map((one) => fillDigest(one, known.get(`${app.name}/${one.source}`))),
  }));
  return contentHash(comparable(before)) !== contentHash(comparable(filled));
}

interface Comparable {
  readonly name: string;
  readonly definition: string;
  readonly versions: readonly { readonly source: string; readonly digest: string }[];
}

function fillDigest(
  version: ReleasedVersion,
  known: { readonly tag?: string; readonly digest: string } | undefined,
): ReleasedVersion {
  return version.digest === '' && known?.tag === version.tag ? { ...version, digest: known?.digest ?? '' } : version;
}

/** Hash of what is tried, so that it is not tried again. */
export function keyOf({ apps: objects }: Pick<Hub, 'apps'>, apps: readonly CandidateApp[]): string {
  const members = changedApps({ apps });
  return contentHash([basisOfApps(objects), apps.map((app) => [app.name, versionsIn({ members }, app)])]);
}

/** What a candidate brings, for people. */
export function sayBrought(apps: readonly CandidateApp[]): string {
  const changed = apps.filter(({ to }) => to !== undefined);
  const say = ({ name, from, to = [] }: CandidateApp) =>
    to
      .filter(({ source, digest }) => from.find((one) => one.source === source)?.digest !== digest)
      .map(
        ({ source, tag, digest }) =>
          `${name}${to.length > 1 ? ` (${source})` : ''} ${tag ?? digest?.slice(0, 19) ?? ''}`,
      )
      .join(', ');
  return changed.length === 0 ? 'what runs, as it is' : clipMessage(joinSome(changed.map(say), ', '));
}

function sayLeftOut({ leftOut }: ConsistentPart): Waiting | undefined {
  return leftOut.length === 0
    ? undefined
    : {
        reason: 'CandidateRejected',
        message: clipMessage(
          joinSome(
            leftOut.map(({ app, reason }) => `${app} stays: ${reason}`),
            '; ',
          ),
        ),
      };
}

/** What the last candidate came to, where it was not released. */
export function sayLast({ status }: ChannelObjectWire): Waiting | undefined {
  const last = status?.candidates?.[0];
  return last === undefined || last.outcome === 'Released' ? undefined : sayTried(last, undefined);
}

function sayTried({ number, outcome, message, brought }: CandidateRecordWire, retryAt: Date | undefined): Waiting {
  const said = outcome === 'Rejected' ? 'was rejected' : 'could not be judged';
  return {
    reason: 'CandidateRejected',
    message: clipMessage(`candidate ${number} (${brought}) ${said}: ${message}`),
    ...(outcome === 'Unclear' && retryAt && { until: retryAt }),
  };
}

/** An image may be written by its tag alone; what is released is a digest. */
async function withDigests(
  context: CandidateContext,
  hub: Hub,
  apps: readonly CandidateApp[],
  signal: AbortSignal,
): Promise<readonly CandidateApp[]> {
  const resolved: CandidateApp[] = [];
  for (const app of apps) {
    const object = hub.apps.find(({ metadata }) => metadata.name === app.name);
    const find = async (version: SourceVersion) =>
      object ? await withDigest(context, object, version, signal) : version;
    const from = await Promise.all(app.from.map(find));
    resolved.push({ ...app, from, to: app.to && (await Promise.all(app.to.map(find))) });
  }
  return resolved;
}

async function withDigest(
  { registry, accesses, deployers }: CandidateContext,
  app: AppObjectWire,
  version: SourceVersion,
  signal: AbortSignal,
): Promise<SourceVersion> {
  const spec = readAppSpec(app);
  const source = spec.kind === 'Valid' ? spec.value.sources.find(({ name }) => name === version.source) : undefined;
  if (version.digest !== undefined || version.tag === undefined || source?.kind !== 'Image' || spec.kind !== 'Valid') {
    return version;
  }
  const { workloads } = await deployers[spec.value.deploy.kind].survey(app, spec.value, signal);
  const image: ImageSource = source;
  const access = await accesses.accessFor(app.metadata.namespace, image, signal, workloads);
  try {
    return { ...version, digest: await registry.findDigest(image.repository, version.tag, access, signal) };
  } catch (error) {
    if (isOperationError(error) && error.retry !== 'never') {
      throw error;
    }
    return version;
  }
}
