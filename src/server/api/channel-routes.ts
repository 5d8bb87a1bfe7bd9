/** Channels and Releases of a hub, and Subscriptions of a cluster. */
import Type from 'typebox';
import type { ChannelKey } from '../../engine/ports/outcome-reports.ts';
import {
  type ApiContext,
  type ApiRoutes,
  backendOf,
  callerOf,
  NamespaceParameter,
  ObjectParameters,
} from './api-context.ts';
import { verbsOn } from './app-routes.ts';
import type { ApiBackend } from './backend.ts';
import { type Curve, CurveSchema, curveOf, EvidenceSchema, showEvidence } from './channel-views.ts';
import { PageOf, pageOf, pageParameters } from './paging.ts';
import { Problem } from './problem.ts';
import { ObjectSchema } from './schemas.ts';
import { showObject } from './views.ts';

const ChannelObjectSchema = Type.Object({
  ...ObjectSchema.properties,
  curve: Type.Optional(CurveSchema),
  mayDo: Type.Array(Type.String(), { description: 'Verbs that you have on it: approve.' }),
});

const readTimeoutMs = 15_000;

interface Kind {
  readonly resource: 'channels' | 'releases' | 'subscriptions';
  readonly noun: string;
  readonly summary: string;
  readonly list: (backend: ApiBackend) => readonly Parameters<typeof showObject>[0][];
  /** Only of Channels. */
  readonly curve?: (backend: ApiBackend, channel: ChannelKey, now: Date) => Promise<Curve | undefined>;
}

const kinds: readonly Kind[] = [
  {
    resource: 'channels',
    noun: 'Channel',
    summary: 'Channels that this cluster publishes, by namespace and name.',
    list: (backend) => backend.listChannels(),
    curve: readCurve,
  },
  {
    resource: 'releases',
    noun: 'Release',
    summary: 'Releases: what was tested and is promoted together, by namespace and name.',
    list: (backend) => backend.listReleases(),
  },
  {
    resource: 'subscriptions',
    noun: 'Subscription',
    summary: 'Channels that this cluster follows, by namespace and name.',
    list: (backend) => backend.listSubscriptions(),
  },
];

const ListQuery = Type.Object({ namespace: NamespaceParameter, ...pageParameters }, { additionalProperties: false });

export function addChannelRoutes(routes: ApiRoutes, context: ApiContext): void {
  for (const kind of kinds) {
    addList(routes, context, kind);
    addOne(routes, context, kind);
  }
  addEvidence(routes, context);
}

function addList(routes: ApiRoutes, context: ApiContext, { resource, summary, noun, list }: Kind): void {
  const schema = {
    tags: ['Channels'],
    summary,
    querystring: ListQuery,
    response: { 200: PageOf(ObjectSchema, `${noun}s.`) },
  };
  routes.get(`/${resource}`, { schema }, async (request) => {
    const { query } = request;
    const wanted = list(backendOf(context)).filter(
      ({ metadata }) => query.namespace === undefined || metadata.namespace === query.namespace,
    );
    const namespaces = wanted.map(({ metadata }) => metadata.namespace);
    const isAllowed = await context.rights.namespacesWith(callerOf(request), { verb: 'list', resource }, namespaces);
    const shown = wanted.filter(({ metadata }) => isAllowed(metadata.namespace)).map(showObject);
    return pageOf(
      shown.toSorted((left, right) => (keyOf(left) < keyOf(right) ? -1 : 1)),
      keyOf,
      query,
    );
  });
}

function addOne(routes: ApiRoutes, context: ApiContext, { resource, noun, list, curve }: Kind): void {
  const schema = {
    tags: ['Channels'],
    summary: `One ${noun}.`,
    params: ObjectParameters,
    response: { 200: curve ? ChannelObjectSchema : ObjectSchema },
  };
  routes.get(`/${resource}/:namespace/:name`, { schema }, async (request) => {
    const { namespace, name } = request.params;
    await context.rights.require(callerOf(request), { verb: 'get', resource, namespace, name });
    const found = list(backendOf(context)).find(
      ({ metadata }) => metadata.namespace === namespace && metadata.name === name,
    );
    if (!found) {
      throw new Problem('not-found', `there is no ${noun} ${namespace}/${name}`);
    }
    if (curve === undefined) {
      return showObject(found);
    }
    const [spread, mayDo] = await Promise.all([
      curve(backendOf(context), request.params, context.clock.now()),
      verbsOn(context, request, resource, ['approve']),
    ]);
    return { ...showObject(found), ...(spread && { curve: spread }), mayDo };
  });
}

function addEvidence(routes: ApiRoutes, context: ApiContext): void {
  const schema = {
    tags: ['Channels'],
    summary: 'What the tests of a Release came to: its signed in-toto statements, as the Channel keeps them.',
    params: ObjectParameters,
    response: { 200: EvidenceSchema },
  };
  routes.get('/releases/:namespace/:name/evidence', { schema }, async (request) => {
    const { namespace, name } = request.params;
    await context.rights.require(callerOf(request), { verb: 'get', resource: 'releases', namespace, name });
    const backend = backendOf(context);
    const release = backend
      .listReleases()
      .find(({ metadata }) => metadata.namespace === namespace && metadata.name === name);
    if (!release) {
      throw new Problem('not-found', `there is no Release ${namespace}/${name}`);
    }
    return showEvidence(await backend.evidenceOf(release, AbortSignal.timeout(readTimeoutMs)));
  });
}

async function readCurve(backend: ApiBackend, { namespace, name }: ChannelKey, now: Date): Promise<Curve | undefined> {
  const channel = backend
    .listChannels()
    .find(({ metadata }) => metadata.namespace === namespace && metadata.name === name);
  const curve = channel && curveOf(channel, backend.listReleases(), now);
  if (curve === undefined || channel?.spec.reports === undefined) {
    return curve;
  }
  const signal = AbortSignal.timeout(readTimeoutMs);
  return { ...curve, reports: await backend.reportsOf({ namespace, name }, curve.release, signal) };
}

function keyOf({ namespace, name }: { readonly namespace: string; readonly name: string }): string {
  return `${namespace} ${name}`;
}
