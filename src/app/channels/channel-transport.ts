/** `headgate channel verify`: a channel as a cluster would see it, over the network or in a folder. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isMissing } from '../../adapters/channel/outbound-fetcher.ts';
import { createChannelReader } from '../../adapters/channel/reader.ts';
import { spellChannelAddress } from '../../core/channel/address.ts';
import type { IndexEntry } from '../../core/channel/channel-index.ts';
import { indexPath, releasePath } from '../../core/channel/layout.ts';
import { OperationError } from '../../core/errors.ts';
import { readIndex } from '../../engine/channel/compose-content.ts';
import type { ChannelView } from '../../engine/ports/channel-reader.ts';
import { systemClock } from '../../kube/clock.ts';
import { decodeRelease } from '../../resources/channel/decode-release.ts';
import type { StoresOnce } from './stores-once.ts';

export interface VerifyRequest {
  /** An address, or a folder. */
  readonly place: string;
  /** root.json that is trusted. */
  readonly rootFile: string;
  readonly stores: StoresOnce;
  /** Releases may be missing, as after an import that brought one of them. */
  readonly partial?: boolean;
}

export interface VerifiedChannel {
  readonly channel: string;
  readonly root: number;
  readonly expires: Date;
  readonly releases: readonly IndexEntry[];
  /** How many were read, and are what was signed. */
  readonly files: number;
  /** Names of Releases that the channel names and does not have. */
  readonly missing: readonly string[];
}

const maxFileBytes = 1_073_741_824;

/** Reads everything that a channel has. @throws as a cluster would find it */
export async function verifyChannel(request: VerifyRequest, signal: AbortSignal): Promise<VerifiedChannel> {
  const mayMiss = request.partial === true;
  return await withView(request, signal, async (view) => {
    const { index, files, missing } = await readAll(view, { mayMiss }, signal);
    const { root, expires } = view;
    return { channel: index.channel, root, expires, releases: index.releases, files, missing };
  });
}

interface Reading {
  readonly isWanted?: (name: string) => boolean;
  /** Whether a Release that is not there is told instead of thrown. */
  readonly mayMiss?: boolean;
}

/** The Releases that are wanted with all their files. */
export async function readAll(
  view: ChannelView,
  { isWanted = () => true, mayMiss = false }: Reading,
  signal: AbortSignal,
) {
  const index = readIndex(await view.read(indexPath, maxFileBytes, signal));
  const read: string[] = [];
  const missing: string[] = [];
  let files = 1;
  for (const name of index.releases.map((one) => one.name).filter(isWanted)) {
    try {
      files += await readRelease(view, name, signal);
      read.push(name);
    } catch (error) {
      if (!mayMiss || !(error instanceof OperationError) || !isMissing(error.cause)) {
        throw error;
      }
      missing.push(name);
    }
  }
  return { index, read, files, missing };
}

/** @returns how many files it has */
async function readRelease(view: ChannelView, name: string, signal: AbortSignal): Promise<number> {
  const text = (await view.read(releasePath(name), maxFileBytes, signal)).toString('utf8');
  const { targets } = decodeRelease(name, JSON.parse(text));
  for (const { path, length } of targets) {
    await view.read(path, length, signal);
  }
  return 1 + targets.length;
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
