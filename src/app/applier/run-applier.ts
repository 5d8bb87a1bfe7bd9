/** `headgate apply`: keeps a cluster as a repository on this machine says, as box/kube-applier does. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createObjectAccess } from '../../adapters/cluster/objects.ts';
import { openCheckedOutRepository } from '../../adapters/git/checked-out-repository.ts';
import type { ApplierRun } from '../../core/kube-applier/applier-run.ts';
import { Applier, listFilesToApply } from '../../engine/kube-applier/applier.ts';
import type { ManifestRepository } from '../../engine/ports/manifest-repository.ts';
import { createKubeClient, type KubeClient } from '../../kube/client.ts';
import { systemClock } from '../../kube/clock.ts';
import { createDiscovery } from '../../kube/discovery.ts';
import { createApplierServer } from '../../server/applier-page.ts';
import { createApplierMetrics } from '../../telemetry/applier-metrics.ts';
import { createLogger } from '../../telemetry/log.ts';
import { type ConnectionOptions, gitEnvironment, loadConnection } from '../config.ts';
import { ApplierLoop } from './applier-loop.ts';
import type { ApplierSettings } from './applier-settings.ts';

/**
 * The files that a full run would apply, relative to the repository. Asks no cluster.
 *
 * @throws FILE_UNUSABLE, GIT_UNUSABLE
 */
export async function listApplierFiles(settings: ApplierSettings, signal: AbortSignal): Promise<readonly string[]> {
  return await withRepository(settings, async (repository) => {
    return (await listFilesToApply({ ...settings, repository }, signal)).files;
  });
}

/**
 * One full run.
 *
 * @throws errors of git, of the lists, and of an API server that cannot be asked at all
 */
export async function applyOnce(
  settings: ApplierSettings,
  connection: ConnectionOptions,
  signal: AbortSignal,
): Promise<ApplierRun | undefined> {
  return await withApplier(settings, connection, async (applier) => await applier.run(signal));
}

/** Runs until the signal is aborted: at once, at each new commit, at each interval, and when asked. */
export async function runApplier(
  settings: ApplierSettings,
  connection: ConnectionOptions,
  signal: AbortSignal,
): Promise<void> {
  const log = createLogger(settings.logLevel);
  const metrics = createApplierMetrics({ processMetrics: true });
  await withApplier(settings, connection, async (applier) => {
    const loop = new ApplierLoop({ applier, settings, clock: systemClock, log, metrics });
    const server = createApplierServer({ ...loop.view, diffUrlFormat: settings.diffUrlFormat, metrics });
    try {
      if (settings.listenPort !== undefined) {
        log.info('listening', { address: await server.listen({ host: '0.0.0.0', port: settings.listenPort }) });
      }
      await loop.run(signal);
    } finally {
      await server.close();
    }
  });
}

async function withRepository<T>(
  settings: ApplierSettings,
  use: (repository: ManifestRepository) => Promise<T>,
): Promise<T> {
  const privateFolder = await mkdtemp(join(tmpdir(), 'headgate-git-'));
  try {
    const program = { privateFolder, environment: gitEnvironment() };
    return await use(openCheckedOutRepository(program, settings.repositoryPath));
  } finally {
    await rm(privateFolder, { recursive: true, force: true });
  }
}

async function withApplier<T>(
  settings: ApplierSettings,
  connection: ConnectionOptions,
  use: (applier: Applier) => Promise<T>,
): Promise<T> {
  const config = await loadConnection(connection);
  const client: KubeClient = createKubeClient(config);
  try {
    return await withRepository(settings, async (repository) => {
      const access = createObjectAccess({ client, discovery: createDiscovery({ client }), clock: systemClock });
      return await use(
        new Applier({
          ...settings,
          repository,
          cluster: access.actingAs(undefined),
          defaultNamespace: config.namespace ?? 'default',
          clock: systemClock,
        }),
      );
    });
  } finally {
    await client.close();
  }
}
