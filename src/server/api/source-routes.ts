/** Where versions come from: sources with the Apps that follow them, and what is left of the budgets of registries. */
import type { FastifyRequest } from 'fastify';
import Type from 'typebox';
import { registryRepositoriesOf } from '../../resources/app/app-topics.ts';
import type { AppObjectWire } from '../../resources/app/decode-app.ts';
import type { HostState, RepositoryState } from '../../telemetry/registry-metrics.ts';
import { type ApiContext, type ApiRoutes, backendOf, callerOf } from './api-context.ts';
import { HostSchema, type SourceState, SourceStateSchema } from './schemas.ts';
import { placeOf } from './views.ts';

export function addSourceRoutes(routes: ApiRoutes, context: ApiContext): void {
  routes.get(
    '/sources',
    {
      schema: {
        tags: ['Sources'],
        summary: 'Where the versions of the Apps that you may list come from.',
        response: { 200: Type.Object({ items: Type.Array(SourceStateSchema) }) },
      },
    },
    async (request) => {
      const apps = await visibleApps(context, request);
      return { items: sourcesOf(apps, backendOf(context).repositories()) };
    },
  );
  routes.get(
    '/registries',
    {
      schema: {
        tags: ['Sources'],
        summary: 'Registries of the Apps that you may list: what is under way, and what is left of their budgets.',
        response: { 200: Type.Object({ items: Type.Array(HostSchema) }) },
      },
    },
    async (request) => {
      const apps = await visibleApps(context, request);
      const hosts = new Set(apps.flatMap(registryRepositoriesOf).map(({ registry }) => registry));
      const states = backendOf(context).registryHosts();
      return { items: states.filter(({ host }) => hosts.has(host)).map(showHost) };
    },
  );
}

async function visibleApps(
  context: ApiContext,
  request: Pick<FastifyRequest, 'caller'>,
): Promise<readonly AppObjectWire[]> {
  const apps = backendOf(context).listApps();
  const namespaces = apps.map(({ metadata }) => metadata.namespace);
  const isAllowed = await context.rights.namespacesWith(
    callerOf(request),
    { verb: 'list', resource: 'apps' },
    namespaces,
  );
  return apps.filter(({ metadata }) => isAllowed(metadata.namespace));
}

function sourcesOf(apps: readonly AppObjectWire[], repositories: readonly RepositoryState[]): SourceState[] {
  const states = new Map(repositories.map((state) => [state.repository, state]));
  const sources = new Map<string, SourceState>();
  for (const { metadata, spec } of apps) {
    for (const source of spec.sources) {
      const { kind, location } = placeOf(source);
      const known = sources.get(`${kind} ${location}`) ?? {
        repository: location,
        kind,
        apps: [],
        ...stateOf(states.get(location.replace(/^oci:\/\//, ''))),
      };
      known.apps.push({ namespace: metadata.namespace, name: metadata.name, source: source.name });
      sources.set(`${kind} ${location}`, known);
    }
  }
  return [...sources.values()].toSorted((left, right) => left.repository.localeCompare(right.repository));
}

function stateOf(state: RepositoryState | undefined): Pick<SourceState, 'answeredAt' | 'error'> {
  return {
    ...(state?.answeredAtMs !== undefined && { answeredAt: new Date(state.answeredAtMs).toISOString() }),
    ...(state?.error !== undefined && { error: state.error }),
  };
}

function showHost({ host, inFlight, waiting, silentUntilMs, budgets }: HostState) {
  return {
    host,
    inFlight,
    waiting,
    ...(silentUntilMs !== undefined && { silentUntil: new Date(silentUntilMs).toISOString() }),
    budgets: budgets.map(({ counts, limit, used, resetsAtMs }) => ({
      counts,
      limit,
      used,
      ...(resetsAtMs !== undefined && { resetsAt: new Date(resetsAtMs).toISOString() }),
    })),
  };
}
