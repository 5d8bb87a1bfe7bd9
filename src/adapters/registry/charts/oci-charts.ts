/** Charts in a registry, as `helm push` puts them there (HIP 6). */
import { maxProvenanceBytes } from '../../../core/chart/provenance.ts';
import { formatRepository, type Repository } from '../../../core/image/reference.ts';
import type { ArtifactDescriptor, ArtifactManifest, ArtifactRegistry } from '../../../engine/ports/artifacts.ts';
import type { ChartVersion, FoundProvenance } from '../../../engine/ports/charts.ts';
import type { Registry, RegistryAccess } from '../../../engine/ports/registry.ts';
import { isRecord } from '../failure.ts';
import { chartInvalid } from './chart-failure.ts';
import { toEntry } from './index-entry.ts';
import { maxArchiveBytes } from './index-repositories.ts';

export interface OciPlace {
  readonly repository: Repository;
  readonly access: RegistryAccess;
}

export interface OciCharts {
  listVersions(place: OciPlace, signal: AbortSignal): Promise<readonly string[]>;
  findVersion(place: OciPlace, version: string, signal: AbortSignal): Promise<ChartVersion | undefined>;
  /** @param reference a version or the digest of a manifest */
  fetchArchive(place: OciPlace, reference: string, signal: AbortSignal): Promise<Buffer>;
  findProvenance(place: OciPlace, digest: string, signal: AbortSignal): Promise<FoundProvenance | undefined>;
}

type Details = Omit<ChartVersion, 'version' | 'digest'>;

const configType = 'application/vnd.cncf.helm.config.v1+json';
const archiveTypes: ReadonlySet<string> = new Set([
  'application/vnd.cncf.helm.chart.content.v1.tar+gzip',
  // Of Helm before 3.8.
  'application/tar+gzip',
]);
const provenanceType = 'application/vnd.cncf.helm.chart.provenance.v1.prov';
const maxConfigBytes = 2 ** 20;
const maxRemembered = 10_000;

export function createOciCharts(registry: Pick<Registry, 'listTags' | 'findDigest'> & ArtifactRegistry): OciCharts {
  /** By digest, so that it never changes. */
  const details = new Map<string, Details>();

  return {
    async listVersions({ repository, access }, signal) {
      const tags = await registry.listTags(repository, access, signal);
      return tags.map(versionOfTag);
    },
    async findVersion(place, version, signal) {
      const digest = await registry.findDigest(place.repository, tagOf(version), place.access, signal);
      if (digest === undefined) {
        return undefined;
      }
      const known = details.get(digest) ?? (await readDetails(registry, place, { digest, signal }));
      details.delete(digest);
      details.set(digest, known);
      const [oldest] = details.keys();
      if (details.size > maxRemembered && oldest !== undefined) {
        details.delete(oldest);
      }
      return { version, digest, ...known };
    },
    async findProvenance(place, digest, signal) {
      const manifest = await findManifest(registry, place, { reference: digest, signal });
      const descriptor = manifest.layers.find(({ mediaType }) => mediaType === provenanceType);
      if (descriptor === undefined) {
        return undefined;
      }
      const content = await registry.fetchBlob(place, { descriptor, maxBytes: maxProvenanceBytes }, signal);
      return { content, archiveDigest: archiveOf(place, digest, manifest).digest };
    },
    async fetchArchive(place, reference, signal) {
      const manifest = await findManifest(registry, place, { reference: tagOf(reference), signal });
      const descriptor = archiveOf(place, reference, manifest);
      return await registry.fetchBlob(place, { descriptor, maxBytes: maxArchiveBytes }, signal);
    },
  };
}

function archiveOf(place: OciPlace, reference: string, { layers }: ArtifactManifest): ArtifactDescriptor {
  const descriptor = layers.find(({ mediaType }) => archiveTypes.has(mediaType));
  if (descriptor === undefined) {
    throw notChart(place, reference, 'it has no layer with a chart');
  }
  return descriptor;
}

/** A tag cannot have `+`, so Helm writes `_` for it. */
function tagOf(version: string): string {
  return version.replaceAll('+', '_');
}

function versionOfTag(tag: string): string {
  return tag.replaceAll('_', '+');
}

async function readDetails(
  registry: ArtifactRegistry,
  place: OciPlace,
  { digest, signal }: { readonly digest: string; readonly signal: AbortSignal },
): Promise<Details> {
  const manifest = await findManifest(registry, place, { reference: digest, signal });
  const config = await registry.fetchBlob(place, { descriptor: manifest.config, maxBytes: maxConfigBytes }, signal);
  const entry = toEntry(parseConfig(config));
  if (entry === undefined) {
    throw notChart(place, digest, 'its Chart.yaml has no version');
  }
  const { appVersion, kubeVersion, deprecated } = entry;
  const created = manifest.annotations['org.opencontainers.image.created'];
  return {
    ...(appVersion !== undefined && { appVersion }),
    ...(kubeVersion !== undefined && { kubeVersion }),
    ...(created !== undefined && { created }),
    deprecated,
  };
}

function parseConfig(config: Buffer): unknown {
  try {
    const parsed: unknown = JSON.parse(config.toString('utf8'));
    return isRecord(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

async function findManifest(
  registry: ArtifactRegistry,
  place: OciPlace,
  { reference, signal }: { readonly reference: string; readonly signal: AbortSignal },
): Promise<ArtifactManifest> {
  const manifest = await registry.findArtifact(place, reference, signal);
  if (manifest === undefined) {
    throw notChart(place, reference, 'the registry has it no more');
  }
  if (manifest.config.mediaType !== configType) {
    throw notChart(place, reference, `it is no Helm chart but ${manifest.config.mediaType}`);
  }
  return manifest;
}

function notChart({ repository }: OciPlace, reference: string, found: string) {
  const name = formatRepository(repository);
  return chartInvalid(`read chart ${name} ${reference}`, name, found);
}
