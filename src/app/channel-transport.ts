/** `headgate channel verify`, `export` and `import`: a channel as a cluster would see it, over the network or on a stick. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { readArchive } from '../adapters/artifact/read-archive.ts';
import { type Published, readPublished, readTargetFile } from '../adapters/channel/published.ts';
import { createChannelReader } from '../adapters/channel/reader.ts';
import type { ChannelStore } from '../adapters/channel/store.ts';
import { type TarEntry, writeTar } from '../adapters/channel/write-tar.ts';
import { spellChannelAddress } from '../core/channel/address.ts';
import type { IndexEntry } from '../core/channel/channel-index.ts';
import { indexPath, releasePath, roleOfTarget, storedMetadata, storedTarget } from '../core/channel/layout.ts';
import { OperationError } from '../core/errors.ts';
import { readIndex } from '../engine/channel/compose-content.ts';
import type { ChannelView } from '../engine/ports/channel-reader.ts';
import { systemClock } from '../kube/clock.ts';
import { decodeRelease } from '../resources/decode-release.ts';
import type { StoresOnce } from './stores-once.ts';

export interface VerifyRequest {
  /** An address, or a folder. */
  readonly place: string;
  /** root.json that is trusted. */
  readonly rootFile: string;
  readonly stores: StoresOnce;
}

export interface VerifiedChannel {
  readonly channel: string;
  readonly root: number;
  readonly expires: Date;
  readonly releases: readonly IndexEntry[];
  /** How many were read, and are what was signed. */
  readonly files: number;
}

const maxFileBytes = 1_073_741_824;

/** Reads everything that a channel has. @throws as a cluster would find it */
export async function verifyChannel(request: VerifyRequest, signal: AbortSignal): Promise<VerifiedChannel> {
  return await withView(request, signal, async (view) => {
    const { index, files } = await readAll(view, () => true, signal);
    return { channel: index.channel, root: view.root, expires: view.expires, releases: index.releases, files };
  });
}

/** The Releases that are wanted with all their files. */
async function readAll(view: ChannelView, isWanted: (name: string) => boolean, signal: AbortSignal) {
  const index = readIndex(await view.read(indexPath, maxFileBytes, signal));
  const read = index.releases.map(({ name }) => name).filter(isWanted);
  let files = 1;
  for (const name of read) {
    const text = (await view.read(releasePath(name), maxFileBytes, signal)).toString('utf8');
    const { targets } = decodeRelease(name, JSON.parse(text));
    for (const { path, length } of targets) {
      await view.read(path, length, signal);
    }
    files += 1 + targets.length;
  }
  return { index, read, files };
}

async function withView<T>(
  { place, rootFile, stores }: VerifyRequest,
  signal: AbortSignal,
  act: (view: ChannelView) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'headgate-verify-'));
  const isFolder = !place.includes('://');
  const url = spellChannelAddress(isFolder ? pathToFileURL(resolve(place)).href : place);
  try {
    const openFiles = stores.filesIn(isFolder ? place : '/');
    const reader = createChannelReader({ folder, outbound: stores.outbound, clock: systemClock, openFiles });
    const address = { urls: [url], login: stores.login, caBundle: stores.caBundle };
    const view = await reader.look(
      { owner: 'verify', trustedRoot: await readFile(rootFile), ...address },
      new Map(),
      signal,
    );
    return await act(view);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * One file with all that a cluster needs of a channel: metadata, index, the Release and its files. The same channel gives the same bytes.
 *
 * @throws CHANNEL_INVALID where there is no such Release, CHANNEL_STORE_UNUSABLE
 */
export async function exportRelease(store: ChannelStore, release: string, signal: AbortSignal): Promise<Buffer> {
  const published = await readPublished(store, signal);
  const text = await readTargetFile(store, published, releasePath(release), signal);
  if (text === undefined) {
    throw new OperationError(`export ${release}: the channel in ${store.place} has no such Release`, {
      code: 'CHANNEL_INVALID',
      retry: 'never',
    });
  }
  const { targets } = decodeRelease(release, JSON.parse(text.toString('utf8')));
  const wanted = [indexPath, releasePath(release), ...targets.map(({ path }) => path)];
  const paths = [...metadataOf(published), ...wanted.map((path) => storedPathOf(published, path))];
  const entries = await Promise.all(
    paths.map(async (path): Promise<TarEntry> => {
      const content = (await store.read(path, signal)) ?? Buffer.alloc(0);
      return { kind: 'file', path, content };
    }),
  );
  return gzipSync(writeTar(entries), { level: 9 });
}

function metadataOf({ root, timestamp, snapshot, targets, roles }: Published): readonly string[] {
  const roots = Array.from({ length: root.signed.version }, (_, at) => storedMetadata('root', at + 1));
  const named = [...roles, ...(targets ? [['targets', targets] as const] : [])];
  return [
    ...roots,
    storedMetadata('timestamp', timestamp?.signed.version ?? 0),
    storedMetadata('snapshot', snapshot?.signed.version ?? 0),
    ...named.map(([role, { metadata }]) => storedMetadata(role, metadata.signed.version)),
  ];
}

function storedPathOf({ roles }: Published, path: string): string {
  const target = roles.get(roleOfTarget(path))?.metadata.signed.targets[path];
  return storedTarget(path, target?.hashes['sha256'] ?? '');
}

/** Of an exported file. */
const bounds = { maxFiles: 20_000, maxBytes: 2_147_483_647 };

/**
 * Puts an exported Release into a folder, from which Subscriptions read it by file:// or a web server.
 *
 * It is verified as a cluster would before anything is written, from the root that is there already or the one that is given.
 *
 * @throws CHANNEL_UNTRUSTED, CHANNEL_EXPIRED, CHANNEL_INVALID; ArchiveFault for what is no export
 */
export async function importRelease(
  request: {
    readonly file: string;
    readonly store: ChannelStore;
    readonly rootFile: string;
    readonly stores: StoresOnce;
  },
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { files } = await readArchive(await readFile(request.file), '', bounds);
  const unpacked = await mkdtemp(join(tmpdir(), 'headgate-import-'));
  try {
    for (const { path, content } of files) {
      await mkdir(dirname(join(unpacked, path)), { recursive: true });
      await writeFile(join(unpacked, path), content);
    }
    const carried = (name: string) =>
      files.some(({ path }) => path.startsWith('targets/releases/') && path.endsWith(`.${name}.json`));
    const verified = await withView({ ...request, place: unpacked }, signal, (view) => readAll(view, carried, signal));
    const { store } = request;
    for (const { path, content } of files.toSorted(byOrderOfWriting)) {
      await store.write(path, content, signal);
    }
    await store.flush(signal);
    return verified.read;
  } finally {
    await rm(unpacked, { recursive: true, force: true });
  }
}

/** The timestamp last, as when it is published: until then what was there stays valid. */
function byOrderOfWriting(left: { readonly path: string }, right: { readonly path: string }): number {
  const rank = ({ path }: { readonly path: string }) =>
    path === 'timestamp.json' ? 3 : path.includes('.snapshot.') ? 2 : path.startsWith('targets/') ? 0 : 1;
  return rank(left) - rank(right);
}
