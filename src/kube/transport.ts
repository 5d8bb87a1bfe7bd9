/**
 * Requests to one API server: authentication, limits of time and size, retries that the server asked for, errors.
 *
 * Retried here is only what cannot have happened: 429 and 503 with Retry-After (as client-go does, for every method),
 * a 401 once with fresh credentials, and a GET whose kept connection turned out to be dead. The rest is the caller's.
 */
import { isOperationError, OperationError } from '../core/errors.ts';
import { type AgentPool, createAgentPool, type SocketAccess } from './agents.ts';
import { decodeBody, joinHeaders, readStart } from './answer-body.ts';
import { type CallDescription, describeCause, errorFromAnswer, unavailable } from './api-error.ts';
import { type Clock, type Random, sleep } from './clock.ts';
import type { KubeConfig } from './config.ts';
import { type Deadline, startDeadline } from './deadline.ts';
import { parseRetryAfter } from './retry-after.ts';
import { AnswerTooLarge, fetchWhole, type WholeAnswer } from './whole-answer.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export interface TransportRequest {
  readonly call: CallDescription;
  readonly method: Method;
  /** Absolute path with its query. */
  readonly path: string;
  readonly accept?: string;
  /** Another user in whose name the call is made. */
  readonly impersonate?: string | undefined;
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
  /** Once, whatever the status: it is the word of something behind the API server. */
  pass(request: PassRequest): Promise<PassedAnswer>;
  /** What a WebSocket to a path needs, with the credentials of now. */
  socketAccess(request: TransportRequest): Promise<SocketAccess>;
  close(): Promise<void>;
}

/** What is passed on to something behind the API server, as it is. */
export interface PassRequest {
  /** For errors. */
  readonly what: string;
  readonly method: Method | 'HEAD';
  /** Absolute path with its query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** From the request to the last byte of its answer. */
  readonly timeoutMs: number;
  /** Of the answer's body; the rest is cut. */
  readonly maxBytes: number;
  readonly signal: AbortSignal;
}

export interface PassedAnswer {
  readonly status: number;
  /** By lower-case name; several of one name are joined by a comma. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly isCut: boolean;
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

/** The same of `pass` for an answer that did not come in time. */
export const noAnswerInTime = 'NoAnswerInTime';

const maxRetries = 8;
const maxErrorBytes = 64 * 1024;

/** What one call has used up of its retries. */
interface Spent {
  retries: number;
  waitedMs: number;
  hasRenewed: boolean;
  hasReconnected: boolean;
}

/** What an attempt came to: a refusal is told apart from an error, because the server may allow another attempt. */
type Outcome<T> = { readonly answer: T } | { readonly refusal: OperationError };

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

  send(request: TransportRequest): Promise<Answer> {
    return this.#untilFinal(request, () => this.#sendOnce(request));
  }

  open(request: TransportRequest, silenceMs: number): Promise<OpenAnswer> {
    return this.#untilFinal(request, () => this.#openOnce(request, silenceMs));
  }

  async pass(passed: PassRequest): Promise<PassedAnswer> {
    const { what, method, path, headers, body, timeoutMs, maxBytes, signal } = passed;
    const request = { call: { what }, method: 'GET', path, signal } as const;
    const deadline = startDeadline(this.#options.clock, timeoutMs, signal);
    try {
      const { agents, options } = await this.#prepare(request, deadline.signal);
      const own = { ...headers, ...options.headers, accept: headers['accept'] ?? '*/*' };
      const content = { method, headers: own, ...(body === undefined ? {} : { body }), signal: deadline.signal };
      const answer = await agents.calls.request({ ...options, ...content });
      const { bytes, isCut } = await readStart(answer.body, maxBytes);
      return { status: answer.statusCode, headers: joinHeaders(answer.headers), body: bytes, isCut };
    } catch (error) {
      const failure = translate(request, deadline, timeoutMs, error);
      throw deadline.isExpired && isOperationError(failure) ? late(failure) : failure;
    } finally {
      deadline.end();
    }
  }

  async socketAccess(request: TransportRequest): Promise<SocketAccess> {
    const { agents, options } = await this.#prepare(request, request.signal ?? new AbortController().signal);
    const { accept: _, ...headers } = options.headers;
    return { url: `${options.origin.replace(/^http/, 'ws')}${options.path}`, headers, dispatcher: agents.watches };
  }

  close(): Promise<void> {
    return this.#pool.destroy();
  }

  /** Repeats until the answer is final. What it returns is a success; everything else is thrown. */
  async #untilFinal<T>(request: TransportRequest, attempt: () => Promise<Outcome<T>>): Promise<T> {
    const spent: Spent = { retries: 0, waitedMs: 0, hasRenewed: false, hasReconnected: false };
    for (;;) {
      request.signal?.throwIfAborted();
      try {
        const outcome = await attempt();
        if ('answer' in outcome) {
          return outcome.answer;
        }
        await this.#recover(request, spent, outcome.refusal);
      } catch (error) {
        if (!mayReconnect(request, spent, error)) {
          throw error;
        }
      }
    }
  }

  async #sendOnce(request: TransportRequest): Promise<Outcome<Answer>> {
    const { clock, timeoutMs } = this.#options;
    const deadline = startDeadline(clock, timeoutMs, request.signal);
    try {
      const { agents, options } = await this.#prepare(request, deadline.signal);
      const largest = request.maxBodyBytes ?? this.#options.maxBodyBytes;
      const maxBytes = (status: number) => (status < 400 ? largest : maxErrorBytes);
      const answer = await fetchWhole(agents.calls, options, { signal: deadline.signal, maxBytes });
      return answer.status < 400
        ? { answer: { status: answer.status, body: decodeBody(request.call, answer, request.parse) } }
        : { refusal: refusalOf(request, answer, clock) };
    } catch (error) {
      if (error instanceof AnswerTooLarge && error.status >= 400) {
        return {
          refusal: refusalOf(request, { status: error.status, headers: error.headers, bytes: Buffer.alloc(0) }, clock),
        };
      }
      throw translate(request, deadline, timeoutMs, error);
    } finally {
      deadline.end();
    }
  }

  async #openOnce(request: TransportRequest, silenceMs: number): Promise<Outcome<OpenAnswer>> {
    const { clock } = this.#options;
    const deadline = startDeadline(clock, silenceMs, request.signal);
    try {
      const { agents, options } = await this.#prepare(request, deadline.signal);
      const { statusCode, headers, body } = await agents.watches.request({ ...options, signal: deadline.signal });
      if (statusCode < 400) {
        return { answer: { body, deadline } };
      }
      const { bytes } = await readStart(body, maxErrorBytes);
      deadline.end();
      return { refusal: refusalOf(request, { status: statusCode, headers, bytes }, clock) };
    } catch (error) {
      deadline.end();
      throw translate(request, deadline, silenceMs, error);
    }
  }

  async #prepare(request: TransportRequest, signal: AbortSignal) {
    const proof = await this.#config.credentials.current(signal);
    const options = {
      origin: this.#origin,
      path: this.#prefix + request.path,
      method: request.method,
      headers: headersOf(request, this.#options.userAgent, proof.authorization),
      ...(request.body !== undefined && { body: JSON.stringify(request.body) }),
    };
    return { agents: this.#pool.agentsFor(proof.clientCertificate), options };
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
    ...(request.impersonate !== undefined && { 'impersonate-user': request.impersonate }),
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

function refusalOf(request: TransportRequest, answer: WholeAnswer, clock: Clock): OperationError {
  const { status, headers } = answer;
  let body: unknown;
  try {
    body = decodeBody(request.call, answer);
  } catch {
    // The status alone says enough where the body is too large, cut, or no JSON although it says so.
    body = undefined;
  }
  const retryAfterMs =
    status === 429 || status === 503 ? parseRetryAfter(headers['retry-after'], clock.now()) : undefined;
  return errorFromAnswer(request.call, status, body, retryAfterMs);
}

function late({ message, context }: OperationError): OperationError {
  const told = { ...context, reason: noAnswerInTime };
  return new OperationError(message, { code: 'API_UNAVAILABLE', retry: 'backoff', context: told });
}

function translate(request: TransportRequest, deadline: Deadline, timeoutMs: number, error: unknown): unknown {
  if (request.signal?.aborted) {
    return request.signal.reason;
  }
  if (deadline.isExpired) {
    return unavailable(request.call, `no answer within ${timeoutMs} ms`);
  }
  if (error instanceof AnswerTooLarge) {
    const { what } = request.call;
    const context = { call: what, reason: bodyTooLarge };
    return new OperationError(`${what}: ${error.message}`, { code: 'API_UNAVAILABLE', retry: 'backoff', context });
  }
  return error instanceof OperationError ? error : unavailable(request.call, describeCause(error), error);
}
