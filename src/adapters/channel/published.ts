/** What a channel's store holds at the moment, as its own hub reads it. */
import type { Metadata, Root, Snapshot, Targets, Timestamp } from '@tufjs/models';
import { roleOfTarget, storedMetadata, storedTarget } from '../../core/channel/layout.ts';
import { OperationError } from '../../core/errors.ts';
import { readFileOf, sha256Of } from './signed-file.ts';
import type { ChannelStore } from './store.ts';

export interface Published {
  readonly root: Metadata<Root>;
  /** Undefined: only the root is there. */
  readonly timestamp: Metadata<Timestamp> | undefined;
  readonly snapshot: Metadata<Snapshot> | undefined;
  readonly targets: PublishedRole | undefined;
  /** The delegated ones, by name. */
  readonly roles: ReadonlyMap<string, PublishedRole>;
}

export interface PublishedRole {
  readonly metadata: Metadata<Targets>;
  readonly length: number;
  readonly sha256: string;
}

/** @throws CHANNEL_STORE_UNUSABLE where there is no channel, or its files do not fit together */
export async function readPublished(store: ChannelStore, signal: AbortSignal): Promise<Published> {
  const root = (await newestRoot(store, signal)).metadata;
  const timestampBytes = await store.read(storedMetadata('timestamp', 0), signal);
  if (timestampBytes === undefined) {
    return { root, timestamp: undefined, snapshot: undefined, targets: undefined, roles: new Map() };
  }
  const timestamp = readFileOf('timestamp', timestampBytes, placeOf(store, 'timestamp.json'));
  const snapshot = await readSnapshot(store, timestamp.signed.snapshotMeta.version, signal);
  const roles = new Map<string, PublishedRole>();
  for (const [file, { version }] of Object.entries(snapshot.signed.meta)) {
    const role = file.replace(/\.json$/, '');
    roles.set(role, await readRole(store, { role, version }, signal));
  }
  const targets = roles.get('targets');
  roles.delete('targets');
  return { root, timestamp, snapshot, targets, roles };
}

/** @throws CHANNEL_STORE_UNUSABLE */
export async function readSnapshot(
  store: ChannelStore,
  version: number,
  signal: AbortSignal,
): Promise<Metadata<Snapshot>> {
  const path = storedMetadata('snapshot', version);
  return readFileOf('snapshot', await readNeeded(store, path, signal), placeOf(store, path));
}

/** @throws CHANNEL_STORE_UNUSABLE */
export async function readRole(
  store: ChannelStore,
  { role, version }: { readonly role: string; readonly version: number },
  signal: AbortSignal,
): Promise<PublishedRole> {
  const path = storedMetadata(role, version);
  const bytes = await readNeeded(store, path, signal);
  const metadata = readFileOf('targets', bytes, placeOf(store, path));
  return { metadata, length: bytes.length, sha256: sha256Of(bytes) };
}

export interface StoredRoot {
  readonly metadata: Metadata<Root>;
  readonly bytes: Buffer;
}

/** @throws CHANNEL_STORE_UNUSABLE where there is none */
export async function newestRoot(store: ChannelStore, signal: AbortSignal): Promise<StoredRoot> {
  let newest: StoredRoot | undefined;
  for (let version = 1; ; version += 1) {
    const path = storedMetadata('root', version);
    const bytes = await store.read(path, signal);
    if (bytes === undefined) {
      break;
    }
    newest = { metadata: readFileOf('root', bytes, placeOf(store, path)), bytes };
  }
  if (newest === undefined) {
    throw unusable(store, 'it has no 1.root.json; make the channel with headgate channel init');
  }
  return newest;
}

/** Undefined: the channel has no such file. @throws CHANNEL_STORE_UNUSABLE */
export async function readTargetFile(
  store: ChannelStore,
  { roles }: Published,
  path: string,
  signal: AbortSignal,
): Promise<Buffer | undefined> {
  const sha256 = roles.get(roleOfTarget(path))?.metadata.signed.targets[path]?.hashes['sha256'];
  return sha256 === undefined ? undefined : await readNeeded(store, storedTarget(path, sha256), signal);
}

async function readNeeded(store: ChannelStore, path: string, signal: AbortSignal): Promise<Buffer> {
  const bytes = await store.read(path, signal);
  if (bytes === undefined) {
    throw unusable(store, `it has no ${path}, which its newer files name`);
  }
  return bytes;
}

function placeOf({ place }: ChannelStore, path: string): string {
  return `${path} of the channel in ${place}`;
}

function unusable({ place }: ChannelStore, problem: string): OperationError {
  return new OperationError(`read the channel in ${place}: ${problem}`, {
    code: 'CHANNEL_STORE_UNUSABLE',
    retry: 'backoff',
  });
}
