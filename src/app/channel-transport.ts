/** `headgate channel verify`: a channel as a cluster would see it, over the network or in a folder. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createChannelReader } from '../adapters/channel/reader.ts';
import { spellChannelAddress } from '../core/channel/address.ts';
import type { IndexEntry } from '../core/channel/channel-index.ts';
import { indexPath, releasePath } from '../core/channel/layout.ts';
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
export async function readAll(view: ChannelView, isWanted: (name: string) => boolean, signal: AbortSignal) {
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

/** @throws as a cluster would find it */
export async function withView<T>(
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
