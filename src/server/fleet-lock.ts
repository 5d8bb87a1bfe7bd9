/** FleetLock v1 (coreos.github.io/zincati/development/fleetlock/protocol): whoever reboots nodes asks here first. */
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import { describeError, isOperationError } from '../core/errors.ts';
import type { FleetClient, LockAnswer } from '../engine/fleet-lock/fleet-lock.ts';
import type { Logger } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';

export interface FleetLockOptions {
  readonly lock: (client: FleetClient, signal: AbortSignal) => Promise<LockAnswer>;
  readonly unlock: (client: FleetClient, signal: AbortSignal) => Promise<void>;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** For one request with all that is asked for it. Default 25 s. */
  readonly timeoutMs?: number;
}

/** Of a key of a ConfigMap for the group; of a name of a node for the id. */
const Body = Compile(
  Type.Object({
    client_params: Type.Object({
      id: Type.String({ minLength: 1, maxLength: 253 }),
      group: Type.String({ minLength: 1, maxLength: 63, pattern: '^[a-zA-Z0-9.-]+$' }),
    }),
  }),
);

interface Answer {
  readonly status: number;
  /** A label of the metrics. */
  readonly kind: string;
  readonly value: string;
}

const maxBodyBytes = 16_384;
const maxConnections = 256;

/** The server, not yet listening. */
export function createFleetLockServer(options: FleetLockOptions): FastifyInstance {
  const { timeoutMs = 25_000 } = options;
  const server = Fastify({
    logger: false,
    bodyLimit: maxBodyBytes,
    requestTimeout: 10_000,
    keepAliveTimeout: 5_000,
    forceCloseConnections: true,
    http: { headersTimeout: 10_000 },
  });
  server.server.maxConnections = maxConnections;
  // Clients send JSON under whatever name their library gives it.
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body));
  const handle = (path: string, act: (client: FleetClient, signal: AbortSignal) => Promise<Answer>) => {
    server.route({
      method: ['GET', 'HEAD', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'],
      url: path,
      handler: (_request, reply) => send(options, reply, { status: 405, kind: 'bad_method', value: 'POST is wanted' }),
    });
    server.post(path, async (request, reply) => {
      const read = readClient(request);
      return await send(options, reply, 'status' in read ? read : await act(read, AbortSignal.timeout(timeoutMs)));
    });
  };
  handle('/v1/pre-reboot', async (client, signal) => answerOf(await options.lock(client, signal)));
  handle('/v1/steady-state', async (client, signal) => {
    await options.unlock(client, signal);
    return { status: 200, kind: 'ok', value: 'no slot is held' };
  });
  server.setNotFoundHandler((_request, reply) =>
    send(options, reply, { status: 404, kind: 'bad_path', value: 'there are /v1/pre-reboot and /v1/steady-state' }),
  );
  server.setErrorHandler((error, _request, reply) => send(options, reply, failureOf(error, options.log)));
  return server;
}

function readClient(request: FastifyRequest): FleetClient | Answer {
  if (request.headers['fleet-lock-protocol'] !== 'true') {
    return { status: 400, kind: 'missing_header', value: 'the header "fleet-lock-protocol: true" is missing' };
  }
  const parsed = parse(request.body);
  if (!isBody(parsed)) {
    const value =
      'the body is not {"client_params": {"id": ..., "group": ...}} with a group of letters, digits, "-" and "."';
    return { status: 400, kind: 'bad_params', value };
  }
  return parsed.client_params;
}

function isBody(value: unknown): value is { readonly client_params: FleetClient } {
  return Body.Check(value);
}

function parse(body: unknown): unknown {
  try {
    return typeof body === 'string' ? JSON.parse(body) : undefined;
  } catch {
    return undefined;
  }
}

function answerOf(answer: LockAnswer): Answer {
  switch (answer.kind) {
    case 'Locked':
      return { status: 200, kind: 'ok', value: 'a slot is held' };
    case 'SlotsFull':
      return { status: 409, kind: 'failed_lock_slots_full', value: answer.because };
    case 'GateShut':
      return { status: 423, kind: 'failed_lock_gate_shut', value: answer.because };
  }
}

/** What is wrong with the request is the client's; all else is tried again by it, and nothing is locked meanwhile. */
function failureOf(error: unknown, log: Logger): Answer {
  const status = error instanceof Error && 'statusCode' in error ? error.statusCode : undefined;
  if (typeof status === 'number' && status >= 400 && status < 500) {
    return { status, kind: 'bad_request', value: 'the request cannot be read' };
  }
  log.warn('reboot was not decided', { error: describeError(error) });
  const value = isOperationError(error) ? error.message : 'it could not be decided in time';
  return { status: 503, kind: 'internal', value };
}

async function send({ metrics, log }: FleetLockOptions, reply: FastifyReply, answer: Answer): Promise<FastifyReply> {
  const { status, kind, value } = answer;
  metrics.gates.fleetLockRequests.inc({ result: kind });
  log.debug('fleet lock', { status, result: kind });
  return await reply.code(status).send({ kind, value });
}
