/** When a version in a registry was made, as its maker says. */
import { createdInAnnotations, createdInConfig } from '../../core/image/created.ts';
import type { ArtifactPlace, ArtifactRegistry } from '../ports/artifacts.ts';
import type { ResolvedImage } from '../ports/registry.ts';

const maxConfigBytes = 4 * 1_024 * 1_024;
/** Of an index; those of one build are made within minutes. */
const maxPlatforms = 8;

/** The newest of its platforms: an index is as old as its youngest part. Undefined unless every one of them tells. */
export async function findImageCreated(
  artifacts: ArtifactRegistry,
  place: ArtifactPlace,
  image: ResolvedImage,
  signal: AbortSignal,
): Promise<Date | undefined> {
  const platforms = image.platforms.slice(0, maxPlatforms);
  const times = await Promise.all(
    platforms.map(async ({ digest }) => {
      const manifest = await artifacts.findArtifact(place, digest, signal);
      const wanted = manifest && { descriptor: manifest.config, maxBytes: maxConfigBytes };
      return wanted && createdInConfig(await artifacts.fetchBlob(place, wanted, signal));
    }),
  );
  const told = times.filter((time) => time !== undefined).map((time) => time.getTime());
  return told.length === 0 || told.length < times.length ? undefined : new Date(Math.max(...told));
}

export async function findArtifactCreated(
  artifacts: ArtifactRegistry,
  place: ArtifactPlace,
  digest: string,
  signal: AbortSignal,
): Promise<Date | undefined> {
  const manifest = await artifacts.findArtifact(place, digest, signal);
  return manifest && createdInAnnotations(manifest.annotations);
}
