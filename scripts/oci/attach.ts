/** Documents that belong to an image, as artifacts that refer to it (OCI image specification 1.1, `subject`). */
import { createHash } from 'node:crypto';
import type { Descriptor, Image } from './image.ts';
import { mediaTypes } from './image.ts';

export interface Attachment {
  /** For example `application/vnd.cyclonedx+json`. */
  readonly mediaType: string;
  readonly content: string;
}

const emptyType = 'application/vnd.oci.empty.v1+json';

/** An artifact with one layer, the document; `oras discover` and `cosign tree` find it from the image. */
export function makeAttachment({ mediaType, content }: Attachment, subject: Descriptor): Image {
  const [empty, document] = [blobOf(emptyType, '{}'), blobOf(mediaType, content)];
  const { platform: _, ...of } = subject;
  const manifest = blobOf(
    mediaTypes.manifest,
    JSON.stringify({
      schemaVersion: 2,
      mediaType: mediaTypes.manifest,
      artifactType: mediaType,
      config: empty.descriptor,
      layers: [document.descriptor],
      subject: of,
    }),
  );
  const blobs = [empty, document, manifest].map((one) => [one.descriptor.digest, one.content] as const);
  return { root: { ...manifest.descriptor, artifactType: mediaType }, blobs: new Map(blobs) };
}

function blobOf(mediaType: string, text: string): { readonly descriptor: Descriptor; readonly content: Uint8Array } {
  const content = Buffer.from(text);
  const digest = `sha256:${createHash('sha256').update(content).digest('hex')}`;
  return { descriptor: { mediaType, digest, size: content.length }, content };
}
