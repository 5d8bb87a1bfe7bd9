/** `headgate apply --waybills`: applies the Waybills of a cluster from a repository on this machine, as utilitywarehouse/kube-applier does. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { ClusterAppObjects } from '../../adapters/cluster/app-objects.ts';
import { type Watched, watch } from '../../adapters/cluster/watched.ts';
import { createWaybills, waybills } from '../../adapters/cluster/waybills.ts';
import { openCheckedOutRepository } from '../../adapters/git/checked-out-repository.ts';
import { createFolders } from '../../adapters/manifests/folders.ts';
import { createManifestRenderer } from '../../adapters/manifests/renderer.ts';
import { describeError, type OperationError } from '../../core/errors.ts';
import type { Waybill } from '../../core/kube-applier/waybill.ts';
import { createKubeClient, type KubeClient } from '../../kube/client.ts';
import { systemClock } from '../../kube/clock.ts';
import { createDiscovery } from '../../kube/discovery.ts';
import { decodeWaybill } from '../../resources/waybill.ts';
import { createWaybillServer } from '../../server/waybill-page.ts';
import { createLogger, type Logger } from '../../telemetry/log.ts';
import { createWaybillMetrics } from '../../telemetry/waybill-metrics.ts';
import { type ConnectionOptions, gitEnvironment, loadConnection, searchPath } from '../config.ts';
import type { ApplierSettings } from './applier-settings.ts';
import { WaybillLoop } from './waybill-loop.ts';

/**
 * Runs until the signal is aborted.
 *
 * @throws CONFIG_INVALID
 */
export async function runWaybills(
  settings: ApplierSettings,
  connection: ConnectionOptions,
  signal: AbortSignal,
): Promise<void> {
  const log = createLogger(settings.logLevel);
  const config = await loadConnection(connection);
  const client = createKubeClient(config);
  const privateFolder = await mkdtemp(join(tmpdir(), 'headgate-git-'));
  const registry = new Registry();
  const watched = watchWaybills(client, log, signal);
  const discovery = createDiscovery({ client });
  const loop = new WaybillLoop({
    waybills: createWaybills({ client, config, discovery, clock: systemClock, watched }),
    folders: createFolders({ root: settings.repositoryPath }),
    renderer: createManifestRenderer({ kubectl: 'kubectl', sops: 'sops', path: searchPath() }),
    objects: new ClusterAppObjects(client, waybills),
    repository: openCheckedOutRepository({ privateFolder, environment: gitEnvironment() }, settings.repositoryPath),
    pollIntervalMs: settings.pollIntervalMs,
    clock: systemClock,
    log,
    metrics: createWaybillMetrics(registry),
  });
  const server = createWaybillServer({
    list: () => loop.list(),
    force: (namespace) => loop.force(namespace),
    registry,
  });
  try {
    if (settings.listenPort !== undefined) {
      log.info('listening', { address: await server.listen({ host: '0.0.0.0', port: settings.listenPort }) });
    }
    await watched.synced.catch((error: unknown) => {
      if (!signal.aborted) {
        throw error;
      }
    });
    await loop.run(signal);
  } finally {
    await server.close();
    await client.close();
    await rm(privateFolder, { recursive: true, force: true });
  }
}

function watchWaybills(client: KubeClient, log: Logger, signal: AbortSignal): Watched<Waybill> {
  const onError = (error: OperationError) =>
    log.warn('watch was interrupted and is taken up again', { code: error.code, error: describeError(error) });
  return watch<Waybill>({
    client,
    type: waybills,
    namespaces: [],
    decode: (object) => decodeWaybill(object, `Waybill ${object.metadata.namespace}/${object.metadata.name}`),
    onChange: () => undefined,
    onError,
    onProblem: (problem) => log.error('object cannot be read and is left out', { error: problem.message }),
    signal,
  });
}
