/**
 * The calls of the Environment Operator (pkg/web), for Jenkins jobs that make them: a namespace is an environment, an App a service.
 *
 * Its errors are short texts; whoever reads them looks for the status.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import Type from 'typebox';
import { Check } from 'typebox/value';
import { isWorkloadKind, type Workload } from '../../core/workload/workload.ts';
import type { AppObjectWire } from '../../resources/app/decode-app.ts';
import type { EnvironmentMetrics } from '../../telemetry/environment-metrics.ts';
import { actorOf } from './action-routes.ts';
import { type ApiContext, backendOf, callerOf } from './api-context.ts';
import type { ApiBackend } from './backend.ts';
import { Problem, problemCodes, problemOf } from './problem.ts';

export interface EnvironmentContext extends ApiContext {
  readonly environmentMetrics: EnvironmentMetrics;
}

const Deploy = Type.Object({
  name: Type.String({ minLength: 1, maxLength: 253 }),
  application: Type.Optional(Type.String()),
  version: Type.String({ pattern: '^[\\w.-]{1,128}$' }),
});

const timeoutMs = 30_000;

interface Of {
  Params: { readonly namespace: string; readonly service: string };
}

/** Below `/eo/{namespace}`, which is what the job's endpoint is set to. */
export function addEnvironmentRoutes(scope: FastifyInstance, context: EnvironmentContext): void {
  scope.setErrorHandler((error, _request, reply) => sayError(reply, error));
  scope.post<Of>(
    '/eo/:namespace/deploy',
    { schema: { hide: true } },
    async (request) => await deploy(context, request),
  );
  scope.get<Of>('/eo/:namespace/status', { schema: { hide: true } }, async (request) => {
    const { namespace } = request.params;
    const backend = await readable(context, request, 'list');
    const apps = backend.listApps().filter(({ metadata }) => metadata.namespace === namespace);
    const services = apps.map((app) => serviceOf(app, backend));
    return { environment: namespace, namespace, services: services.toSorted(byName) };
  });
  scope.get<Of>('/eo/:namespace/status/:service', { schema: { hide: true } }, async (request) => {
    const backend = await readable(context, request, 'get');
    return serviceOf(findService(backend, request), backend);
  });
  scope.get<Of>('/eo/:namespace/status/:service/pods', { schema: { hide: true } }, async (request) => {
    const backend = await readable(context, request, 'get');
    const { namespace } = request.params;
    await context.rights.require(callerOf(request), {
      verb: 'get',
      group: '',
      resource: 'pods',
      subresource: 'log',
      namespace,
    });
    return await podsOf(backend, findService(backend, request));
  });
}

async function deploy(context: EnvironmentContext, request: FastifyRequest<Of>): Promise<object> {
  const { namespace } = request.params;
  try {
    const { body } = request;
    if (!Check(Deploy, body)) {
      throw new Problem('invalid', 'Bad request body: name and version are needed');
    }
    const app = { namespace, name: body.name };
    await context.rights.require(callerOf(request), { verb: 'deploy', resource: 'apps', ...app });
    const actor = actorOf(context, request, `deploy ${body.version}`);
    await backendOf(context).actions.deploy(app, { version: body.version }, actor, AbortSignal.timeout(timeoutMs));
    context.environmentMetrics.deploys.inc({ status: 'success' });
    return { status: 'deploying' };
  } catch (error) {
    context.environmentMetrics.deploys.inc({ status: 'failure' });
    throw error;
  }
}

async function readable(context: ApiContext, request: FastifyRequest<Of>, verb: string): Promise<ApiBackend> {
  const { namespace, service } = request.params;
  const name = service === undefined ? {} : { name: service };
  await context.rights.require(callerOf(request), { verb, resource: 'apps', namespace, ...name });
  return backendOf(context);
}

function findService(backend: ApiBackend, { params }: FastifyRequest<Of>): AppObjectWire {
  const app = backend.findApp(params.namespace, params.service);
  if (!app) {
    throw new Problem('invalid', `there is no service ${params.service}`);
  }
  return app;
}

function serviceOf(app: AppObjectWire, backend: ApiBackend) {
  const { namespace, name } = app.metadata;
  const rollouts = workloadsOf(app, backend).map(({ rollout }) => rollout);
  const sum = (count: (rollout: Workload['rollout']) => number) => rollouts.reduce((all, one) => all + count(one), 0);
  const replicas = {
    available: sum((one) => one.available),
    up_to_date: sum((one) => one.updated),
    desired: sum((one) => one.wanted),
  };
  const last = backend.updatesOf(namespace, name).find(({ status }) => status?.phase === 'Succeeded');
  return {
    name,
    version: app.status?.sources?.[0]?.current?.tag ?? '',
    deployed_at: last?.status?.finishedAt ?? app.metadata.creationTimestamp,
    replicas,
    status: colourOf(replicas),
  };
}

/** Red: not all are available. Orange: all are, and not all are new. Green: all are new. */
function colourOf(replicas: {
  readonly available: number;
  readonly up_to_date: number;
  readonly desired: number;
}): string {
  const { available, up_to_date: updated, desired } = replicas;
  if (available !== desired) {
    return 'red';
  }
  return updated === desired ? 'green' : 'orange';
}

function workloadsOf({ metadata, status }: AppObjectWire, backend: ApiBackend): readonly Workload[] {
  return (status?.workloads ?? []).flatMap((text) => {
    const slash = text.indexOf('/');
    const [kind, name] = [text.slice(0, slash), text.slice(slash + 1)];
    const { namespace } = metadata;
    return isWorkloadKind(kind) ? (backend.findWorkload({ kind, namespace, name }) ?? []) : [];
  });
}

async function podsOf(backend: ApiBackend, app: AppObjectWire): Promise<readonly object[]> {
  const { namespace } = app.metadata;
  const selectors = workloadsOf(app, backend).flatMap(({ podSelector }) => podSelector ?? []);
  const signal = AbortSignal.timeout(timeoutMs);
  const reports = await Promise.all(selectors.map((selector) => backend.pods.report(namespace, selector, signal)));
  return reports.flat().map(({ name, phase, startedAt, message, log }) => ({
    Name: name,
    Phase: phase,
    StartTime: startedAt,
    Message: message,
    Logs: log,
  }));
}

function byName(left: { readonly name: string }, right: { readonly name: string }): number {
  return left.name < right.name ? -1 : 1;
}

/** Whatever could not be done was a bad request there; what is wrong with the caller keeps its status. */
function sayError(reply: FastifyReply, error: unknown): FastifyReply {
  const { code, message } = problemOf(error);
  const { status } = problemCodes[code];
  const shown = [401, 403, 413, 429, 503].includes(status) ? status : status === 500 ? 500 : 400;
  return reply
    .code(shown)
    .type('text/plain; charset=utf-8')
    .send(`${status === 500 ? 'Internal Server Error' : message}\n`);
}
