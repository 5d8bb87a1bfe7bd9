/** One pass over one Channel of the hub: what is published is what its Releases say, and its signatures do not run out. */
import { type ChannelSpec, isMember } from '../../core/channel/channel.ts';
import type { Release } from '../../core/channel/release.ts';
import { isOperationError } from '../../core/errors.ts';
import type { AppObjectWire } from '../../resources/app/decode-app.ts';
import { type ChannelObjectWire, decodeChannelSpec } from '../../resources/channel/decode-channel.ts';
import { decodeRelease, type ReleaseObjectWire } from '../../resources/channel/decode-release.ts';
import { ageOf } from '../candidate/direct-apps.ts';
import type { Publication } from '../ports/channel-publisher.ts';
import type { ChannelPublishers, Channels } from '../ports/channels.ts';
import type { Clock } from '../ports/clock.ts';
import { composeContent } from './compose-content.ts';
import { findPause, newestRelease } from './find-pause.ts';
import type { ReportDesk } from './report-desk.ts';

export interface PublishContext {
  readonly channels: Channels;
  readonly publishers: ChannelPublishers;
  readonly reports: Pick<ReportDesk, 'tallyOf'>;
  /** Watched copies. */
  readonly listApps: (namespace: string) => readonly AppObjectWire[];
  readonly clock: Clock;
  readonly assertLeading: () => void;
}

export type ChannelState =
  | { readonly kind: 'Invalid'; readonly message: string }
  | { readonly kind: 'Conflict'; readonly message: string }
  /** Nothing is lost, and it is tried again. */
  | { readonly kind: 'Failed'; readonly message: string }
  | { readonly kind: 'NoApps'; readonly message: string }
  /** By what clusters reported. */
  | { readonly kind: 'Paused'; readonly message: string }
  | { readonly kind: 'RootExpiring'; readonly message: string; readonly until: Date }
  | { readonly kind: 'Published' };

export interface PublishedChannel {
  readonly state: ChannelState;
  readonly apps: readonly string[];
  /** The newest Release that clusters may take. */
  readonly release: string | undefined;
  readonly publication: Publication | undefined;
  /** When something has to be signed anew. */
  readonly nextAt: Date | undefined;
}

/** People have to meet for it. */
const rootNoticeMs = 30 * 24 * 3_600_000;
const retryMs = 60_000;

/** @throws errors of the API server; what is wrong with the Channel or its store is a state */
export async function publishChannel(
  context: PublishContext,
  channel: ChannelObjectWire,
  signal: AbortSignal,
): Promise<PublishedChannel> {
  const spec = readSpec(channel);
  if ('message' in spec) {
    return { state: { kind: 'Invalid', message: spec.message }, apps: [], ...nothing };
  }
  const apps = membersOf(context, channel, spec);
  const conflict = findConflict(context, { channel, apps });
  if (conflict !== undefined) {
    return { state: { kind: 'Conflict', message: conflict }, apps, ...nothing };
  }
  const releases = readReleases(context, channel, spec);
  try {
    const all = releases.map(({ release }) => release);
    const newest = newestRelease(spec, all);
    const pause = await findPause(context.reports, { channel: channel.metadata, spec, newest }, signal);
    const rollout = pause === undefined ? spec.rollout : { ...spec.rollout, paused: true };
    const publication = await publish(context, { channel, spec: { ...spec, rollout }, releases: all }, signal);
    await noteReleases(context, { spec, releases, publication }, signal);
    const nextAt = new Date(publication.expires.getTime() - spec.publish.lifetimes.timestampMs / 2);
    const found = stateOf(context, { apps, releases, publication });
    const isPaused = pause !== undefined && found.kind === 'Published';
    const state: ChannelState = isPaused ? { kind: 'Paused', message: pause } : found;
    return { state, apps, release: newest, publication, nextAt };
  } catch (error) {
    if (!isOperationError(error) || error.code === 'INVARIANT' || error.code.startsWith('API_')) {
      throw error;
    }
    const nextAt = new Date(context.clock.now().getTime() + retryMs);
    return { state: { kind: 'Failed', message: error.message }, apps, ...nothing, nextAt };
  }
}

const nothing = { release: undefined, publication: undefined, nextAt: undefined };

function readSpec(channel: ChannelObjectWire): ChannelSpec | { readonly message: string } {
  try {
    return decodeChannelSpec(channel);
  } catch (error) {
    if (isOperationError(error) && error.retry === 'never') {
      return { message: error.message };
    }
    throw error;
  }
}

function membersOf(
  { listApps }: Pick<PublishContext, 'listApps'>,
  { metadata }: ChannelObjectWire,
  { apps }: ChannelSpec,
): string[] {
  const all = listApps(metadata.namespace).map((app) => app.metadata);
  const members = all.filter(({ name, labels = {} }) => isMember(apps, { name, labels }));
  return members.map(({ name }) => name).toSorted();
}

/** An App that two Channels release would get versions that were never tested together. The older Channel keeps it. */
function findConflict(
  { channels, listApps }: PublishContext,
  { channel, apps }: { readonly channel: ChannelObjectWire; readonly apps: readonly string[] },
): string | undefined {
  const { namespace, name } = channel.metadata;
  for (const other of channels.list(namespace)) {
    const spec = readSpec(other);
    if (other.metadata.name === name || 'message' in spec || ageOf(other) >= ageOf(channel)) {
      continue;
    }
    const theirs = new Set(membersOf({ listApps }, other, spec));
    const shared = apps.find((app) => theirs.has(app));
    if (shared !== undefined) {
      return `spec.apps: App "${shared}" belongs to Channel "${other.metadata.name}" already; leave it out of one of the two`;
    }
  }
  return undefined;
}

interface Read {
  readonly object: ReleaseObjectWire;
  readonly release: Release;
}

/** While it is suspended only what is published already. */
function readReleases(
  { channels }: PublishContext,
  channel: ChannelObjectWire,
  { suspend }: ChannelSpec,
): readonly Read[] {
  const objects = channels.listReleases(channel).filter(({ status }) => !suspend || status?.published !== undefined);
  return objects.map((object) => ({ object, release: decodeRelease(object.metadata.name, object.spec) }));
}

async function publish(
  { publishers, clock, assertLeading }: PublishContext,
  {
    channel,
    spec,
    releases,
  }: { readonly channel: ChannelObjectWire; readonly spec: ChannelSpec; readonly releases: readonly Release[] },
  signal: AbortSignal,
): Promise<Publication> {
  const { namespace, name } = channel.metadata;
  const publisher = await publishers.publisherFor(namespace, spec.publish, signal);
  const { rollout, retention, deadEnds } = spec;
  const composition = { channel: name, releases, deadEnds, rollout, retention, now: clock.now() };
  assertLeading();
  return await publisher.publish((now) => composeContent(composition, now), signal);
}

async function noteReleases(
  { channels, clock, assertLeading }: PublishContext,
  {
    spec,
    releases,
    publication,
  }: { readonly spec: ChannelSpec; readonly releases: readonly Read[]; readonly publication: Publication },
  signal: AbortSignal,
): Promise<void> {
  for (const { object, release } of releases) {
    const deadEnd = spec.deadEnds.find((one) => one.release === release.name);
    const { published, withdrawn } = object.status ?? {};
    const isNoted = published !== undefined && withdrawn?.reason === deadEnd?.reason;
    if (isNoted) {
      continue;
    }
    const at = clock.now().toISOString();
    assertLeading();
    const status = {
      published: published ?? { at, snapshot: publication.snapshot },
      ...(deadEnd && { withdrawn: { at, reason: deadEnd.reason } }),
      apps: release.apps.map(({ name }) => name).join(', '),
    };
    await channels.writeReleaseStatus(object, status, signal);
  }
}

function stateOf(
  { clock }: PublishContext,
  {
    apps,
    releases,
    publication,
  }: { readonly apps: readonly string[]; readonly releases: readonly Read[]; readonly publication: Publication },
): ChannelState {
  const { rootExpires } = publication;
  if (rootExpires.getTime() - clock.now().getTime() < rootNoticeMs) {
    const message = `the root expires at ${rootExpires.toISOString()}, and clusters take nothing new from then on; have a new one signed (headgate channel rotate)`;
    return { kind: 'RootExpiring', message, until: rootExpires };
  }
  const hasApps = apps.length > 0 || releases.length > 0;
  return hasApps ? { kind: 'Published' } : { kind: 'NoApps', message: 'spec.apps matches no App of this namespace' };
}
