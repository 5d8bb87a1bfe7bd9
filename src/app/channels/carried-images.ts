/** Images of a Release in the one file that it is carried in: an OCI image layout below `oci/`, each blob once. */
import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import Type from 'typebox';
import { type ArchivedFile, readArchivedFile } from '../../adapters/artifact/index-archive.ts';
import { tarHeader, tarPadding } from '../../adapters/channel/write-tar.ts';
import { type Attached, type CopiedAttached, maxAttached, tagsToCopy } from '../../adapters/registry/copy-attached.ts';
import type { CopiedManifest, ImageSink, ImageSource } from '../../adapters/registry/copy-image.ts';
import type { Release } from '../../core/channel/release.ts';
import { isOperationError, OperationError } from '../../core/errors.ts';
import { parseRepository, type Repository } from '../../core/image/reference.ts';
import { decoderOf } from '../../resources/decode.ts';

export interface CarriedImage {
  readonly repository: Repository;
  readonly tag: string | undefined;
  readonly digest: string;
  /** Its registry speaks plain http. */
  readonly insecure: boolean;
}

const refKey = 'org.opencontainers.image.ref.name';
/** Of ours: the image, with its digest, that a manifest is a signature of. */
const attachedKey = 'dev.headgate.attached-to';
const layoutPath = 'oci/index.json';
const maxLayoutBytes = 16_777_216;
const decodeIndex = decoderOf(
  Type.Object({
    manifests: Type.Array(
      Type.Object({ digest: Type.String(), annotations: Type.Optional(Type.Record(Type.String(), Type.String())) }),
    ),
  }),
);
const decodeDefinition = decoderOf(
  Type.Object({
    sources: Type.Optional(
      Type.Array(
        Type.Object({
          name: Type.String(),
          image: Type.Optional(Type.Object({ insecure: Type.Optional(Type.Boolean()) })),
        }),
      ),
    ),
  }),
);

/** Each once, in the order of the Release. */
export function imagesOf({ name, apps }: Release): readonly CarriedImage[] {
  const images = apps.flatMap(({ definition, versions, name: app }) => {
    const { sources = [] } = decodeDefinition(JSON.parse(definition), `App ${app} of ${name}`);
    return versions.flatMap(({ kind, location, tag, digest, source }): CarriedImage[] => {
      const image = sources.find((one) => one.name === source)?.image;
      return kind === 'Image'
        ? [{ repository: parseRepository(location), tag, digest, insecure: image?.insecure ?? false }]
        : [];
    });
  });
  return [...new Map(images.map((image) => [JSON.stringify(image), image])).values()];
}

const blobPath = (digest: string) => `oci/blobs/${digest.replace(':', '/')}`;

/** Appends files to an archive that is written from front to back. */
export class ArchiveWriter {
  readonly #file: FileHandle;
  readonly #written = new Set<string>();

  constructor(file: FileHandle) {
    this.#file = file;
  }

  has(path: string): boolean {
    return this.#written.has(path);
  }

  /** @throws what the disk or the content throws; the file is of no use then */
  async add(path: string, sizeBytes: number, content: AsyncIterable<Uint8Array>): Promise<void> {
    this.#written.add(path);
    await this.#file.write(tarHeader(path, sizeBytes));
    let size = 0;
    for await (const chunk of content) {
      size += chunk.length;
      await this.#file.write(chunk);
    }
    if (size !== sizeBytes) {
      throw new OperationError(`write ${path}: it has ${size} bytes, and ${sizeBytes} were said`, {
        code: 'INVARIANT',
        retry: 'never',
      });
    }
    await this.#file.write(tarPadding(sizeBytes));
  }

  async addBytes(path: string, bytes: Uint8Array): Promise<void> {
    const once = async function* () {
      yield bytes;
    };
    await this.add(path, bytes.length, once());
  }

  async end(): Promise<void> {
    await this.#file.write(Buffer.alloc(1_024));
  }
}

/** Takes images into the archive. */
export function archiveSink(archive: ArchiveWriter): ImageSink {
  return {
    hasBlob: ({ digest }) => Promise.resolve(archive.has(blobPath(digest))),
    takeBlob: ({ digest, sizeBytes }, content) => archive.add(blobPath(digest), sizeBytes, content()),
    async takeManifest({ digest, body }) {
      if (!archive.has(blobPath(digest))) {
        await archive.addBytes(blobPath(digest), body);
      }
    },
  };
}

export interface TakenImage extends CarriedImage {
  readonly manifest: CopiedManifest;
  readonly attached: readonly CopiedAttached[];
}

/** What other tools read it by (OCI image layout). */
export async function writeLayout(archive: ArchiveWriter, images: readonly TakenImage[]): Promise<void> {
  const manifests = images.flatMap((image) => {
    const { repository, tag, manifest, attached } = image;
    const name = `${repository.registry}/${repository.path}`;
    const ofImage = lineOf(manifest, { [refKey]: tag === undefined ? name : `${name}:${tag}` });
    const ofAttached = attached.map((one) => {
      const named = one.tag === undefined ? {} : { [refKey]: `${name}:${one.tag}` };
      return lineOf(one.manifest, { ...named, [attachedKey]: nameOf(image) });
    });
    return [ofImage, ...ofAttached];
  });
  await archive.addBytes('oci/oci-layout', Buffer.from('{"imageLayoutVersion":"1.0.0"}'));
  await archive.addBytes(layoutPath, Buffer.from(JSON.stringify({ schemaVersion: 2, manifests })));
}

function lineOf({ mediaType, digest, body }: CopiedManifest, annotations: Readonly<Record<string, string>>) {
  return { mediaType, digest, size: body.length, annotations };
}

function nameOf({ repository, digest }: CarriedImage): string {
  return `${repository.registry}/${repository.path}@${digest}`;
}

/**
 * What the file says is attached to an image. Only a hint, since nobody signed the list: an image gets no other tags by it than those of
 * signatures.
 *
 * @throws CHANNEL_INVALID, OBJECT_INVALID for a list that cannot be read
 */
export async function readAttached(
  file: FileHandle,
  files: ReadonlyMap<string, ArchivedFile>,
): Promise<(image: CarriedImage) => readonly Attached[]> {
  const place = files.get(layoutPath);
  const lines = place === undefined ? [] : decodeIndex(await readLayout(file, place), layoutPath).manifests;
  const ofImage = new Map<string, Attached[]>();
  for (const { digest, annotations = {} } of lines) {
    const [image, name] = [annotations[attachedKey], annotations[refKey]];
    const attached = { digest, tag: name?.slice(name.lastIndexOf(':') + 1) };
    if (image !== undefined) {
      ofImage.set(image, [...(ofImage.get(image) ?? []), attached]);
    }
  }
  return (image) => {
    const tags: readonly (string | undefined)[] = [undefined, ...tagsToCopy(image.digest)];
    return (ofImage.get(nameOf(image)) ?? []).filter(({ tag }) => tags.includes(tag)).slice(0, maxAttached);
  };
}

async function readLayout(file: FileHandle, place: ArchivedFile): Promise<unknown> {
  if (place.sizeBytes > maxLayoutBytes) {
    throw invalid(`${layoutPath} has ${place.sizeBytes} bytes, and ${maxLayoutBytes} are read`);
  }
  const bytes = await readArchivedFile(file, place);
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    throw invalid(`${layoutPath} is not JSON`);
  }
}

const maxManifestBytes = 4_194_304;

/** Reads images out of an archive, each byte compared with its digest before anybody is given it. */
export function archiveSource(file: FileHandle, files: ReadonlyMap<string, ArchivedFile>): ImageSource {
  const find = (digest: string): ArchivedFile => {
    const found = files.get(blobPath(digest));
    if (found === undefined) {
      throw invalid(`it has no ${digest}`);
    }
    return found;
  };
  return {
    async readManifest(digest) {
      const place = find(digest);
      if (place.sizeBytes > maxManifestBytes) {
        throw invalid(`the manifest ${digest} has ${place.sizeBytes} bytes`);
      }
      const bytes = await readArchivedFile(file, place);
      requireDigest(digest, createHash('sha256').update(bytes).digest('hex'));
      return bytes;
    },
    async withBlob({ digest, sizeBytes }, use) {
      const place = find(digest);
      const content = () => rangeOf(file, place);
      const hash = createHash('sha256');
      for await (const chunk of content()) {
        hash.update(chunk);
      }
      requireDigest(digest, hash.digest('hex'));
      if (place.sizeBytes !== sizeBytes) {
        throw invalid(`${digest} has ${place.sizeBytes} bytes, and its manifest says ${sizeBytes}`);
      }
      await use(content);
    },
  };
}

const chunkBytes = 1_048_576;

async function* rangeOf(file: FileHandle, { start, sizeBytes }: ArchivedFile): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < sizeBytes; at += chunkBytes) {
    const wanted = Math.min(chunkBytes, sizeBytes - at);
    const { bytesRead, buffer } = await file.read(Buffer.alloc(wanted), 0, wanted, start + at);
    if (bytesRead !== wanted) {
      throw invalid('it ends in the middle of a file');
    }
    yield buffer;
  }
}

function requireDigest(digest: string, actual: string): void {
  if (digest !== `sha256:${actual}`) {
    throw invalid(`what it has as ${digest} is something else`);
  }
}

function invalid(problem: string): OperationError {
  return new OperationError(`read the exported file: ${problem}`, { code: 'CHANNEL_INVALID', retry: 'never' });
}

/** Says which image could not be copied. */
export async function naming<T>(image: CarriedImage, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (!isOperationError(error)) {
      throw error;
    }
    const { code, retry } = error;
    throw new OperationError(`carry image ${nameOf(image)}: ${error.message}`, { code, retry, cause: error });
  }
}
