/** Manifests and indexes of images (OCI image spec; Docker image manifest version 2, schema 2). */
import { createHash } from 'node:crypto';
import { isDigest } from '../../core/image/reference.ts';
import type { ImagePlatform } from '../../engine/ports/registry.ts';
import type { Answer } from './answer.ts';
import { invalidAnswer, isRecord, type Operation } from './failure.ts';

/** What a kubelet pulls. Version 1 of Docker's schema is left out: containerd no longer reads it. */
export const manifestAccept = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ');

const imageConfigTypes: ReadonlySet<unknown> = new Set([
  'application/vnd.oci.image.config.v1+json',
  'application/vnd.docker.container.image.v1+json',
]);

export const maxManifestBytes = 4 * 1_024 * 1_024;
const maxPlatforms = 200;

export type Manifest =
  | { readonly kind: 'index'; readonly platforms: readonly ImagePlatform[] }
  /** `config` is undefined for what is no image: a chart, a signature. */
  | { readonly kind: 'image'; readonly config: string | undefined };

/** The digest that the registry names in the header, if it is one. */
export function digestOfHeader(answer: Answer): string | undefined {
  const header = answer.headers['docker-content-digest'];
  return typeof header === 'string' && isDigest(header) ? header : undefined;
}

/**
 * Checks the bytes against the digest asked for, or else against the one in the header.
 *
 * @returns the digest of the bytes
 * @throws REGISTRY_ANSWER_INVALID when they differ
 */
export function verifyDigest(operation: Operation, answer: Answer, expected: string | undefined): string {
  const named = expected ?? digestOfHeader(answer);
  const [algorithm = 'sha256'] = named?.split(':') ?? [];
  const actual = `${algorithm}:${createHash(algorithm).update(answer.body).digest('hex')}`;
  if (named !== undefined && named !== actual) {
    throw invalidAnswer(operation, `what came has digest ${actual}, not ${named}`);
  }
  return actual;
}

/** @throws REGISTRY_ANSWER_INVALID when the body is neither index nor manifest */
export function parseManifest(operation: Operation, body: Buffer): Manifest {
  const manifest = parseObject(operation, body, 'manifest');
  if (Array.isArray(manifest['manifests'])) {
    return { kind: 'index', platforms: parsePlatforms(operation, manifest['manifests']) };
  }
  const config = manifest['config'];
  if (!isRecord(config) || typeof config['digest'] !== 'string' || !isDigest(config['digest'])) {
    throw invalidAnswer(operation, 'what came is neither an index nor a manifest');
  }
  return { kind: 'image', config: imageConfigTypes.has(config['mediaType']) ? config['digest'] : undefined };
}

/** The platform in an image's configuration; `digest` is that of the manifest. */
export function parseConfig(operation: Operation, body: Buffer, digest: string): ImagePlatform {
  const platform = toPlatform(parseObject(operation, body, 'image configuration'), digest);
  if (platform === undefined) {
    throw invalidAnswer(operation, 'the image configuration has no os and architecture');
  }
  return platform;
}

/** Attestations stand in an index with platform unknown/unknown, and artifacts with none; no node runs them. */
function parsePlatforms(operation: Operation, descriptors: readonly unknown[]): readonly ImagePlatform[] {
  if (descriptors.length > maxPlatforms) {
    throw invalidAnswer(operation, `the index has more than ${maxPlatforms} manifests`);
  }
  const platforms: ImagePlatform[] = [];
  for (const descriptor of descriptors) {
    if (!isRecord(descriptor) || typeof descriptor['digest'] !== 'string' || !isDigest(descriptor['digest'])) {
      throw invalidAnswer(operation, 'the index has a manifest without digest');
    }
    const platform = isRecord(descriptor['platform'])
      ? toPlatform(descriptor['platform'], descriptor['digest'])
      : undefined;
    if (platform !== undefined && platform.os !== 'unknown') {
      platforms.push(platform);
    }
  }
  return platforms;
}

function toPlatform(fields: Readonly<Record<string, unknown>>, digest: string): ImagePlatform | undefined {
  const { os, architecture, variant } = fields;
  if (typeof os !== 'string' || typeof architecture !== 'string' || os === '' || architecture === '') {
    return undefined;
  }
  return { os, architecture, ...(typeof variant === 'string' && variant !== '' ? { variant } : {}), digest };
}

/** @throws REGISTRY_ANSWER_INVALID when the body is no JSON object */
export function parseObject(operation: Operation, body: Buffer, name: string): Readonly<Record<string, unknown>> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body.toString('utf8'));
  } catch {
    throw invalidAnswer(operation, `the ${name} is not JSON`);
  }
  if (!isRecord(parsed)) {
    throw invalidAnswer(operation, `the ${name} is not an object`);
  }
  return parsed;
}
