/** The watched copies of the runtime, as the API reads them. */
import { type ExplainContext, explainSources } from '../engine/check/explain-sources.ts';
import type { Records } from '../engine/ports/records.ts';
import type { ApiBackend } from '../server/api/backend.ts';
import type { Caches } from './caches.ts';

export interface BackendParts {
  readonly caches: Caches;
  readonly context: ExplainContext & { readonly records: Records };
  readonly registryHosts: ApiBackend['registryHosts'];
  readonly repositories: ApiBackend['repositories'];
}

export function createApiBackend({ caches, context, registryHosts, repositories }: BackendParts): ApiBackend {
  const { records } = context;
  return {
    listApps: caches.apps.listAll,
    findApp: records.findApp,
    listUpdates: caches.updates.listAll,
    updatesOf: records.listUpdates,
    findUpdate: records.findUpdate,
    listRejections: caches.rejections.listAll,
    findWorkload: ({ kind, namespace, name }) => caches.workloads[kind].find(namespace, name),
    registryHosts,
    repositories,
    candidatesOf: (app, signal) => explainSources(context, app, signal),
  };
}
