/** `headgate plan`: what the next Update of an App would change. */
import { createDirectRecords } from '../../adapters/cluster/records.ts';
import { OperationError } from '../../core/errors.ts';
import type { SourceVersion } from '../../core/manifest/app-record.ts';
import { type Preview, preview } from '../../engine/deploy/manifests/preview.ts';
import { createKubeClient } from '../../kube/client.ts';
import { systemClock } from '../../kube/clock.ts';
import { createDiscovery } from '../../kube/discovery.ts';
import { type AppObjectWire, decodeAppSpec } from '../../resources/app/decode-app.ts';
import { type ConnectionOptions, loadConnection, searchPath } from '../config.ts';
import { createManifestsContext } from '../deploy/manifests.ts';
import { openSourcesOnce } from '../sources/source-clients.ts';

export interface PlanSettings extends ConnectionOptions {
  /** That of the context when undefined. */
  readonly namespace: string | undefined;
  readonly app: string;
  readonly sourceFolder: string | undefined;
}

/**
 * Builds the objects of the newest versions that the App's status tells of, and has the API server try them.
 *
 * @throws USAGE when there is no such App or it is of another kind; what would make the Update fail before it starts
 */
export async function planApp(settings: PlanSettings, signal: AbortSignal): Promise<Preview> {
  const config = await loadConnection(settings);
  const client = createKubeClient(config);
  const { sources, close } = openSourcesOnce(client, systemClock);
  try {
    const namespace = settings.namespace ?? config.namespace;
    const app = await createDirectRecords(client, systemClock).readApp(namespace, settings.app, signal);
    if (app === undefined) {
      throw new OperationError(`plan App ${namespace}/${settings.app}: there is no such App`, {
        code: 'USAGE',
        retry: 'never',
      });
    }
    const { context, folders } = createManifestsContext({
      client,
      clock: systemClock,
      discovery: createDiscovery({ client }),
      sources,
      settings: { sourceFolder: settings.sourceFolder, searchPath: searchPath() },
    });
    const spec = decodeAppSpec(app);
    const folderVersions = new Map<string, string>();
    for (const source of spec.sources) {
      if (source.kind === 'Folder') {
        folderVersions.set(source.name, (await folders.readTree(source.path, signal)).digest);
      }
    }
    const { uid } = app.metadata;
    return await preview(
      context,
      { app: { namespace, name: settings.app, uid }, spec, versions: versionsOf(app, folderVersions) },
      signal,
    );
  } finally {
    await close();
    await client.close();
  }
}

function versionsOf({ spec, status }: AppObjectWire, folders: ReadonlyMap<string, string>): readonly SourceVersion[] {
  return spec.sources.map(({ name }) => {
    const digest = folders.get(name);
    const told = status?.sources?.find((source) => source.name === name);
    return digest === undefined ? { source: name, ...(told?.available ?? told?.current) } : { source: name, digest };
  });
}
