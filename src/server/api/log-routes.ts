/**
 * What the pods of an Update write: those of its workloads, and of the Jobs that back up, test and restore. Followed as server-sent events.
 *
 * Whoever reads them needs the right that kubectl asks for too: `get pods/log` in the namespace.
 */
import type { ServerResponse } from 'node:http';
import type { FastifyReply } from 'fastify';
import Type from 'typebox';
import { describeError } from '../../core/errors.ts';
import type { PodState } from '../../engine/ports/pod-reports.ts';
import type { UpdateObjectWire } from '../../resources/update/decode-update.ts';
import { type ApiContext, type ApiRoutes, backendOf, callerOf, ObjectParameters } from './api-context.ts';
import type { ApiBackend } from './backend.ts';
import { Problem } from './problem.ts';
import { repeat } from './repeat.ts';
import { findUpdate } from './update-routes.ts';
import { resourcesOf } from './views.ts';

const PodSchema = Type.Object({
  name: Type.String(),
  part: Type.String({ description: 'Workload, as Kind/name, or Job, as Job/name, that it belongs to.' }),
  phase: Type.String({ description: 'Pending, Running, Succeeded, Failed or Unknown.' }),
  startedAt: Type.String({ description: 'RFC 3339; empty before it has started.' }),
  message: Type.String({ description: 'Why it does not run, in a word of Kubernetes.' }),
  restarts: Type.Integer(),
  containers: Type.Array(Type.Object({ name: Type.String(), image: Type.String(), ready: Type.Boolean() })),
});

const LogQuery = Type.Object(
  {
    container: Type.String({ description: 'Name of the container.', minLength: 1, maxLength: 63 }),
    previous: Type.Optional(Type.Boolean({ description: 'Of the run before its last restart.' })),
    tail: Type.Optional(
      Type.Integer({ description: 'So many lines before now.', minimum: 1, maximum: 5_000, default: 500 }),
    ),
  },
  { additionalProperties: false },
);

const PodParameters = Type.Object({
  ...ObjectParameters.properties,
  pod: Type.String({ description: 'Name of the pod.', pattern: '^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$', maxLength: 253 }),
});

const askTimeoutMs = 15_000;
const pingMs = 15_000;
/** Then whoever follows has to come back, and shows anew who it is. */
const longestMs = 600_000;
const maxFollowers = 200;
/** A line that is written faster than it is read is not kept without end. */
const maxUnreadBytes = 1_048_576;

export function addLogRoutes(routes: ApiRoutes, context: ApiContext): void {
  addPods(routes, context);
  addLog(routes, context);
}

function addPods(routes: ApiRoutes, context: ApiContext): void {
  const schema = {
    tags: ['Updates'],
    summary:
      'Pods of an Update whose logs can be read: of its workloads and of its Jobs, newest first. Needs get pods/log.',
    params: ObjectParameters,
    response: { 200: Type.Object({ items: Type.Array(PodSchema) }) },
  };
  routes.get('/updates/:namespace/:name/pods', { schema }, async (request) => {
    const update = await readable(context, request);
    const pods = await podsOf(backendOf(context), update, AbortSignal.timeout(askTimeoutMs));
    return {
      items: pods.map(({ job: _job, update: _update, owner: _owner, containers, ...pod }) => ({
        ...pod,
        containers: [...containers],
      })),
    };
  });
}

interface Asked {
  readonly caller: Parameters<typeof callerOf>[0]['caller'];
  readonly params: { readonly namespace: string; readonly name: string };
}

/** @throws Problem `forbidden`, `not-found` */
async function readable(context: ApiContext, request: Asked): Promise<UpdateObjectWire> {
  const { namespace, name } = request.params;
  const caller = callerOf(request);
  await context.rights.require(caller, { verb: 'get', resource: 'updates', namespace, name });
  const logs = { verb: 'get', group: '', resource: 'pods', subresource: 'log', namespace };
  await context.rights.require(caller, logs);
  return findUpdate(context, request.params);
}

type PodOfUpdate = PodState & { readonly part: string };

async function podsOf(
  backend: ApiBackend,
  { metadata, spec }: UpdateObjectWire,
  signal: AbortSignal,
): Promise<readonly PodOfUpdate[]> {
  const { namespace } = metadata;
  const app = backend.findApp(namespace, spec.app);
  const workloads = (app ? resourcesOf(app, backend) : []).flatMap(({ kind, name, podSelector }) =>
    podSelector === undefined ? [] : [{ part: `${kind}/${name}`, selector: podSelector }],
  );
  const ofWorkloads = workloads.map(async ({ part, selector }) =>
    (await backend.pods.list(namespace, selector, signal)).map((pod) => ({ ...pod, part })),
  );
  const ofJobs = backend.pods
    .list(namespace, 'headgate.dev/purpose', signal)
    .then((pods) =>
      pods.flatMap((pod) => (pod.update === metadata.name ? [{ ...pod, part: `Job/${pod.job ?? ''}` }] : [])),
    );
  const all = (await Promise.all([ofJobs, ...ofWorkloads])).flat();
  return all.toSorted((left, right) => right.startedAt.localeCompare(left.startedAt));
}

function addLog(routes: ApiRoutes, context: ApiContext): void {
  let followers = 0;
  const schema = {
    tags: ['Updates'],
    summary: 'Server-sent events: what a container of a pod of an Update writes, as it writes it. Needs get pods/log.',
    description:
      'Events: `line` (data: the line as JSON text), `end` (data: reason where it ended by a fault). A comment every 15 s. A stream ends after ten minutes.',
    params: PodParameters,
    querystring: LogQuery,
    produces: ['text/event-stream'],
  };
  routes.get('/updates/:namespace/:name/pods/:pod/log', { schema }, async (request, reply) => {
    const update = await readable(context, request);
    const { namespace, pod } = request.params;
    const { container, previous = false, tail = 500 } = request.query;
    const backend = backendOf(context);
    const pods = await podsOf(backend, update, AbortSignal.timeout(askTimeoutMs));
    const isThere = pods.some((one) => one.name === pod && one.containers.some(({ name }) => name === container));
    if (!isThere) {
      throw new Problem(
        'not-found',
        `there is no container ${container} of Pod ${pod} of Update ${update.metadata.name}`,
      );
    }
    if (followers >= maxFollowers) {
      throw new Problem('unavailable', `${maxFollowers} logs are followed already`, { 'retry-after': '10' });
    }
    followers += 1;
    const stopped = new AbortController();
    const place = { namespace, pod, container, previous, follow: !previous, tailLines: tail };
    const response = begin(reply);
    response.once('close', () => stopped.abort());
    const cancelEnd = context.clock.schedule(longestMs, () => response.end());
    const cancelPing = repeat(context.clock, pingMs, () => write(response, ': ping\n\n'));
    send(response, backend.pods.lines(place, stopped.signal), stopped.signal)
      .catch((error: unknown) => context.log.warn('a log could not be followed', { error: describeError(error) }))
      .finally(() => {
        followers -= 1;
        cancelEnd();
        cancelPing();
        response.end();
      });
    return reply;
  });
}

/** Nothing but lines is sent from here on. */
function begin(reply: FastifyReply): ServerResponse {
  const known = Object.entries(reply.getHeaders()).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value]],
  );
  reply.hijack();
  reply.raw.writeHead(200, {
    ...Object.fromEntries(known),
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
  });
  // A connection that breaks is closed too, which is all there is to know.
  reply.raw.on('error', () => undefined);
  return reply.raw;
}

async function send(response: ServerResponse, lines: AsyncIterable<string>, signal: AbortSignal): Promise<void> {
  try {
    for await (const line of lines) {
      write(response, `event: line\ndata: ${JSON.stringify(line)}\n\n`);
      if (response.writableLength > maxUnreadBytes) {
        await drained(response, signal);
      }
    }
    write(response, 'event: end\ndata: {}\n\n');
  } catch (error) {
    if (!signal.aborted) {
      write(response, `event: end\ndata: ${JSON.stringify({ reason: describeError(error) })}\n\n`);
    }
  }
}

/** Whoever reads slowly gets the log slowly; the kubelet waits too. */
async function drained(response: ServerResponse, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  response.once('drain', resolve);
  signal.addEventListener('abort', () => resolve(), { once: true });
  await promise;
}

function write(response: ServerResponse, text: string): void {
  if (!response.destroyed && !response.writableEnded) {
    response.write(text);
  }
}
