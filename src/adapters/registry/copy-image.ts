/** Copies whole images by digest: index, manifests, configurations and layers, each compared with its digest on the way. */
import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';

import { OperationError } from '../../core/errors.ts';
import { isDigest } from '../../core/image/reference.ts';
import type { ArtifactPlace } from '../../engine/ports/artifacts.ts';
import type { AttachmentStore } from '../../engine/ports/attachments.ts';
import type { RegistryWriter } from '../../engine/ports/registry-writer.ts';
import { isRecord } from './failure.ts';

export interface BlobMark {
  readonly digest: string;
  readonly sizeBytes: number;
}

export interface ImageSource {
  /** Bytes of a manifest, whose digest is right. */
  readManifest(digest: string, signal: AbortSignal): Promise<Buffer>;
  /** Hands the content of a blob out, for as long as it is used. Whoever takes it compares it. */
  withBlob(
    blob: BlobMark,
    use: (content: () => AsyncIterable<Uint8Array>) => Promise<void>,
    signal: AbortSignal,
  ): Promise<void>;
}

/** What it gets first is what later things refer to. */
export interface ImageSink {
  /** Whether there is nothing to send. */
  hasBlob(blob: BlobMark, signal: AbortSignal): Promise<boolean>;
  takeBlob(blob: BlobMark, content: () => AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<void>;
  takeManifest(manifest: CopiedManifest, signal: AbortSignal): Promise<void>;
}

export interface CopiedManifest {
  readonly digest: string;
  readonly mediaType: string;
  readonly body: Buffer;
}

const maxDepth = 3;
const maxManifests = 500;
const maxBlobs = 2_000;
/** What a header of tar can say. */
const maxBlobBytes = 8 * 2 ** 30 - 1;

/**
 * Harmless to repeat.
 *
 * @returns the manifest of the digest, which was taken last
 * @throws REGISTRY_ANSWER_INVALID for what is no image, or a larger one than any; errors of source and sink
 */
export async function copyImage(
  source: ImageSource,
  digest: string,
  sink: ImageSink,
  signal: AbortSignal,
): Promise<CopiedManifest> {
  return await copyManifest({ source, sink, seen: new Set(), blobs: new Set(), signal }, digest, 0);
}

interface Copy {
  readonly source: ImageSource;
  readonly sink: ImageSink;
  readonly seen: Set<string>;
  readonly blobs: Set<string>;
  readonly signal: AbortSignal;
}

async function copyManifest(copy: Copy, digest: string, depth: number): Promise<CopiedManifest> {
  const { source, sink, seen, signal } = copy;
  seen.add(digest);
  if (depth > maxDepth || seen.size > maxManifests) {
    throw invalid(digest, `it has more than ${maxManifests} manifests, or deeper ones than ${maxDepth}`);
  }
  const body = await source.readManifest(digest, signal);
  const manifest = parse(digest, body);
  for (const child of listOf(manifest['manifests'])) {
    const mark = markOf(digest, child);
    if (!seen.has(mark.digest)) {
      await copyManifest(copy, mark.digest, depth + 1);
    }
  }
  const config = manifest['config'] === undefined ? [] : [manifest['config']];
  for (const blob of [...config, ...listOf(manifest['layers'])]) {
    await copyBlob(copy, markOf(digest, blob));
  }
  const copied = { digest, mediaType: mediaTypeOf(manifest), body };
  await sink.takeManifest(copied, signal);
  return copied;
}

async function copyBlob({ source, sink, blobs, signal }: Copy, blob: BlobMark): Promise<void> {
  if (blobs.has(blob.digest)) {
    return;
  }
  blobs.add(blob.digest);
  if (blobs.size > maxBlobs) {
    throw invalid(blob.digest, `the image has more than ${maxBlobs} layers`);
  }
  if (!(await sink.hasBlob(blob, signal))) {
    await source.withBlob(blob, (content) => sink.takeBlob(blob, content, signal), signal);
  }
}

function parse(digest: string, body: Buffer): Readonly<Record<string, unknown>> {
  try {
    const manifest: unknown = JSON.parse(body.toString('utf8'));
    if (isRecord(manifest) && (Array.isArray(manifest['manifests']) || Array.isArray(manifest['layers']))) {
      return manifest;
    }
  } catch {
    // Said below.
  }
  throw invalid(digest, 'it is neither an index nor a manifest');
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function markOf(of: string, descriptor: unknown): BlobMark {
  const { digest, size } = isRecord(descriptor) ? descriptor : {};
  if (typeof digest !== 'string' || !isDigest(digest) || typeof size !== 'number') {
    throw invalid(of, 'it names something without digest and size');
  }
  if (!Number.isSafeInteger(size) || size < 0 || size > maxBlobBytes) {
    throw invalid(of, `it names something of ${size} bytes`);
  }
  return { digest, sizeBytes: size };
}

/** The field is not needed in manifests of OCI. */
function mediaTypeOf({ mediaType, manifests }: Readonly<Record<string, unknown>>): string {
  const kind = Array.isArray(manifests) ? 'index' : 'manifest';
  return typeof mediaType === 'string' && /^application\/[\w.+-]{1,200}$/.test(mediaType)
    ? mediaType
    : `application/vnd.oci.image.${kind}.v1+json`;
}

/** @param folder of our own, for one layer at a time */
export function imageSourceOf(
  registry: Pick<AttachmentStore, 'readManifest'> & RegistryWriter,
  place: ArtifactPlace,
  folder: string,
): ImageSource {
  return {
    async readManifest(digest, signal) {
      const found = await registry.readManifest(place, digest, signal);
      if (found === undefined) {
        throw new OperationError(`copy the image ${digest}: its registry has none`, {
          code: 'REGISTRY_NOT_FOUND',
          retry: 'backoff',
        });
      }
      return found.body;
    },
    async withBlob(blob, use, signal) {
      const file = join(folder, randomUUID());
      try {
        await registry.saveBlob(place, blob, file, signal);
        await use(() => createReadStream(file));
      } finally {
        await rm(file, { force: true });
      }
    },
  };
}

/** Manifests go there by digest; the last one by its tag, too, where one is given. */
export function imageSinkOf(registry: RegistryWriter, place: ArtifactPlace): ImageSink {
  return {
    hasBlob: (blob, signal) => registry.hasBlob(place, blob.digest, signal),
    takeBlob: (blob, content, signal) => registry.writeBlob(place, { ...blob, content }, signal),
    takeManifest: ({ digest, mediaType, body }, signal) =>
      registry.writeManifest(place, digest, { mediaType, body }, signal),
  };
}

function invalid(digest: string, problem: string): OperationError {
  return new OperationError(`copy the image ${digest}: ${problem}`, {
    code: 'REGISTRY_ANSWER_INVALID',
    retry: 'backoff',
  });
}
