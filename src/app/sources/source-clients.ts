/** What asks the places where sources are that are no images: chart repositories and git servers. */
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createArtifacts } from '../../adapters/artifact/artifacts.ts';
import { createClusterVersion } from '../../adapters/cluster/cluster-version.ts';
import { ClusterRegistryAccesses } from '../../adapters/cluster/registry-accesses.ts';
import { ClusterSourceAccesses } from '../../adapters/cluster/source-accesses.ts';
import { createGitRepositories, type ForgetfulGit } from '../../adapters/git/git-repositories.ts';
import { type ChartClient, createChartClient } from '../../adapters/registry/charts/charts.ts';
import { createRegistryClient } from '../../adapters/registry/client.ts';
import { readPullSecrets } from '../../adapters/registry/credentials.ts';
import type { ArtifactRegistry, Artifacts } from '../../engine/ports/artifacts.ts';
import type { Registry } from '../../engine/ports/registry.ts';
import type { SourceAccesses } from '../../engine/ports/source-accesses.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { Clock } from '../../kube/clock.ts';
import { guardWithoutCluster, type PlaceGuard } from '../../network/place-guard.ts';
import { gitEnvironment, proxyEnvironment } from '../config.ts';
import { readRegistrySetup } from './registry-setup.ts';

export interface SourceClients {
  readonly charts: ChartClient;
  readonly git: ForgetfulGit;
  readonly artifacts: Artifacts;
  readonly sourceAccesses: SourceAccesses;
  readonly clusterVersion: (signal: AbortSignal) => Promise<string>;
}

export interface SourceClientsOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  /** Shared by all Apps, for what changes. */
  readonly shared: Pick<Registry, 'listTags' | 'findDigest'>;
  /** For what never does. */
  readonly registry: ArtifactRegistry;
  readonly random: () => number;
  /** Where nothing is ever sent, whoever names it. */
  readonly guard: PlaceGuard;
  /** Git repositories of this machine below this folder may be read. */
  readonly manifests?: { readonly sourceFolder: string | undefined };
  /** For the one pass of a person, who may read them anyway: any of them, where no folder is named. Default: none. */
  readonly checkAtOnce?: boolean;
  /** Ends everything, and takes away what was fetched. */
  readonly signal: AbortSignal;
}

export function openSourceClients(options: SourceClientsOptions): SourceClients {
  const { client, clock, shared, registry, guard, signal } = options;
  const charts = createChartClient({
    registry: {
      listTags: shared.listTags,
      findDigest: shared.findDigest,
      findArtifact: registry.findArtifact,
      fetchBlob: registry.fetchBlob,
    },
    clock,
    proxy: proxyEnvironment(),
    guard,
  });
  const folder = join(tmpdir(), `headgate-${process.pid}-${options.random().toString(36).slice(2)}`);
  const git = createGitRepositories({
    program: { privateFolder: folder, environment: gitEnvironment(), guard },
    cacheFolder: join(folder, 'fetched'),
    // Together within the volume that the chart mounts at /tmp.
    maxRepositories: 40,
    maxRepositoryBytes: 100 * 2 ** 20,
    filesBelow: options.manifests?.sourceFolder ?? (options.checkAtOnce ? '/' : undefined),
    clock,
    signal,
  });
  const close = async () => {
    await charts.close();
    await rm(folder, { recursive: true, force: true });
  };
  signal.addEventListener('abort', () => void close().catch(() => undefined), { once: true });
  return {
    charts,
    git,
    artifacts: createArtifacts({ registry }),
    sourceAccesses: new ClusterSourceAccesses(client),
    clusterVersion: createClusterVersion(client, clock),
  };
}

/** For a command that ends soon: nothing is shared with others. */
export function openSourcesOnce(client: KubeClient, clock: Clock) {
  const registry = createRegistryClient(readRegistrySetup({}, { clock, dockerConfig: 'OfUser' }).client);
  const accesses = new ClusterRegistryAccesses({ client, clock, readCredentials: readPullSecrets });
  const end = new AbortController();
  const guard = guardWithoutCluster();
  const options = { client, clock, shared: registry, registry, random: Math.random, guard, signal: end.signal };
  const close = async () => {
    end.abort(new Error('the command has ended'));
    await registry.close();
  };
  return { sources: { ...openSourceClients(options), accesses }, close };
}
