/** Images of a Release, with what is attached to them, put into a registry of one's own. */
import { type Attached, copyAttached, nameAttached } from '../../adapters/registry/copy-attached.ts';
import { copyImage, type ImageSource, imageSinkOf } from '../../adapters/registry/copy-image.ts';
import { parseChannelAddress } from '../../core/channel/address.ts';
import { OperationError } from '../../core/errors.ts';
import type { ArtifactPlace } from '../../engine/ports/artifacts.ts';
import { type CarriedImage, naming } from './carried-images.ts';
import type { StoresOnce } from './stores-once.ts';

export interface ImageTarget {
  readonly registry: StoresOnce['registry'];
  /** `oci://host/prefix`: images go below it under their path. */
  readonly images: string;
}

export interface ImageOrigin {
  readonly source: ImageSource;
  listAttached(image: CarriedImage): Promise<readonly Attached[]>;
}

/**
 * What is there already is not sent again.
 *
 * @returns where it is now
 * @throws USAGE for an address that is none; errors of origin and registry, with the name of the image
 */
export async function putImage(
  { registry, images }: ImageTarget,
  { source, listAttached }: ImageOrigin,
  image: CarriedImage,
  signal: AbortSignal,
): Promise<string> {
  const place = placeBelow(images, image);
  const sink = imageSinkOf(registry, place);
  await naming(image, async () => {
    const manifest = await copyImage(source, image.digest, sink, signal);
    if (image.tag !== undefined) {
      await registry.writeManifest(place, image.tag, manifest, signal);
    }
    const attached = await copyAttached(source, await listAttached(image), sink, signal);
    await nameAttached(registry, { place, digest: image.digest }, attached, signal);
  });
  return `${place.repository.registry}/${place.repository.path}@${image.digest}`;
}

/** Their path stays, so that nodes that are told a mirror for their registry find them. */
function placeBelow(address: string, { repository }: CarriedImage): ArtifactPlace {
  const target = parseChannelAddress(
    `${address.replace(/\?.*$/, '')}/${repository.path}${/\?.*$/.exec(address)?.[0] ?? ''}`,
    '--images',
  );
  if (target.kind !== 'Artifact') {
    throw new OperationError(`--images "${address}": write oci://host or oci://host/prefix`, {
      code: 'USAGE',
      retry: 'never',
    });
  }
  return { repository: target.repository, access: { insecure: target.insecure } };
}
