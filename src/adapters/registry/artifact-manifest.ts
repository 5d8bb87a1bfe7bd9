/** Manifests of what is no image: charts, and artifacts with files (OCI image spec, "Image Manifest"). */
import { isDigest } from '../../core/image/reference.ts';
import type { ArtifactDescriptor, ArtifactManifest } from '../../engine/ports/artifacts.ts';
import { invalidAnswer, isRecord, type Operation } from './failure.ts';
import { parseObject } from './manifest.ts';

const maxLayers = 100;
const maxMediaTypeLength = 255;

/** @throws REGISTRY_ANSWER_INVALID for an index, and for what lacks config or layers */
export function parseArtifact(operation: Operation, body: Buffer): Omit<ArtifactManifest, 'digest'> {
  const manifest = parseObject(operation, body, 'manifest');
  const { config, layers, annotations } = manifest;
  if (Array.isArray(manifest['manifests'])) {
    throw invalidAnswer(operation, 'it is an index of several manifests, not one artifact');
  }
  if (!Array.isArray(layers) || layers.length > maxLayers) {
    throw invalidAnswer(operation, `the manifest has no list of at most ${maxLayers} layers`);
  }
  return {
    config: parseDescriptor(operation, config),
    layers: layers.map((layer: unknown) => parseDescriptor(operation, layer)),
    annotations: isRecord(annotations) ? textsOf(annotations) : {},
  };
}

function parseDescriptor(operation: Operation, value: unknown): ArtifactDescriptor {
  const { mediaType, digest, size } = isRecord(value) ? value : {};
  if (typeof mediaType !== 'string' || typeof digest !== 'string' || !isDigest(digest)) {
    throw invalidAnswer(operation, 'the manifest has config or layers without media type and digest');
  }
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) {
    throw invalidAnswer(operation, 'the manifest has config or layers without size');
  }
  return { mediaType: mediaType.slice(0, maxMediaTypeLength), digest, sizeBytes: size };
}

function textsOf(annotations: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(annotations).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}
