/** CI's call: a version by name, and on wish a stream of what becomes of it. */
import type { ServerResponse } from 'node:http';
import type { FastifyReply } from 'fastify';
import Type from 'typebox';
import type { DeployAnswer } from '../../engine/act/deploy-version.ts';
import type { ObjectName } from '../../engine/act/record-action.ts';
import { hasEnded, type UpdateObjectWire } from '../../resources/update/decode-update.ts';
import { actorOf } from './action-routes.ts';
import { type ApiContext, type ApiRoutes, backendOf, callerOf, ObjectParameters } from './api-context.ts';
import { repeat } from './repeat.ts';
import { summarizeUpdate } from './views.ts';

const pingMs = 15_000;
const askTimeoutMs = 30_000;

const Deploy = Type.Object(
  {
    version: Type.Optional(
      Type.String({ description: 'Tag of an image, or version of a chart.', pattern: '^[\\w+.-]{1,128}$' }),
    ),
    digest: Type.Optional(
      Type.String({
        description: 'Digest that the version must have, or by which it is found.',
        pattern: '^sha256:[a-f0-9]{64}$',
      }),
    ),
    source: Type.Optional(
      Type.String({ description: 'Needed where the App has several.', minLength: 1, maxLength: 63 }),
    ),
    wait: Type.Optional(
      Type.Boolean({ description: 'Stream what becomes of it, a JSON object a line, until it has ended.' }),
    ),
    reason: Type.Optional(Type.String({ description: 'Why, e.g. the build.', maxLength: 1_024 })),
  },
  { additionalProperties: false },
);

const Answer = Type.Object({
  kind: Type.String({ description: 'Started, UnderWay (it was started before) or UpToDate.' }),
  update: Type.Optional(Type.String({ description: 'The Update that brings it.' })),
});

export function addDeployRoute(routes: ApiRoutes, context: ApiContext): void {
  const schema = {
    tags: ['Actions'],
    summary: 'Sets a version that you name; it passes signatures, rejections and gates as any other.',
    description:
      'With `wait` the answer is a stream of lines (application/x-ndjson, or server-sent events where Accept asks for them): `step`, `waiting`, and at last `ended` with `outcome`: Succeeded, UpToDate, RolledBack, Failed, Superseded or Cancelled. Asking again for the same version joins the Update that is under way.',
    params: ObjectParameters,
    body: Deploy,
    response: { 202: Answer },
  };
  routes.post('/apps/:namespace/:name/deploy', { schema }, async (request, reply) => {
    const { namespace, name } = request.params;
    await context.rights.require(callerOf(request), { verb: 'deploy', resource: 'apps', namespace, name });
    const { wait = false, reason, ...asked } = request.body;
    const { actions } = backendOf(context);
    const app = { namespace, name };
    const answer = await actions.deploy(
      app,
      asked,
      actorOf(context, request, reason),
      AbortSignal.timeout(askTimeoutMs),
    );
    if (!wait) {
      return reply.code(202).send(answer);
    }
    const isEvents = request.headers.accept?.includes('text/event-stream') === true;
    stream(context, { reply, app, answer, isEvents });
    return reply;
  });
}

interface Waiter {
  readonly reply: FastifyReply;
  readonly app: ObjectName;
  readonly answer: DeployAnswer;
  readonly isEvents: boolean;
}

function stream(context: ApiContext, waiter: Waiter): void {
  const { reply, app, answer, isEvents } = waiter;
  const headers = reply.getHeaders();
  reply.hijack();
  const response = reply.raw;
  const known = Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]));
  response.writeHead(200, {
    ...Object.fromEntries(known),
    'content-type': isEvents ? 'text/event-stream; charset=utf-8' : 'application/x-ndjson; charset=utf-8',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
  });
  response.on('error', () => undefined);
  const write = writerOf(response, isEvents);
  if (answer.kind === 'UpToDate') {
    write('ended', { outcome: 'UpToDate' });
    response.end();
    return;
  }
  const { update } = answer;
  write('started', { update });
  const tell = tellerOf(context, { namespace: app.namespace, name: update }, write);
  const end = () => {
    unsubscribe();
    stopPing();
    response.end();
  };
  const unsubscribe = context.feed.subscribe((change) => {
    if (change.kind === 'Update' && change.namespace === app.namespace && change.name === update && tell()) {
      end();
    }
  });
  const stopPing = repeat(context.clock, pingMs, () => response.write(isEvents ? ': ping\n\n' : '\n'));
  response.once('close', end);
  if (tell()) {
    end();
  }
}

type Write = (event: string, data: Readonly<Record<string, unknown>>) => void;

function writerOf(response: ServerResponse, isEvents: boolean): Write {
  return (event, data) => {
    if (!response.writableEnded && !response.destroyed) {
      const line = JSON.stringify({ event, ...data });
      response.write(isEvents ? `event: ${event}\ndata: ${line}\n\n` : `${line}\n`);
    }
  };
}

/** Tells what is new since it told last; true when the Update has ended. */
function tellerOf(context: ApiContext, { namespace, name }: ObjectName, write: Write): () => boolean {
  const told = new Set<string>();
  let wasThere = false;
  const once = (event: string, data: Readonly<Record<string, unknown>>) => {
    const key = JSON.stringify([event, data]);
    if (!told.has(key)) {
      told.add(key);
      write(event, data);
    }
  };
  return () => {
    const update = context.backend()?.findUpdate(namespace, name);
    if (!update) {
      // The watch has not shown it yet, or it was deleted.
      if (wasThere) {
        write('ended', { outcome: 'Cancelled', update: name, message: 'the Update was deleted' });
      }
      return wasThere;
    }
    wasThere = true;
    return tellAll(update, once, write);
  };
}

function tellAll(update: UpdateObjectWire, once: Write, write: Write): boolean {
  for (const step of update.status?.steps ?? []) {
    once('step', { ...step });
  }
  const { name, phase, waiting, failure } = summarizeUpdate(update);
  if (hasEnded(update)) {
    const why = failure && { message: failure.message, reason: failure.reason };
    write('ended', { outcome: phase, update: name, ...why });
    return true;
  }
  if (waiting) {
    once('waiting', { phase, ...waiting });
  }
  return false;
}
