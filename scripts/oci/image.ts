/** Container images as values: made in memory from files, without a builder (OCI image specification 1.1). */
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { type TarEntry, writeTar } from '../../src/adapters/channel/write-tar.ts';

export const mediaTypes = {
  index: 'application/vnd.oci.image.index.v1+json',
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar+gzip',
} as const;

export interface Platform {
  readonly os: string;
  readonly architecture: string;
}

export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly platform?: Platform;
  /** Of a manifest that is no image. */
  readonly artifactType?: string;
}

/** An image or an index: its root manifest and every blob below it, by digest. */
export interface Image {
  readonly root: Descriptor;
  readonly blobs: ReadonlyMap<string, Uint8Array>;
}

/** What a container of the image runs; names as the config's JSON has them. */
export interface ImageConfig {
  readonly Entrypoint: readonly string[];
  readonly Cmd?: readonly string[];
  readonly Env?: readonly string[];
  readonly User?: string;
  readonly WorkingDir?: string;
  readonly ExposedPorts?: Readonly<Record<string, object>>;
  readonly Labels?: Readonly<Record<string, string>>;
}

export interface ImageParts {
  /** Lowest first. What changes least belongs in the first, so that nodes that have it pull only the rest. */
  readonly layers: readonly (readonly TarEntry[])[];
  readonly config: ImageConfig;
  readonly platform: Platform;
  /** When it says that it was made. Absent: it does not say. */
  readonly created?: string;
}

/** The image of the given parts. The same parts give the same digest, on one version of zlib. */
export function makeImage(parts: ImageParts): Image {
  const packed = parts.layers.map(packLayer);
  const layers = packed.map(({ blob }) => blob);
  const config = jsonBlob(mediaTypes.config, {
    architecture: parts.platform.architecture,
    os: parts.platform.os,
    ...(parts.created !== undefined && { created: parts.created }),
    config: parts.config,
    rootfs: { type: 'layers', diff_ids: packed.map(({ diffId }) => diffId) },
  });
  const manifest = jsonBlob(mediaTypes.manifest, {
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config: config.descriptor,
    layers: layers.map((layer) => layer.descriptor),
  });
  return {
    root: { ...manifest.descriptor, platform: parts.platform },
    blobs: new Map([config, ...layers, manifest].map((blob) => [blob.descriptor.digest, blob.content])),
  };
}

interface PackedLayer {
  readonly blob: Blob;
  readonly diffId: string;
}

/** A layer that several images share is packed once. */
const packedLayers = new WeakMap<readonly TarEntry[], PackedLayer>();

function packLayer(entries: readonly TarEntry[]): PackedLayer {
  const known = packedLayers.get(entries);
  if (known) {
    return known;
  }
  const archive = writeTar(entries);
  const layer = { blob: blobOf(mediaTypes.layer, gzipSync(archive)), diffId: digestOf(archive) };
  packedLayers.set(entries, layer);
  return layer;
}

/** One name for the same image on several platforms. */
export function makeIndex(images: readonly Image[]): Image {
  const index = jsonBlob(mediaTypes.index, {
    schemaVersion: 2,
    mediaType: mediaTypes.index,
    manifests: images.map((image) => image.root),
  });
  const blobs = images.flatMap((image) => [...image.blobs]);
  return { root: index.descriptor, blobs: new Map([...blobs, [index.descriptor.digest, index.content]]) };
}

/** `sha256:<hex>` of the bytes. */
function digestOf(content: Uint8Array): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}

/** Sum of all blobs: what a node without any of them pulls, in bytes. */
export function sizeOf(image: Image): number {
  return [...image.blobs.values()].reduce((sum, blob) => sum + blob.length, 0);
}

interface Blob {
  readonly descriptor: Descriptor;
  readonly content: Uint8Array;
}

function jsonBlob(mediaType: string, value: object): Blob {
  return blobOf(mediaType, Buffer.from(JSON.stringify(value)));
}

function blobOf(mediaType: string, content: Uint8Array): Blob {
  return { descriptor: { mediaType, digest: digestOf(content), size: content.length }, content };
}
