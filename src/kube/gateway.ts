/**
 * An address on loopback under which a child process reaches the API server as this process does.
 *
 * The child gets an address of its own that is good only while its work lasts, instead of our credentials: these
 * need not be written to a file, are renewed as ever, and a child that outlives us, or that works on after the leadership was
 * lost, can do nothing any more. Who the child acts as is decided here as well, so that it cannot choose.
 */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { isOperationError, OperationError } from '../core/errors.ts';
import { type AgentPool, createAgentPool } from './agents.ts';
import { describeCause } from './api-error.ts';
import type { KubeConfig } from './config.ts';

export interface PassOptions {
  /** User that the API server sees; undefined: us. The groups of a ServiceAccount it adds by itself. */
  readonly actAs: string | undefined;
  /** Asked before each request that changes something; what it throws refuses the request. */
  readonly assertAllowed: () => void;
  /**
   * Nothing is changed: whatever would change something goes on as a dry run, and its answer is told here, of which at most 4 MiB are kept.
   * A deletion does not go on at all, because its body could say something else than the query; it is answered as done.
   */
  readonly onRehearsed?: (answer: RehearsedAnswer) => void;
}

/** What the API server says to a change that was only tried. */
export interface RehearsedAnswer {
  /** Without the query. */
  readonly path: string;
  readonly status: number;
  readonly body: string;
}

/** The right to use the gateway. */
export interface Pass {
  /**
   * `http://127.0.0.1:<port>/<secret>`. The secret is part of the address because client-go sends no token without TLS; it is
   * to be taken out of what the child says.
   */
  readonly server: string;
  /** Requests under way are cut. */
  end(): void;
}

export interface Gateway {
  admit(options: PassOptions): Promise<Pass>;
  close(): Promise<void>;
}

/** Not passed on in either direction (RFC 9110, section 7.6.1), and what we say ourselves. */
const ownHeaders = new Set(['authorization', 'connection', 'host', 'keep-alive', 'te', 'transfer-encoding', 'upgrade']);

/** Listens from the first pass on. */
export function createGateway(config: KubeConfig): Gateway {
  const pool = createAgentPool(config);
  const passes = new Map<string, Admitted>();
  const server = createServer((request, response) => {
    void serve({ config, pool, passes }, request, response);
  });
  let listening: Promise<void> | undefined;
  return {
    async admit(options) {
      listening ??= listen(server);
      await listening;
      const token = randomBytes(32).toString('base64url');
      const abort = new AbortController();
      passes.set(token, { ...options, signal: abort.signal });
      const { port } = server.address() as AddressInfo;
      return {
        server: `http://127.0.0.1:${port}/${token}`,
        end() {
          passes.delete(token);
          abort.abort();
        },
      };
    },
    async close() {
      passes.clear();
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
      await pool.destroy();
    },
  };
}

interface Admitted extends PassOptions {
  readonly signal: AbortSignal;
}

interface Parts {
  readonly config: KubeConfig;
  readonly pool: AgentPool;
  readonly passes: ReadonlyMap<string, Admitted>;
}

async function listen(server: ReturnType<typeof createServer>): Promise<void> {
  server.listen(0, '127.0.0.1');
  server.unref();
  await once(server, 'listening');
}

async function serve(parts: Parts, request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    const [, token = '', path = ''] = /^\/([^/]+)(\/.*)$/s.exec(request.url ?? '') ?? [];
    const admitted = parts.passes.get(token);
    if (admitted === undefined) {
      refuse(response, 401, 'no such pass, or its work has ended');
      return;
    }
    if (isChange(request)) {
      admitted.assertAllowed();
    }
    if (request.method === 'DELETE' && admitted.onRehearsed !== undefined) {
      answer(response, 200, { status: 'Success' });
      return;
    }
    await passOn(parts, { ...admitted, path }, request, response);
  } catch (error) {
    refuseFor(response, error);
  }
}

function refuseFor(response: ServerResponse, error: unknown): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const code = isOperationError(error, 'LEASE_LOST') ? 403 : 502;
  refuse(response, code, error instanceof OperationError ? error.message : describeCause(error));
}

async function passOn(
  { config, pool }: Parts,
  admitted: Admitted & { readonly path: string },
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const cut = new AbortController();
  response.once('close', () => cut.abort());
  const signal = AbortSignal.any([admitted.signal, cut.signal]);
  const proof = await config.credentials.current(signal);
  const base = new URL(config.server);
  const told = isChange(request) ? admitted.onRehearsed : undefined;
  const received = await pool.agentsFor(proof.clientCertificate).watches.request({
    origin: base.origin,
    path: base.pathname.replace(/\/$/, '') + (told === undefined ? admitted.path : asDryRun(admitted.path)),
    method: (request.method ?? 'GET') as 'GET',
    headers: headersFor(request.headers, admitted.actAs, proof.authorization),
    ...(hasBody(request) ? { body: request } : {}),
    signal,
  });
  if (received.statusCode === 401) {
    config.credentials.invalidate();
  }
  response.writeHead(received.statusCode, withoutOwn(received.headers));
  // A watch must be seen to have begun before its first event.
  response.flushHeaders();
  const kept = told === undefined ? undefined : keepText(received.body);
  await pipeline(received.body, response, { signal });
  if (told !== undefined) {
    const [path = ''] = admitted.path.split('?');
    told({ path, status: received.statusCode, body: kept?.() ?? '' });
  }
}

function isChange({ method }: IncomingMessage): boolean {
  return method !== 'GET' && method !== 'HEAD';
}

function asDryRun(path: string): string {
  return `${path}${path.includes('?') ? '&' : '?'}dryRun=All`;
}

const mostKeptBytes = 4 * 1024 * 1024;

/** Keeps a copy of what goes by. @returns reads it */
function keepText(body: Readable): () => string {
  const chunks: Buffer[] = [];
  let bytes = 0;
  body.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= mostKeptBytes) {
      chunks.push(chunk);
    }
  });
  return () => Buffer.concat(chunks).toString('utf8');
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

function headersFor(
  headers: IncomingHttpHeaders,
  actAs: string | undefined,
  authorization: string | undefined,
): Record<string, string | string[]> {
  return {
    ...withoutOwn(headers),
    ...(authorization === undefined ? {} : { authorization }),
    ...(actAs === undefined ? {} : { 'impersonate-user': actAs }),
  };
}

function withoutOwn(
  headers: Readonly<Record<string, string | string[] | undefined>>,
): Record<string, string | string[]> {
  const kept: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined && !ownHeaders.has(name) && !name.startsWith('impersonate-')) {
      kept[name] = value;
    }
  }
  return kept;
}

/** In the form in which clients of Kubernetes read a refusal. */
function refuse(response: ServerResponse, code: number, message: string): void {
  answer(response, code, { status: 'Failure', code, message });
}

function answer(response: ServerResponse, code: number, status: object): void {
  response.writeHead(code, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ kind: 'Status', apiVersion: 'v1', ...status }));
}
