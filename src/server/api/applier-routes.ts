/**
 * The call by which people and scripts have kube-applier run at once (webserver/webserver.go of box and of utilitywarehouse): here it has
 * the sources of Apps made of manifests looked at. What becomes of a run is told by the Updates.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { actorOf } from './action-routes.ts';
import { type ApiContext, backendOf, callerOf } from './api-context.ts';

const path = '/api/v1/forceRun';
const longestForm = 4_096;
const timeoutMs = 30_000;
const mostAtOnce = 8;

/** In its words. */
const notPost = { result: 'error', message: 'must be a POST request' };

export function addApplierRoutes(scope: FastifyInstance, context: ApiContext): void {
  const options = { schema: { hide: true }, bodyLimit: longestForm };
  scope.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string', bodyLimit: longestForm },
    (_request, body, done) => done(null, new URLSearchParams(String(body))),
  );
  scope.get(path, options, async (_request, reply) => reply.code(400).send(notPost));
  scope.post(path, options, async (request, reply) => {
    const namespace = namespaceOf(request);
    const found = await force(context, request, namespace);
    return found > 0
      ? { result: 'success', message: 'Run queued' }
      : reply.code(400).send({ result: 'error', message: sayNone(namespace) });
  });
}

/** Box's takes none, the other asks for it. */
function namespaceOf({ body, query }: FastifyRequest): string | undefined {
  const given =
    body instanceof URLSearchParams ? body.get('namespace') : new Map(Object.entries(query ?? {})).get('namespace');
  return typeof given === 'string' && given !== '' ? given : undefined;
}

function sayNone(namespace: string | undefined): string {
  return `cannot find Apps made of manifests${namespace === undefined ? '' : ` in namespace '${namespace}'`}`;
}

/** @returns how many Apps are looked at: those on which the caller has the verb check */
async function force(context: ApiContext, request: FastifyRequest, namespace: string | undefined): Promise<number> {
  const backend = backendOf(context);
  const meant = backend
    .listApps()
    .filter(({ metadata, spec }) => spec.deploy.manifests && (namespace ?? metadata.namespace) === metadata.namespace);
  const isAllowed = await context.rights.namespacesWith(
    callerOf(request),
    { verb: 'check', resource: 'apps' },
    meant.map(({ metadata }) => metadata.namespace),
  );
  const allowed = meant.filter(({ metadata }) => isAllowed(metadata.namespace));
  const actor = actorOf(context, request, 'forceRun');
  const signal = AbortSignal.timeout(timeoutMs);
  for (let start = 0; start < allowed.length; start += mostAtOnce) {
    await Promise.all(
      allowed.slice(start, start + mostAtOnce).map(({ metadata }) => backend.actions.check(metadata, actor, signal)),
    );
  }
  return allowed.length;
}
