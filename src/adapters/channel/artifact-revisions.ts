/** The files of a channel as one artifact of a registry: a manifest behind a tag, with a layer for each file (OCI image spec, "Guidelines for Artifact Usage"). */
import { createHash } from 'node:crypto';
import Type, { type Static } from 'typebox';
import type { ArtifactAddress } from '../../core/channel/address.ts';
import { formatChannelAddress } from '../../core/channel/address.ts';
import { isOperationError, OperationError } from '../../core/errors.ts';
import type { ArtifactPlace } from '../../engine/ports/artifacts.ts';
import type { AttachmentStore } from '../../engine/ports/attachments.ts';
import type { FileRevision, FileRevisions } from '../../engine/ports/file-revisions.ts';
import type { Registry } from '../../engine/ports/registry.ts';
import type { RegistryWriter } from '../../engine/ports/registry-writer.ts';
import { decoderOf } from '../../resources/decode.ts';
import { conflict } from './one-after-another.ts';
import { maxStoredBytes } from './store.ts';

export type ArtifactContent = Pick<Registry, 'findDigest'> &
  Pick<AttachmentStore, 'readManifest' | 'readBlob'> &
  Pick<RegistryWriter, 'writeBlob' | 'writeManifest'>;

export interface ArtifactRevisionsOptions {
  readonly address: ArtifactAddress;
  readonly content: ArtifactContent;
  readonly access: (signal: AbortSignal) => Promise<ArtifactPlace['access']>;
}

const manifestType = 'application/vnd.oci.image.manifest.v1+json';
const channelType = 'application/vnd.headgate.channel.v1';
const fileType = 'application/vnd.headgate.channel.file.v1';
/** ORAS and others take it for the name of the file. */
const titleKey = 'org.opencontainers.image.title';
const empty = Buffer.from('{}');
const emptyConfig = { mediaType: 'application/vnd.oci.empty.v1+json', digest: digestOf(empty), size: empty.length };
/** Of registries; the files of a channel are far below. */
const maxManifestBytes = 4_194_304;
const mostQuestions = 5;

const Layer = Type.Object({
  digest: Type.String({ pattern: '^sha256:[0-9a-f]{64}$' }),
  size: Type.Integer({ minimum: 0, maximum: maxStoredBytes }),
  annotations: Type.Object({ [titleKey]: Type.String({ maxLength: 1024 }) }),
});
const ManifestSchema = Type.Object({
  config: Type.Object({ mediaType: Type.String() }),
  layers: Type.Array(Layer, { maxItems: 20_000 }),
});
const decodeManifest = decoderOf(ManifestSchema);

interface ArtifactRevision extends FileRevision {
  readonly layers: ReadonlyMap<string, Pick<Static<typeof Layer>, 'digest' | 'size'>>;
}

export function createArtifactRevisions(options: ArtifactRevisionsOptions): FileRevisions {
  const { address, content } = options;
  const place = formatChannelAddress(address);
  const placeFor = async (signal: AbortSignal): Promise<ArtifactPlace> => ({
    repository: address.repository,
    access: { ...(await options.access(signal)), insecure: address.insecure },
  });
  let last: ArtifactRevision | undefined;
  const load = async (signal: AbortSignal): Promise<ArtifactRevision> => {
    const at = await placeFor(signal);
    const digest = await again(() => content.findDigest(at.repository, address.tag, at.access, signal));
    if (digest === undefined || digest !== last?.id) {
      last = await read(options, at, digest, signal);
    }
    return last;
  };
  return {
    place,
    load,
    async replace(base, changes, signal) {
      const at = await placeFor(signal);
      const before = await load(signal);
      if (before.id !== base.id) {
        throw conflict({ place }, 'it is another one by now');
      }
      const layers = new Map(before.layers);
      for (const [path, bytes] of changes) {
        if (bytes === undefined) {
          layers.delete(path);
        } else {
          const blob = { digest: digestOf(bytes), sizeBytes: bytes.length, content: bytes };
          await content.writeBlob(at, blob, signal);
          layers.set(path, { digest: blob.digest, size: blob.sizeBytes });
        }
      }
      await content.writeBlob(at, { digest: emptyConfig.digest, sizeBytes: empty.length, content: empty }, signal);
      const body = manifestOf(layers);
      if (body.length > maxManifestBytes) {
        throw unusable(
          `write the channel in ${place}: its list of ${layers.size} files is larger than registries take`,
        );
      }
      await takeTurn({ ...options, at, base: base.id }, body, signal);
    },
  };
}

interface Turn extends Pick<ArtifactRevisionsOptions, 'address' | 'content'> {
  readonly at: ArtifactPlace;
  /** Digest of what it is written on top of. */
  readonly base: string | undefined;
}

/**
 * A tag can be moved by anybody at any time, and registries have no way to say "only if it is still this one". So whoever writes says so first
 * under a second tag, moves the tag if it is still where it was, and looks whether somebody else has said so meanwhile: of two at once the one
 * who spoke last wins, whoever moved the tag last, and the other knows.
 */
async function takeTurn({ address, content, at, base }: Turn, body: Buffer, signal: AbortSignal): Promise<void> {
  const [tag, claim, own] = [address.tag, `${address.tag}.next`, digestOf(body)];
  const place = formatChannelAddress(address);
  const digestAt = (reference: string) => again(() => content.findDigest(at.repository, reference, at.access, signal));
  const move = (reference: string, manifest: Buffer) =>
    again(() => content.writeManifest(at, reference, { mediaType: manifestType, body: manifest }, signal));
  await move(claim, body);
  if ((await digestAt(tag)) !== base) {
    throw conflict({ place }, 'it is another one by now');
  }
  await move(tag, body);
  const claimed = await digestAt(claim);
  if (claimed === own || claimed === undefined) {
    return;
  }
  if ((await digestAt(tag)) === own) {
    const theirs = await content.readManifest(at, claimed, signal);
    await (theirs && move(tag, theirs.body));
  }
  throw conflict({ place }, 'two wrote it at once');
}

/**
 * A registry that keeps tags in files answers 500 to whoever asks in the moment in which another one moves the tag (CNCF Distribution with its
 * filesystem driver: the file is empty then).
 */
async function again<T>(ask: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await ask();
    } catch (error) {
      if (!isOperationError(error) || error.retry !== 'backoff' || attempt === mostQuestions) {
        throw error;
      }
    }
  }
}

async function read(
  { address, content }: ArtifactRevisionsOptions,
  at: ArtifactPlace,
  digest: string | undefined,
  signal: AbortSignal,
): Promise<ArtifactRevision> {
  const found = digest === undefined ? undefined : await content.readManifest(at, digest, signal);
  const layers = new Map(found && layersOf(found.body, formatChannelAddress(address)));
  return {
    id: found?.digest,
    layers,
    paths: new Set(layers.keys()),
    async read(path, maxBytes, inner) {
      const layer = layers.get(path);
      if (layer !== undefined && layer.size > maxBytes) {
        const where = formatChannelAddress(address);
        throw unusable(`read ${path} of the channel in ${where}: it has ${layer.size} bytes, and ${maxBytes} are read`);
      }
      return layer && (await content.readBlob(at, { digest: layer.digest, maxBytes: layer.size }, inner));
    },
  };
}

function layersOf(body: Buffer, place: string): readonly (readonly [string, { digest: string; size: number }])[] {
  const { config, layers } = decodeManifest(parse(body, place), `the manifest of ${place}`);
  if (config.mediaType !== emptyConfig.mediaType) {
    throw unusable(`read the channel in ${place}: what is there is no channel but ${config.mediaType.slice(0, 128)}`);
  }
  return layers.map(({ digest, size, annotations }) => [annotations[titleKey], { digest, size }]);
}

function parse(body: Buffer, place: string): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    throw unusable(`read the channel in ${place}: its manifest is no JSON`);
  }
}

function manifestOf(layers: ArtifactRevision['layers']): Buffer {
  const sorted = [...layers].toSorted(([left], [right]) => (left < right ? -1 : 1));
  const manifest = {
    schemaVersion: 2,
    mediaType: manifestType,
    artifactType: channelType,
    config: emptyConfig,
    layers: sorted.map(([path, { digest, size }]) => ({
      mediaType: fileType,
      digest,
      size,
      annotations: { [titleKey]: path },
    })),
  };
  return Buffer.from(JSON.stringify(manifest));
}

function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

function unusable(message: string): OperationError {
  return new OperationError(message, { code: 'CHANNEL_STORE_UNUSABLE', retry: 'backoff' });
}
