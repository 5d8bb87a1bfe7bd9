/** The Charts port: repositories with an index.yaml, and charts in registries. */
import { maxProvenanceBytes } from '../../../core/chart/provenance.ts';
import { isOperationError } from '../../../core/errors.ts';
import { parseRepository, type Repository } from '../../../core/image/reference.ts';
import type { ArtifactRegistry } from '../../../engine/ports/artifacts.ts';
import type { ChartPlace, Charts, ChartVersion, FoundProvenance } from '../../../engine/ports/charts.ts';
import type { Clock } from '../../../engine/ports/clock.ts';
import type { Registry } from '../../../engine/ports/registry.ts';
import type { PlaceGuard } from '../../../network/place-guard.ts';
import type { ProxySettings } from '../../../network/proxy.ts';
import { createHostGate } from '../host-gate.ts';
import { createTransport } from '../transport.ts';
import { chartInvalid } from './chart-failure.ts';
import type { IndexEntry } from './index-entry.ts';
import {
  createIndexRepositories,
  digestOf,
  type IndexPlace,
  type IndexRepositories,
  maxArchiveBytes,
} from './index-repositories.ts';
import { createOciCharts, type OciCharts } from './oci-charts.ts';
import { defaultIndexBounds, type ReadIndexBounds } from './read-index.ts';

export interface ChartClientOptions {
  readonly registry: Pick<Registry, 'listTags' | 'findDigest'> & ArtifactRegistry;
  readonly clock: Clock;
  /** For one request, an index or an archive. Default 120 s. */
  readonly timeoutMs?: number;
  readonly userAgent?: string;
  readonly proxy?: ProxySettings | undefined;
  /** Where nothing is ever sent. */
  readonly guard?: PlaceGuard | undefined;
  /** How long an index is good for all who ask at nearly the same time. Default 4 s. */
  readonly maxAgeMs?: number;
  readonly bounds?: ReadIndexBounds;
}

/** One for the process: it keeps connections and what it read of indexes. */
export interface ChartClient extends Charts {
  /** What is asked of the repository with this URL from now on is not answered from before. */
  forget(url: string): void;
  close(): Promise<void>;
}

interface Client {
  readonly indexes: IndexRepositories;
  readonly oci: OciCharts;
  /** Of archives whose index tells none; by URL, version and time of making. */
  readonly digests: Map<string, string>;
}

const maxRemembered = 5_000;

export function createChartClient(options: ChartClientOptions): ChartClient {
  const { clock, timeoutMs = 120_000, userAgent = 'headgate', maxAgeMs = 4_000, bounds = defaultIndexBounds } = options;
  const transport = createTransport({ timeoutMs, userAgent, proxy: options.proxy, guard: options.guard });
  const gate = createHostGate({ clock, limits: {} });
  const client: Client = {
    indexes: createIndexRepositories({ transport, gate, clock, maxAgeMs, bounds }),
    oci: createOciCharts(options.registry),
    digests: new Map(),
  };

  return {
    async listVersions({ location, access }, signal) {
      if (location.kind === 'Oci') {
        return await client.oci.listVersions({ repository: location.repository, access }, signal);
      }
      const entries = await client.indexes.findEntries({ location, access }, signal);
      return [...new Set(entries.map(({ version }) => version))];
    },
    async findVersion({ location, access }, version, signal) {
      return location.kind === 'Oci'
        ? await client.oci.findVersion({ repository: location.repository, access }, version, signal)
        : await findInIndex(client, { location, access }, { version, signal });
    },
    findProvenance: (place, version, signal) => findProvenance(client, place, { ...version, signal }),
    fetchArchive: (place, version, signal) => fetchArchive(client, place, { ...version, signal }),
    forget: (url) => client.indexes.forget(url),
    close: () => transport.close(),
  };
}

interface Wanted {
  readonly version: string;
  readonly signal: AbortSignal;
}

async function findInIndex(client: Client, place: IndexPlace, wanted: Wanted): Promise<ChartVersion | undefined> {
  const entries = await client.indexes.findEntries(place, wanted.signal);
  const entry = entries.find(({ version }) => version === wanted.version);
  if (entry === undefined) {
    return undefined;
  }
  const { version, appVersion, kubeVersion, created, deprecated } = entry;
  return {
    version,
    digest: entry.digest ?? (await digestByArchive(client, place, { entry, signal: wanted.signal })),
    ...(appVersion !== undefined && { appVersion }),
    ...(kubeVersion !== undefined && { kubeVersion }),
    ...(created !== undefined && { created }),
    deprecated,
  };
}

/** Some repositories tell no digest; then only the archive does, which is fetched once. */
async function digestByArchive(
  client: Client,
  place: IndexPlace,
  { entry, signal }: { readonly entry: IndexEntry; readonly signal: AbortSignal },
): Promise<string> {
  const key = JSON.stringify([place.location.url, place.location.chart, entry.url, entry.version, entry.created]);
  const known = client.digests.get(key);
  if (known !== undefined) {
    return known;
  }
  const digest = digestOf(await fetchEntry(client, place, { entry, signal }));
  client.digests.set(key, digest);
  const [oldest] = client.digests.keys();
  if (client.digests.size > maxRemembered && oldest !== undefined) {
    client.digests.delete(oldest);
  }
  return digest;
}

async function fetchArchive(
  client: Client,
  { location, access }: ChartPlace,
  { version, digest, signal }: Wanted & { readonly digest: string },
): Promise<Buffer> {
  if (location.kind === 'Oci') {
    // The manifest is asked for by its digest, and names the digest of the layer.
    return await client.oci.fetchArchive({ repository: location.repository, access }, digest, signal);
  }
  const place = { location, access };
  const what = `fetch chart ${location.chart} ${version} of ${location.url}`;
  const entry = await entryOf(client, place, { version, signal });
  const archive = await fetchEntry(client, place, { entry, signal });
  const actual = digestOf(archive);
  if (actual !== digest) {
    throw chartInvalid(what, location.url, `what came has digest ${actual}, not ${digest}`);
  }
  return archive;
}

/** Beside the archive, with `.prov` behind its name (Helm, "Helm Provenance and Integrity"). */
async function findProvenance(
  client: Client,
  { location, access }: ChartPlace,
  { version, digest, signal }: Wanted & { readonly digest: string },
): Promise<FoundProvenance | undefined> {
  if (location.kind === 'Oci') {
    return await client.oci.findProvenance({ repository: location.repository, access }, digest, signal);
  }
  const place = { location, access };
  const entry = await entryOf(client, place, { version, signal });
  const url = urlOf(place, entry);
  if (url.protocol === 'oci:') {
    return undefined;
  }
  url.pathname += '.prov';
  try {
    const content = await client.indexes.fetchFile(place, { url, maxBytes: maxProvenanceBytes }, signal);
    return { content, archiveDigest: digest };
  } catch (error) {
    if (isOperationError(error, 'REGISTRY_NOT_FOUND')) {
      return undefined;
    }
    throw error;
  }
}

async function entryOf(client: Client, place: IndexPlace, { version, signal }: Wanted): Promise<IndexEntry> {
  const entries = await client.indexes.findEntries(place, signal);
  const entry = entries.find((one) => one.version === version);
  if (entry === undefined) {
    const { chart, url } = place.location;
    throw chartInvalid(`fetch chart ${chart} ${version} of ${url}`, url, 'the index has this version no more');
  }
  return entry;
}

/** Where the archive is, without credentials. */
function urlOf({ location }: IndexPlace, entry: IndexEntry): URL {
  const url = entry.url === undefined ? null : URL.parse(entry.url, location.url);
  const isAllowed =
    url !== null &&
    (['oci:', 'https:'].includes(url.protocol) || (url.protocol === 'http:' && location.url.startsWith('http:')));
  if (!isAllowed) {
    const what = `fetch chart ${location.chart} ${entry.version} of ${location.url}`;
    throw chartInvalid(what, location.url, 'the index names no https address for it');
  }
  url.username = '';
  url.password = '';
  return url;
}

async function fetchEntry(
  client: Client,
  place: IndexPlace,
  { entry, signal }: { readonly entry: IndexEntry; readonly signal: AbortSignal },
): Promise<Buffer> {
  const { location } = place;
  const what = `fetch chart ${location.chart} ${entry.version} of ${location.url}`;
  const url = urlOf(place, entry);
  if (url.protocol === 'oci:') {
    return await fetchLinked(client, { what, url, repositoryUrl: location.url }, signal);
  }
  return await client.indexes.fetchFile(place, { url, maxBytes: maxArchiveBytes }, signal);
}

/** Indexes of repositories that moved into a registry lead there, as Bitnami's does; no credential goes along. */
async function fetchLinked(
  client: Client,
  { what, url, repositoryUrl }: { readonly what: string; readonly url: URL; readonly repositoryUrl: string },
  signal: AbortSignal,
): Promise<Buffer> {
  const [, path = '', version] = /^(.*):([^:/]+)$/.exec(url.pathname) ?? [];
  const repository = repositoryOf(`${url.host}${path}`);
  if (version === undefined || repository === undefined) {
    const shown = url.href.slice(0, 128);
    throw chartInvalid(what, repositoryUrl, `the index leads to ${shown}, which is no chart in a registry`);
  }
  return await client.oci.fetchArchive({ repository, access: { insecure: false } }, version, signal);
}

function repositoryOf(name: string): Repository | undefined {
  try {
    return parseRepository(name);
  } catch (error) {
    if (isOperationError(error, 'REFERENCE_INVALID')) {
      return undefined;
    }
    throw error;
  }
}
