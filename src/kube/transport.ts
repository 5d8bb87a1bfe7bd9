/**
 * Requests to one API server: authentication, limits of time and size, retries that the server asked for, errors.
 *
 * Retried here is only what cannot have happened: 429 and 503 with Retry-After (as client-go does, for every method),
 * a 401 once with fresh credentials, and a GET whose kept connection turned out to be dead. The rest is the caller's.
 */
import type { Dispatcher } from 'undici';
import { OperationError } from '../core/errors.ts';
import { type AgentPool, type Agents, createAgentPool } from './agents.ts';
import { type CallDescription, describeCause, errorFromAnswer, unavailable } from './api-error.ts';
import { type Clock, type Random, sleep } from './clock.ts';
import type { KubeConfig } from './config.ts';
import { type Deadline, startDeadline } from './deadline.ts';
import { parseRetryAfter } from './retry-after.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export interface TransportRequest {
  readonly call: CallDescription;
  readonly method: Method;
  /** Absolute path with its query. */
  readonly path: string;
  readonly accept?: string;
  /** Sent as JSON under `contentType`. */
  readonly body?: unknown;
  readonly contentType?: string;
  readonly signal?: AbortSignal | undefined;
  /** Decodes a JSON body; default JSON.parse. What it throws as SyntaxError becomes "answer is not JSON". */
  readonly parse?: ((bytes: Buffer) => unknown) | undefined;
  /** Bound of the answer's body; default that of the transport. */
  readonly maxBodyBytes?: number | undefined;
}

export interface Answer {
  readonly status: number;
  /** Decoded JSON, or the text where the answer is no JSON by its own word. */
  readonly body: unknown;
}

/** An open answer. `deadline` still runs and aborts the stream: extend or end it. */
export interface OpenAnswer {
  readonly body: AsyncIterable<Buffer>;
  readonly deadline: Deadline;
}

export interface Transport {
  /** Throws OperationError (api-error.ts), or the signal's reason when the caller aborted. */
  send(request: TransportRequest): Promise<Answer>;
  /** The same for an answer without end; `silenceMs` is how long it may take until the answer begins. */
  open(request: TransportRequest, silenceMs: number): Promise<OpenAnswer>;
  close(): Promise<void>;
}

export interface TransportOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly userAgent: string;
  /** From the request to the last byte of its answer, for one attempt. */
  readonly timeoutMs: number;
  readonly maxBodyBytes: number;
  /** How long one call may wait in all for a server that says Retry-After. */
  readonly retryBudgetMs: number;
}

/** `context.reason` of the error for an answer that is larger than allowed. */
export const bodyTooLarge = 'BodyTooLarge';

const maxRetries = 8;
const maxErrorBytes = 64 * 1024;

/** What one call has used up of its retries. */
interface Spent {
  retries: number;
  waitedMs: number;
  hasRenewed: boolean;
  hasReconnected: boolean;
}

interface Attempt {
  readonly response: Dispatcher.ResponseData;
  readonly deadline: Deadline;
}

/** No connection is made before the first request. */
export function createTransport(config: KubeConfig, options: TransportOptions): Transport {
  return new HttpTransport(config, options);
}

class HttpTransport implements Transport {
  readonly #config: KubeConfig;
  readonly #options: TransportOptions;
  readonly #origin: string;
  readonly #prefix: string;
  readonly #pool: AgentPool;

  constructor(config: KubeConfig, options: TransportOptions) {
    const base = new URL(config.server);
    this.#config = config;
    this.#options = options;
    this.#origin = base.origin;
    this.#prefix = base.pathname.replace(/\/$/, '');
    this.#pool = createAgentPool(config);
  }

  async send(request: TransportRequest): Promise<Answer> {
    const { timeoutMs, maxBodyBytes } = this.#options;
    const { response, deadline } = await this.#exchange(request, 'calls', timeoutMs);
    try {
      const bytes = await readBody(request, response, request.maxBodyBytes ?? maxBodyBytes);
      return { status: response.statusCode, body: decode(request, response, bytes) };
    } catch (error) {
      throw translate(request, deadline, timeoutMs, error);
    } finally {
      deadline.end();
    }
  }

  async open(request: TransportRequest, silenceMs: number): Promise<OpenAnswer> {
    const { response, deadline } = await this.#exchange(request, 'watches', silenceMs);
    return { body: response.body, deadline };
  }

  close(): Promise<void> {
    return this.#pool.destroy();
  }

  /** Repeats until the answer is final. What it returns is a success; everything else is thrown. */
  async #exchange(request: TransportRequest, kind: keyof Agents, timeoutMs: number): Promise<Attempt> {
    const spent: Spent = { retries: 0, waitedMs: 0, hasRenewed: false, hasReconnected: false };
    for (;;) {
      request.signal?.throwIfAborted();
      try {
        const attempt = await this.#attempt(request, kind, timeoutMs);
        if (attempt.response.statusCode < 400) {
          return attempt;
        }
        await this.#recover(request, spent, await readRefusal(request, attempt, this.#options.clock));
      } catch (error) {
        if (!mayReconnect(request, spent, error)) {
          throw error;
        }
      }
    }
  }

  /** One request up to the head of its answer. */
  async #attempt(request: TransportRequest, kind: keyof Agents, timeoutMs: number): Promise<Attempt> {
    const deadline = startDeadline(this.#options.clock, timeoutMs, request.signal);
    try {
      const proof = await this.#config.credentials.current(deadline.signal);
      const agent = this.#pool.agentsFor(proof.clientCertificate)[kind];
      const response = await agent.request({
        origin: this.#origin,
        path: this.#prefix + request.path,
        method: request.method,
        signal: deadline.signal,
        headers: headersOf(request, this.#options.userAgent, proof.authorization),
        ...(request.body !== undefined && { body: JSON.stringify(request.body) }),
      });
      return { response, deadline };
    } catch (error) {
      deadline.end();
      throw translate(request, deadline, timeoutMs, error);
    }
  }

  /** Returns when the call may be tried again, and throws the refusal when it may not. */
  async #recover(request: TransportRequest, spent: Spent, refusal: OperationError): Promise<void> {
    if (refusal.context['status'] === '401' && !spent.hasRenewed && this.#config.credentials.invalidate()) {
      spent.hasRenewed = true;
      return;
    }
    const { clock, random, retryBudgetMs } = this.#options;
    const waitMs = (refusal.retryAfterMs ?? Number.POSITIVE_INFINITY) + 50 * (1 + random());
    if (spent.retries >= maxRetries || spent.waitedMs + waitMs > retryBudgetMs) {
      throw refusal;
    }
    spent.retries += 1;
    spent.waitedMs += waitMs;
    await sleep(clock, waitMs, request.signal ?? new AbortController().signal);
  }
}

function headersOf(
  request: TransportRequest,
  userAgent: string,
  authorization: string | undefined,
): Record<string, string> {
  return {
    accept: request.accept ?? 'application/json',
    'user-agent': userAgent,
    ...(authorization !== undefined && { authorization }),
    ...(request.body !== undefined && { 'content-type': request.contentType ?? 'application/json' }),
  };
}

/** A kept connection that the server closed meanwhile: worth one try on a new one, where repeating is harmless. */
function mayReconnect(request: TransportRequest, spent: Spent, error: unknown): boolean {
  const code = error instanceof OperationError ? (error.cause as NodeJS.ErrnoException | undefined)?.code : undefined;
  if (
    request.method !== 'GET' ||
    spent.hasReconnected ||
    !['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE'].includes(code ?? '')
  ) {
    return false;
  }
  spent.hasReconnected = true;
  return true;
}

async function readRefusal(
  request: TransportRequest,
  { response, deadline }: Attempt,
  clock: Clock,
): Promise<OperationError> {
  let body: unknown;
  try {
    body = decode(request, response, await readBody(request, response, maxErrorBytes));
  } catch {
    // The status alone says enough when the body does not arrive, or is no JSON although it says so.
    body = undefined;
  } finally {
    deadline.end();
  }
  const retryAfterMs = [429, 503].includes(response.statusCode)
    ? parseRetryAfter(response.headers['retry-after'], clock.now())
    : undefined;
  return errorFromAnswer(request.call, response.statusCode, body, retryAfterMs);
}

async function readBody(
  request: TransportRequest,
  response: Dispatcher.ResponseData,
  maxBytes: number,
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response.body as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) {
      throw new OperationError(`${request.call.what}: answer is larger than ${maxBytes} bytes`, {
        code: 'API_UNAVAILABLE',
        retry: 'backoff',
        context: { call: request.call.what, reason: bodyTooLarge },
      });
    }
    chunks.push(chunk);
  }
  return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks, size);
}

function decode(request: TransportRequest, response: Dispatcher.ResponseData, bytes: Buffer): unknown {
  if (!String(response.headers['content-type'] ?? '').startsWith('application/json')) {
    return bytes.toString('utf8');
  }
  const parse = response.statusCode < 400 ? request.parse : undefined;
  try {
    return parse === undefined ? (JSON.parse(bytes.toString('utf8')) as unknown) : parse(bytes);
  } catch (error) {
    throw error instanceof SyntaxError ? unavailable(request.call, 'answer is not JSON') : error;
  }
}

function translate(request: TransportRequest, deadline: Deadline, timeoutMs: number, error: unknown): unknown {
  if (request.signal?.aborted) {
    return request.signal.reason;
  }
  if (deadline.isExpired) {
    return unavailable(request.call, `no answer within ${timeoutMs} ms`);
  }
  return error instanceof OperationError ? error : unavailable(request.call, describeCause(error), error);
}
