/** Puts signatures into a registry in either layout, beside what cosign pushes itself. */
import { createHash } from 'node:crypto';
import { type Image, mediaTypes } from '../../scripts/oci/image.ts';
import { pushImage } from '../../scripts/oci/push.ts';
import type { SignatureLayer } from './signatures.ts';

export interface SignedImage {
  readonly host: string;
  readonly repository: string;
  readonly digest: string;
}

const bundleType = 'application/vnd.dev.sigstore.bundle.v0.3+json';

/** An image with nothing but its name in it; its digest. */
export async function pushTinyImage(host: string, repository: string, tag: string): Promise<string> {
  const config = { architecture: 'amd64', os: 'linux', config: { Labels: { repository, tag } } };
  const image = imageOf({ mediaType: mediaTypes.config, content: asJson(config) }, []);
  return await pushImage(image, { host, repository, tag, insecure: true });
}

/** Under the tag of cosign's first layout. */
export async function pushLayers(
  { host, repository, digest }: SignedImage,
  layers: readonly SignatureLayer[],
  kind: 'sig' | 'att' = 'sig',
) {
  const mediaType =
    kind === 'sig' ? 'application/vnd.dev.cosign.simplesigning.v1+json' : 'application/vnd.dsse.envelope.v1+json';
  const image = imageOf(
    {
      mediaType: mediaTypes.config,
      content: asJson({ architecture: '', os: '', rootfs: { type: 'layers', diff_ids: [] } }),
    },
    layers.map(({ blob, annotations }) => ({ mediaType, content: blob, annotations })),
  );
  await pushImage(image, { host, repository, tag: `${digest.replace(':', '-')}.${kind}`, insecure: true });
}

/** As referrers; the index for registries without the API is written too, and names all of them. */
export async function pushBundles(
  { host, repository, digest }: SignedImage,
  bundles: readonly object[],
): Promise<void> {
  const subject = { mediaType: mediaTypes.manifest, digest, size: 1 };
  const images = bundles.map((bundle) =>
    imageOf(
      { mediaType: 'application/vnd.oci.empty.v1+json', content: Buffer.from('{}') },
      [{ mediaType: bundleType, content: asJson(bundle) }],
      { artifactType: bundleType, subject },
    ),
  );
  const manifests = images.map(({ root }) => ({ ...root, artifactType: bundleType }));
  const index = asJson({ schemaVersion: 2, mediaType: mediaTypes.index, manifests });
  const root = { mediaType: mediaTypes.index, digest: digestOf(index), size: index.length };
  const blobs = new Map([...images.flatMap((image) => [...image.blobs]), [root.digest, index] as const]);
  await pushImage({ root, blobs }, { host, repository, tag: digest.replace(':', '-'), insecure: true });
}

interface Part {
  readonly mediaType: string;
  readonly content: Buffer;
  readonly annotations?: Readonly<Record<string, string>>;
}

function imageOf(config: Part, layers: readonly Part[], extra: object = {}): Image {
  const manifest = asJson({
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config: describe(config),
    layers: layers.map(describe),
    ...extra,
  });
  const root = { mediaType: mediaTypes.manifest, digest: digestOf(manifest), size: manifest.length };
  const parts = [...layers, config].map(({ content }) => [digestOf(content), content] as const);
  return { root, blobs: new Map([...parts, [root.digest, manifest]]) };
}

function describe({ mediaType, content, annotations }: Part): object {
  return { mediaType, digest: digestOf(content), size: content.length, ...(annotations ? { annotations } : {}) };
}

function asJson(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}

function digestOf(content: Buffer): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}
