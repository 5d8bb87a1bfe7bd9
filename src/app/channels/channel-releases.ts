/** `headgate channel publish`, `withdraw` and `gc`: a channel without a cluster. */
import { readFile } from 'node:fs/promises';
import { collectGarbage } from '../../adapters/channel/collect-garbage.ts';
import { onTopOfOthers } from '../../adapters/channel/one-after-another.ts';
import { newestRoot } from '../../adapters/channel/published.ts';
import { type ChannelKeys, createChannelPublisher } from '../../adapters/channel/publisher.ts';
import type { ChannelStore } from '../../adapters/channel/store.ts';
import { releasePath } from '../../core/channel/layout.ts';
import type { DeadEnd, Release } from '../../core/channel/release.ts';
import { OperationError } from '../../core/errors.ts';
import { composeContent, readIndex } from '../../engine/channel/compose-content.ts';
import type { Publication, PublishedNow } from '../../engine/ports/channel-publisher.ts';
import { systemClock } from '../../kube/clock.ts';
import { decodeRelease } from '../../resources/channel/decode-release.ts';
import { type KeyFolder, readSigners } from './key-folder.ts';

export interface StoredChannel {
  readonly store: ChannelStore;
  readonly keys: KeyFolder;
}

const dayMs = 24 * 3_600_000;
const lifetimes = { timestampMs: 3 * dayMs, snapshotMs: 14 * dayMs, targetsMs: 90 * dayMs };
const retention = 20;

/** What is published, with the rollout as it stands. */
interface Standing {
  readonly releases: readonly Release[];
  readonly deadEnds: readonly DeadEnd[];
}

/**
 * Adds Releases (objects or their specs as JSON) to a channel; without any, signs anew what would expire.
 *
 * @throws OBJECT_INVALID, KEY_UNUSABLE, CHANNEL_STORE_UNUSABLE, CHANNEL_FULL
 */
export async function publishReleases(
  channel: StoredChannel & { readonly name: string; readonly files: readonly string[] },
  signal: AbortSignal,
): Promise<Publication> {
  const added = await Promise.all(channel.files.map(readReleaseFile));
  const add = (standing: Standing): Standing => {
    const known = standing.releases.filter(({ name }) => !added.some((one) => one.name === name));
    const changed = standing.releases.find((one) => added.some((two) => two.name === one.name && !isSame(one, two)));
    if (changed !== undefined) {
      throw invalid(`publish ${changed.name}: another Release of that name is published; a Release cannot be changed`);
    }
    return { ...standing, releases: [...known, ...added] };
  };
  return await publish(channel, add, signal);
}

/**
 * Makes a Release a dead end.
 *
 * @throws CHANNEL_INVALID where there is none of that name, and as publishReleases
 */
export async function withdrawRelease(
  channel: StoredChannel & { readonly name: string; readonly release: string; readonly reason: string },
  signal: AbortSignal,
): Promise<Publication> {
  const withdraw = (standing: Standing): Standing => {
    if (!standing.releases.some(({ name }) => name === channel.release)) {
      const names = standing.releases.map(({ name }) => name).join(', ') || 'none';
      throw invalid(
        `withdraw ${channel.release}: the channel in ${channel.store.place} has no such Release; it has ${names}`,
      );
    }
    const others = standing.deadEnds.filter(({ release }) => release !== channel.release);
    return { ...standing, deadEnds: [...others, { release: channel.release, reason: channel.reason }] };
  };
  return await publish(channel, withdraw, signal);
}

/** What nobody names yet may be what a hub is about to publish. */
const longestPublishingMs = 3_600_000;

/** @returns what was removed */
export async function collectStore(store: ChannelStore, kept: number, signal: AbortSignal): Promise<readonly string[]> {
  const orphansBefore = new Date(systemClock.now().getTime() - longestPublishingMs);
  return await onTopOfOthers(store, signal, () =>
    collectGarbage(store, { keptSnapshots: kept, orphansBefore }, signal),
  );
}

async function publish(
  { store, keys, name }: StoredChannel & { readonly name: string },
  change: (standing: Standing) => Standing,
  signal: AbortSignal,
): Promise<Publication> {
  // Before anybody is asked for keys.
  await newestRoot(store, signal);
  const publisher = createChannelPublisher({
    store,
    keys: await readKeys(keys),
    lifetimes,
    clock: systemClock,
  });
  const now = systemClock.now();
  return await publisher.publish(async (published) => {
    const standing = change(await readStanding(published));
    const rollout = (published.index && readIndex(published.index).rollout) ?? everybody;
    return composeContent({ channel: name, ...standing, rollout, retention, now }, published);
  }, signal);
}

const everybody = { points: [{ afterMs: 0, share: 1 }], canary: undefined, paused: false };

async function readKeys(keys: KeyFolder): Promise<ChannelKeys> {
  return {
    targets: await readSigners('targets', keys),
    snapshot: await readSigners('snapshot', keys),
    timestamp: await readSigners('timestamp', keys),
  };
}

async function readStanding({ index, read }: PublishedNow): Promise<Standing> {
  const entries = index === undefined ? [] : readIndex(index).releases;
  const releases = await Promise.all(
    entries.map(async ({ name }) => {
      const file = await read(releasePath(name));
      return decodeRelease(name, JSON.parse(new TextDecoder().decode(file ?? Buffer.from('null'))));
    }),
  );
  const deadEnds = entries.flatMap(({ name, withdrawn }) =>
    withdrawn ? [{ release: name, reason: withdrawn.reason }] : [],
  );
  return { releases, deadEnds };
}

/** `kubectl get release NAME -o json`, or the same without what the API server adds. */
async function readReleaseFile(file: string): Promise<Release> {
  const object: unknown = parseJson(await readFile(file, 'utf8'), file);
  const [metadata, spec] = [Reflect.get(Object(object), 'metadata'), Reflect.get(Object(object), 'spec')];
  const name: unknown = Reflect.get(Object(metadata), 'name');
  if (typeof name !== 'string' || spec === undefined) {
    throw invalid(`read ${file}: it is no Release; it has to have metadata.name and spec`);
  }
  return decodeRelease(name, spec);
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw invalid(`read ${file}: it is no JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function isSame(one: Release, other: Release): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function invalid(message: string): OperationError {
  return new OperationError(message, { code: 'CHANNEL_INVALID', retry: 'never' });
}
