/**
 * Fulfils the engine's ChannelReader: the client of TUF (specification section 5) over our own requests.
 *
 * What it verified is kept in a folder of its own, where tuf-js looks for it, and handed out so that it outlives the process.
 */
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { Metadata, MetadataKind } from '@tufjs/models';
import { type Config, type TargetFile, Updater } from 'tuf-js';
import { releasesRole, targetsFolder } from '../../core/channel/layout.ts';
import { OperationError } from '../../core/errors.ts';
import type {
  ChannelLogin,
  ChannelPlace,
  ChannelReader,
  ChannelView,
  TrustedFiles,
} from '../../engine/ports/channel-reader.ts';
import type { Clock } from '../../engine/ports/clock.ts';
import type { Outbound } from '../../engine/ports/outbound.ts';
import { anyMirror, isMissing, type KeptAnswers, OutboundFetcher } from './outbound-fetcher.ts';
import { describeRefusal } from './refusal.ts';
import { type Seen, seenIn } from './seen.ts';
import { maxEvidenceBytes, openStatements } from './statements.ts';
import type { ChannelFiles } from './store.ts';

export interface ReaderOptions {
  /** Private to this process. */
  readonly folder: string;
  readonly outbound: Outbound;
  readonly clock: Clock;
  /** Undefined: the address is asked over the web. */
  readonly openFiles: (url: string, place: ChannelPlace) => ChannelFiles | undefined;
}

const rootMaxLength = 65_536;
const timestampMaxLength = 16_384;

/** Far above what a channel needs, far below what hurts: a role of 300 files has 70 kB. */
const bounds: Partial<Config> = {
  maxRootRotations: 256,
  maxDelegations: 8,
  rootMaxLength,
  timestampMaxLength,
  snapshotMaxLength: 262_144,
  targetsMaxLength: 262_144,
};

export function createChannelReader(options: ReaderOptions): ChannelReader {
  const channels = new Map<string, KnownChannel>();
  return {
    async look(place, trusted, signal) {
      const known = channels.get(place.owner) ?? {
        folder: join(options.folder, createHash('sha256').update(place.owner).digest('hex')),
        kept: new Map(),
        trusted: undefined,
        root: Buffer.alloc(0),
        place: undefined,
        files: new Map(),
        seen: undefined,
      };
      channels.set(place.owner, known);
      await prepare(known, place, trusted);
      openPlace(options, known, place);
      return await look({ ...options, place, known, signal });
    },
    trustedAfter: (owner) => channels.get(owner)?.trusted,
    forget: (owner) => void channels.delete(owner),
  };
}

interface KnownChannel {
  readonly folder: string;
  readonly kept: KeptAnswers;
  /** Undefined before the first look, and after one that left the folder in doubt. */
  trusted: TrustedFiles | undefined;
  root: Uint8Array;
  /** What `files` were opened for. */
  place: ChannelPlace | undefined;
  files: ReadonlyMap<string, ChannelFiles>;
  /** Of the last look that found everything in order. */
  seen: Seen | undefined;
}

/** What was fetched of a place before helps for as long as it is the same with the same credentials. */
function openPlace({ openFiles }: ReaderOptions, known: KnownChannel, place: ChannelPlace): void {
  if (known.place !== place) {
    known.place = place;
    known.files = new Map(
      place.urls.flatMap((url) => {
        const files = openFiles(url, place);
        return files === undefined ? [] : [[url, files] as const];
      }),
    );
  }
  for (const files of known.files.values()) {
    files.renew();
  }
}

interface Look extends ReaderOptions {
  readonly place: ChannelPlace;
  readonly known: KnownChannel;
  readonly signal: AbortSignal;
}

/** Fills the folder, unless it is as the last look left it. Another root that people hand over begins anew. */
async function prepare(known: KnownChannel, { trustedRoot }: ChannelPlace, trusted: TrustedFiles): Promise<void> {
  if (known.trusted !== undefined && Buffer.compare(known.root, trustedRoot) === 0) {
    return;
  }
  const isSameRoot = known.trusted === undefined || Buffer.compare(known.root, trustedRoot) === 0;
  const files = isSameRoot ? newerRoot(trusted, trustedRoot) : new Map([['root', trustedRoot]]);
  await rm(known.folder, { recursive: true, force: true });
  await mkdir(known.folder, { recursive: true, mode: 0o700 });
  for (const [role, bytes] of files) {
    await writeFile(join(known.folder, `${role}.json`), bytes);
  }
  known.trusted = files;
  known.root = trustedRoot;
}

/** A root that is newer than what was kept was handed over to go on from; one that is older led to it. */
function newerRoot(trusted: TrustedFiles, handedOver: Uint8Array): TrustedFiles {
  const kept = trusted.get('root');
  return kept === undefined || versionOf(kept) < versionOf(handedOver)
    ? new Map([...trusted, ['root', handedOver]])
    : trusted;
}

function versionOf(root: Uint8Array): number {
  try {
    return Metadata.fromJSON(MetadataKind.Root, JSON.parse(Buffer.from(root).toString('utf8'))).signed.version;
  } catch {
    // Told by the look itself, with what is wrong with it.
    return 0;
  }
}

async function look(work: Look): Promise<ChannelView> {
  const { known, clock, signal } = work;
  const fetcher = fetcherOf(work);
  let opened: Promise<Updater> | undefined;
  const open = () => {
    opened ??= attempt(work, fetcher, async () => {
      const made = createUpdater(known.folder, fetcher, clock.now());
      await made.refresh();
      // Clusters read it each time something changes; so its metadata is kept with the rest.
      await made.getTargetInfo(`${releasesRole}/index.json`);
      return made;
    });
    return opened;
  };
  if (!(await isStillSo(known, fetcher, clock.now()))) {
    await open();
    known.seen = seenIn(known.trusted ?? new Map());
  }
  signal.throwIfAborted();
  const { keys, view } = known.seen ?? seenIn(known.trusted ?? new Map());
  const read: ChannelView['read'] = async (path, maxBytes, inner) => {
    const updater = await open();
    const reading = { ...work, signal: inner };
    const one = fetcherOf(reading);
    return await attempt(reading, one, () => readTarget({ updater, fetcher: one, path, maxBytes }));
  };
  const readStatements: ChannelView['readStatements'] = async (path, inner) =>
    openStatements(await read(path, maxEvidenceBytes, inner), keys, path);
  return { ...view, read, readStatements };
}

/**
 * Whether the look before still says all: the same files, there is no newer root, the timestamp is the same to the byte, and nothing of it
 * has expired. What was verified then need not be verified again. Whatever else the channel answers is for tuf-js to judge.
 */
async function isStillSo({ seen, trusted }: KnownChannel, fetcher: OutboundFetcher, now: Date): Promise<boolean> {
  const timestamp = trusted?.get('timestamp');
  if (seen === undefined || timestamp === undefined || seen.view.trusted !== trusted || now >= seen.until) {
    return false;
  }
  try {
    await fetcher.downloadBytes(`${anyMirror}${seen.view.root + 1}.root.json`, rootMaxLength);
    return false;
  } catch (error) {
    if (!isMissing(error)) {
      return false;
    }
  }
  const answer = await fetcher.downloadBytes(`${anyMirror}timestamp.json`, timestampMaxLength).catch(() => undefined);
  return answer !== undefined && Buffer.compare(answer, timestamp) === 0;
}

function fetcherOf({ place, known, outbound, signal }: Look): OutboundFetcher {
  const { urls, login, caBundle } = place;
  const { kept, files } = known;
  const authorization = login && basicOf(login);
  return new OutboundFetcher({ outbound, urls, authorization, caBundle, files, kept, signal });
}

/** Undefined: it has none, which the address then does not need either. */
function basicOf({ entries }: ChannelLogin): string | undefined {
  const [username, password] = [entries.get('username'), entries.get('password')];
  return username && password && `Basic ${Buffer.concat([username, Buffer.from(':'), password]).toString('base64')}`;
}

function createUpdater(folder: string, fetcher: OutboundFetcher, now: Date): Updater {
  const updater = new Updater({
    metadataDir: folder,
    metadataBaseUrl: anyMirror,
    targetBaseUrl: `${anyMirror}${targetsFolder}/`,
    fetcher,
    config: bounds,
  });
  // It takes the time of the machine, and what is expired has to follow from ours alone.
  const store: unknown = Reflect.get(updater, 'trustedSet');
  if (typeof store === 'object' && store !== null) {
    Reflect.set(store, 'referenceTime', now);
  }
  return updater;
}

interface TargetReading {
  readonly updater: Updater;
  readonly fetcher: OutboundFetcher;
  readonly path: string;
  readonly maxBytes: number;
}

async function readTarget({ updater, fetcher, path, maxBytes }: TargetReading): Promise<Buffer> {
  const info = await updater.getTargetInfo(path);
  if (info === undefined) {
    throw new OperationError(`read ${path} of the channel: it has no such file`, {
      code: 'CHANNEL_INVALID',
      retry: 'backoff',
    });
  }
  if (info.length > maxBytes) {
    throw new OperationError(`read ${path} of the channel: it has ${info.length} bytes, and ${maxBytes} are read`, {
      code: 'CHANNEL_INVALID',
      retry: 'backoff',
    });
  }
  const bytes = await fetcher.downloadBytes(`${anyMirror}${storedPath(info)}`, info.length);
  await info.verify(streamOf(bytes));
  return bytes;
}

function storedPath({ path, hashes }: TargetFile): string {
  const at = path.lastIndexOf('/') + 1;
  return `${targetsFolder}/${path.slice(0, at)}${hashes['sha256'] ?? ''}.${path.slice(at)}`;
}

/** The models verify what they can read chunk by chunk. */
function streamOf(bytes: Buffer): Parameters<TargetFile['verify']>[0] {
  return Readable.from([bytes]);
}

/** Whatever becomes of it: what tuf-js wrote into the folder was verified before, and is trusted from now on. */
async function attempt<T>(work: Look, fetcher: OutboundFetcher, act: () => Promise<T>): Promise<T> {
  const { known, place, clock, signal } = work;
  try {
    const result = await act();
    known.trusted = unlessSame(known.trusted, await readFolder(known.folder));
    return result;
  } catch (error) {
    const left = await readFolder(known.folder).catch(() => undefined);
    known.trusted = left && unlessSame(known.trusted, left);
    signal.throwIfAborted();
    const said = { urls: place.urls, failure: fetcher.failure, serverTime: fetcher.serverTime, now: clock.now() };
    throw describeRefusal(error, said);
  }
}

/** The former where nothing changed, so that nobody need compare them again. */
function unlessSame(before: TrustedFiles | undefined, after: TrustedFiles): TrustedFiles {
  const isSame =
    before?.size === after.size &&
    [...after].every(([role, bytes]) => Buffer.compare(before.get(role) ?? Buffer.alloc(0), bytes) === 0);
  return isSame ? before : after;
}

async function readFolder(folder: string): Promise<TrustedFiles> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.json'));
  const files = await Promise.all(
    names.map(async (name) => [decodeURIComponent(name.slice(0, -5)), await readFile(join(folder, name))] as const),
  );
  return new Map(files);
}
