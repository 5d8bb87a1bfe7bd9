/** `headgate channel export` and `import`: a Release with everything that it needs in one file, and from there into another store and registry. */
import { mkdir, mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type ArchivedFile, indexArchive, readArchivedFile } from '../../adapters/artifact/index-archive.ts';
import { ArchiveFault } from '../../adapters/artifact/read-archive.ts';
import { type Published, readPublished, readTargetFile } from '../../adapters/channel/published.ts';
import type { ChannelStore } from '../../adapters/channel/store.ts';
import { copyAttached, listAttached } from '../../adapters/registry/copy-attached.ts';
import { copyImage, imageSourceOf } from '../../adapters/registry/copy-image.ts';
import { indexPath, releasePath, roleOfTarget, storedMetadata, storedTarget } from '../../core/channel/layout.ts';
import type { Release } from '../../core/channel/release.ts';
import { OperationError } from '../../core/errors.ts';
import { decodeRelease } from '../../resources/channel/decode-release.ts';
import {
  ArchiveWriter,
  archiveSink,
  archiveSource,
  type CarriedImage,
  imagesOf,
  naming,
  readAttached,
  type TakenImage,
  writeLayout,
} from './carried-images.ts';
import { readAll, withView } from './channel-transport.ts';
import { type ImageOrigin, putImage } from './put-image.ts';
import type { StoresOnce } from './stores-once.ts';
import { writeImported } from './write-imported.ts';

export interface ExportRequest {
  readonly store: ChannelStore;
  readonly release: string;
  readonly out: string;
  /** Whether images go with it; else they stay in their registries. */
  readonly withImages: boolean;
  readonly registry: StoresOnce['registry'];
}

export interface Exported {
  readonly sizeBytes: number;
  readonly images: number;
  /** Signatures, attestations and all else that is attached to the images. */
  readonly attached: number;
}

/**
 * Metadata, index, the Release, its charts, manifests and evidence, and its images with what is attached to them. The same channel gives the same bytes.
 *
 * @throws CHANNEL_INVALID where there is no such Release, CHANNEL_STORE_UNUSABLE, errors of registries; then there is no file
 */
export async function exportRelease(request: ExportRequest, signal: AbortSignal): Promise<Exported> {
  const { store, out } = request;
  const published = await readPublished(store, signal);
  const release = await readRelease(request, published, signal);
  const wanted = [indexPath, releasePath(release.name), ...release.targets.map(({ path }) => path)];
  const file = await open(out, 'w', 0o644);
  try {
    const archive = new ArchiveWriter(file);
    for (const path of [...metadataOf(published), ...wanted.map((one) => storedPathOf(published, one))]) {
      await archive.addBytes(path, (await store.read(path, signal)) ?? Buffer.alloc(0));
    }
    const images = request.withImages ? imagesOf(release) : [];
    const taken = await exportImages(request, archive, images, signal);
    await archive.end();
    await file.sync();
    const attached = taken.reduce((sum, image) => sum + image.attached.length, 0);
    return { sizeBytes: (await file.stat()).size, images: images.length, attached };
  } catch (error) {
    await rm(out, { force: true });
    throw error;
  } finally {
    await file.close();
  }
}

export type MirrorRequest = Pick<ExportRequest, 'store' | 'release' | 'registry'> & {
  /** As of ImportRequest. */
  readonly images: string;
};

/**
 * Copies the images of a Release with what is attached to them into another registry, under their digests and tags, so that one that
 * vanishes does no harm. What is there already is not sent again.
 *
 * @throws CHANNEL_INVALID where there is no such Release, CHANNEL_STORE_UNUSABLE, errors of registries
 */
export async function mirrorRelease(request: MirrorRequest, signal: AbortSignal): Promise<readonly string[]> {
  const { store, registry, images } = request;
  const release = await readRelease(request, await readPublished(store, signal), signal);
  const folder = await mkdtemp(join(tmpdir(), 'headgate-mirror-'));
  try {
    const written: string[] = [];
    for (const image of imagesOf(release)) {
      const from = placeOf(image);
      const origin: ImageOrigin = {
        source: imageSourceOf(registry, from, folder),
        listAttached: ({ digest }) => listAttached(registry, from, digest, signal),
      };
      written.push(await putImage({ registry, images }, origin, image, signal));
    }
    return written;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function readRelease(
  { store, release }: Pick<ExportRequest, 'store' | 'release'>,
  published: Published,
  signal: AbortSignal,
): Promise<Release> {
  const text = await readTargetFile(store, published, releasePath(release), signal);
  if (text === undefined) {
    throw new OperationError(`read ${release}: the channel in ${store.place} has no such Release`, {
      code: 'CHANNEL_INVALID',
      retry: 'never',
    });
  }
  return decodeRelease(release, JSON.parse(text.toString('utf8')));
}

async function exportImages(
  { registry }: ExportRequest,
  archive: ArchiveWriter,
  images: readonly CarriedImage[],
  signal: AbortSignal,
): Promise<readonly TakenImage[]> {
  const folder = await mkdtemp(join(tmpdir(), 'headgate-export-'));
  const sink = archiveSink(archive);
  const taken: TakenImage[] = [];
  try {
    for (const image of images) {
      const place = placeOf(image);
      const source = imageSourceOf(registry, place, folder);
      const take = async () => {
        const manifest = await copyImage(source, image.digest, sink, signal);
        const found = await listAttached(registry, place, image.digest, signal);
        return { ...image, manifest, attached: await copyAttached(source, found, sink, signal) };
      };
      taken.push(await naming(image, take));
    }
    if (images.length > 0) {
      await writeLayout(archive, taken);
    }
    return taken;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function placeOf({ repository, insecure }: CarriedImage) {
  return { repository, access: { insecure } };
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

export interface ImportRequest {
  readonly file: string;
  readonly store: ChannelStore;
  readonly rootFile: string;
  /** `oci://host/prefix`: images go below it under their path; undefined: they are left out. */
  readonly images: string | undefined;
  readonly stores: StoresOnce;
}

export interface Imported {
  readonly releases: readonly string[];
  readonly images: readonly string[];
  /** Version of the timestamp of a newer channel, which stays the one that is read. */
  readonly newer: number | undefined;
}

const maxFiles = 100_000;
/** Of the files of a channel, which are unpacked; images are read where they are. */
const maxChannelBytes = 2_147_483_647;

/**
 * Puts an exported Release into a store, from which Subscriptions read it, and its images into a registry.
 *
 * Everything is verified as a cluster would before anything is written, from the root that is given; the images have to be those that the
 * Release names.
 *
 * @throws CHANNEL_UNTRUSTED, CHANNEL_EXPIRED, CHANNEL_INVALID for what is no export; errors of registries
 */
export async function importRelease(request: ImportRequest, signal: AbortSignal): Promise<Imported> {
  const file = await open(request.file, 'r');
  const unpacked = await mkdtemp(join(tmpdir(), 'headgate-import-'));
  try {
    const files = await indexOrSay(request.file, () => indexArchive(file, maxFiles));
    const channel = new Map([...files].filter(([path]) => !path.startsWith('oci/')));
    await unpack(file, channel, unpacked);
    const carried = (name: string) =>
      [...channel.keys()].some((path) => path.startsWith('targets/releases/') && path.endsWith(`.${name}.json`));
    const { found, timestamp } = await withView({ ...request, place: unpacked }, signal, async (view) => {
      const { read } = await readAll(view, { isWanted: carried }, signal);
      const texts = read.map(
        async (name) => [name, await view.read(releasePath(name), maxChannelBytes, signal)] as const,
      );
      const all = await Promise.all(texts);
      const decoded = all.map(([name, text]) => decodeRelease(name, JSON.parse(text.toString('utf8'))));
      return { found: decoded, timestamp: view.timestamp };
    });
    const attached = await readAttached(file, files);
    const origin: ImageOrigin = {
      source: archiveSource(file, files),
      listAttached: (image) => Promise.resolve(attached(image)),
    };
    const images = await importImages(request, { origin, releases: found }, signal);
    const read = async (path: string) => {
      const place = channel.get(path);
      return place === undefined ? Buffer.alloc(0) : await readArchivedFile(file, place);
    };
    const carriedFiles = { paths: [...channel.keys()], timestamp, read };
    const newer = await writeImported(carriedFiles, request.store, signal);
    return { releases: found.map(({ name }) => name), images, newer };
  } finally {
    await file.close();
    await rm(unpacked, { recursive: true, force: true });
  }
}

async function indexOrSay<T>(path: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof ArchiveFault) {
      const message = `import ${path}: ${error.message}; name a file that headgate channel export wrote`;
      throw new OperationError(message, { code: 'CHANNEL_INVALID', retry: 'never', cause: error });
    }
    throw error;
  }
}

type OpenFile = Awaited<ReturnType<typeof open>>;

async function unpack(file: OpenFile, files: ReadonlyMap<string, ArchivedFile>, folder: string): Promise<void> {
  const size = [...files.values()].reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  if (size > maxChannelBytes) {
    throw new OperationError(
      `import: the files of the channel in it have ${size} bytes, and ${maxChannelBytes} are read`,
      {
        code: 'CHANNEL_INVALID',
        retry: 'never',
      },
    );
  }
  for (const [path, place] of files) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), await readArchivedFile(file, place));
  }
}

async function importImages(
  { images, stores }: ImportRequest,
  { origin, releases }: { readonly origin: ImageOrigin; readonly releases: readonly Release[] },
  signal: AbortSignal,
): Promise<readonly string[]> {
  if (images === undefined) {
    return [];
  }
  const written: string[] = [];
  for (const image of releases.flatMap(imagesOf)) {
    written.push(await putImage({ registry: stores.registry, images }, origin, image, signal));
  }
  return written;
}
