/**
 * What is attached to an image goes along with a copy of it: signatures and attestations below cosign's tags, and all that refers to its
 * digest. Nothing in it is believed here: whoever demands a signature verifies it.
 */
import { OperationError } from '../../core/errors.ts';
import { attachedTags } from '../../core/signature/attached-tags.ts';
import type { ArtifactPlace } from '../../engine/ports/artifacts.ts';
import type { AttachmentStore } from '../../engine/ports/attachments.ts';
import type { RegistryWriter } from '../../engine/ports/registry-writer.ts';
import { indexType } from './attachments.ts';
import { type CopiedManifest, copyImage, type ImageSink, type ImageSource } from './copy-image.ts';
import { isRecord } from './failure.ts';

export interface Attached {
  /** One that refers to the image has none. */
  readonly tag: string | undefined;
  readonly digest: string;
}

export interface CopiedAttached extends Attached {
  readonly manifest: CopiedManifest;
}

/** One that has more is made to have them. */
export const maxAttached = 100;

/** Of signatures and attestations; no other tag may come along as one of these. */
export function tagsToCopy(digest: string): readonly string[] {
  const { signatures, attestations } = attachedTags(digest);
  return [signatures, attestations];
}

/** @throws REGISTRY_ANSWER_INVALID for more than `maxAttached`; errors of the registry client */
export async function listAttached(
  registry: AttachmentStore,
  place: ArtifactPlace,
  digest: string,
  signal: AbortSignal,
): Promise<readonly Attached[]> {
  const tagged = await Promise.all(
    tagsToCopy(digest).map(async (tag) => {
      const manifest = await registry.readManifest(place, tag, signal);
      return manifest === undefined ? [] : [{ tag, digest: manifest.digest }];
    }),
  );
  const referrers = await registry.listReferrers(place, digest, signal);
  const all = [...tagged.flat(), ...referrers.map((one) => ({ tag: undefined, digest: one.digest }))];
  if (all.length > maxAttached) {
    throw new OperationError(
      `list what is attached to ${digest}: ${all.length} manifests, and ${maxAttached} are copied; remove signatures and attestations that nobody needs`,
      { code: 'REGISTRY_ANSWER_INVALID', retry: 'backoff' },
    );
  }
  // A list may name one thing twice; tags stay, since they are how it is found.
  return [...new Map(all.map((one) => [`${one.tag}@${one.digest}`, one])).values()];
}

/** Harmless to repeat. Throws as `copyImage`. */
export async function copyAttached(
  source: ImageSource,
  attached: readonly Attached[],
  sink: ImageSink,
  signal: AbortSignal,
): Promise<readonly CopiedAttached[]> {
  const copied: CopiedAttached[] = [];
  for (const one of attached) {
    copied.push({ ...one, manifest: await copyImage(source, one.digest, sink, signal) });
  }
  return copied;
}

/**
 * Makes copies findable: by their tags, and as referrers of the image also where a registry has no list of them, under the tag that the
 * spec has for that (OCI distribution spec, "Referrers Tag Schema").
 */
export async function nameAttached(
  registry: AttachmentStore & RegistryWriter,
  to: { readonly place: ArtifactPlace; readonly digest: string },
  copied: readonly CopiedAttached[],
  signal: AbortSignal,
): Promise<void> {
  const { place, digest } = to;
  for (const { tag, manifest } of copied) {
    if (tag !== undefined) {
      await registry.writeManifest(place, tag, manifest, signal);
    }
  }
  const referring = copied.filter(({ tag }) => tag === undefined);
  if (referring.length === 0) {
    return;
  }
  const known = new Set((await registry.listReferrers(place, digest, signal)).map((one) => one.digest));
  const missing = referring.filter((one) => !known.has(one.digest));
  if (missing.length > 0) {
    await addToIndex(registry, to, missing, signal);
  }
}

async function addToIndex(
  registry: AttachmentStore & RegistryWriter,
  { place, digest }: { readonly place: ArtifactPlace; readonly digest: string },
  missing: readonly CopiedAttached[],
  signal: AbortSignal,
): Promise<void> {
  const tag = attachedTags(digest).referrers;
  const before = await registry.readManifest(place, tag, signal);
  const manifests = [...(before === undefined ? [] : linesOf(before.body)), ...missing.map(lineOf)];
  const index = { schemaVersion: 2, mediaType: indexType, manifests };
  await registry.writeManifest(place, tag, { mediaType: indexType, body: Buffer.from(JSON.stringify(index)) }, signal);
}

/** Something else under this tag is no list, and is replaced by one. */
function linesOf(body: Buffer): readonly unknown[] {
  const { manifests } = recordOf(body);
  return Array.isArray(manifests) ? manifests : [];
}

function lineOf({ manifest }: CopiedAttached) {
  const { digest, mediaType, body } = manifest;
  const { artifactType, config, annotations } = recordOf(body);
  const type = artifactType ?? (isRecord(config) ? config['mediaType'] : undefined);
  return {
    ...{ mediaType, digest, size: body.length },
    ...(typeof type === 'string' && { artifactType: type }),
    ...(isRecord(annotations) && { annotations }),
  };
}

function recordOf(body: Buffer): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    return isRecord(value) ? value : {};
  } catch {
    return {};
  }
}
