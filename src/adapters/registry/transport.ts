/** Sends one request to a registry: connection pools, redirects, bounds of size and time. Knows nothing of authentication. */
import { createHash, X509Certificate } from 'node:crypto';
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls';
import { Agent, type Dispatcher, request } from 'undici';
import { isOperationError } from '../../core/errors.ts';
import type { RegistryAccess } from '../../engine/ports/registry.ts';
import type { Answer } from './answer.ts';
import { invalidAnswer, invalidBundle, type Operation, unreachable } from './failure.ts';

export interface RegistryRequest {
  readonly operation: Operation;
  readonly method: 'GET' | 'HEAD';
  readonly url: URL;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly access: RegistryAccess;
  /** A longer body is an error; of an answer that is no success only the first 64 KiB are read. */
  readonly maxBytes: number;
  readonly signal: AbortSignal;
}

export interface Transport {
  /** @throws REGISTRY_UNREACHABLE, REGISTRY_ANSWER_INVALID; the reason of the signal when the caller aborts */
  send(request: RegistryRequest): Promise<Answer>;
  /** Ends all connections and requests. */
  close(): Promise<void>;
}

export interface TransportOptions {
  /** For one request with its redirects, from the queue to the last byte. */
  readonly timeoutMs: number;
  readonly userAgent: string;
}

const maxErrorBytes = 65_536;
const maxRedirects = 5;
const maxAgents = 32;
const redirectStatuses: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

export function createTransport(options: TransportOptions): Transport {
  const agents = new Map<string, Agent>();
  const lifetime = new AbortController();

  return {
    async send(wanted) {
      const agent = findAgent(agents, wanted);
      const deadline = new AbortController();
      // Not AbortSignal.timeout: that one keeps all of a request that has long ended until its time.
      const timer = setTimeout(() => deadline.abort(new DOMException('too slow', 'TimeoutError')), options.timeoutMs);
      const signal = AbortSignal.any([wanted.signal, lifetime.signal, deadline.signal]);
      try {
        return await sendFollowing({ ...wanted, signal }, { agent, options, caller: wanted.signal });
      } finally {
        clearTimeout(timer);
      }
    },
    async close() {
      lifetime.abort(new Error('the registry client was closed'));
      await Promise.all([...agents.values()].map((agent) => agent.destroy()));
    },
  };
}

interface Passage {
  readonly agent: Agent;
  readonly options: TransportOptions;
  /** The caller's own signal, to tell its abort from our deadline. */
  readonly caller: AbortSignal;
}

async function sendFollowing(first: RegistryRequest, passage: Passage): Promise<Answer> {
  let current = first;
  for (let hops = 0; ; hops += 1) {
    const answer = await sendOnce(current, passage);
    const location = redirectStatuses.has(answer.status) ? answer.headers['location'] : undefined;
    if (typeof location !== 'string') {
      return answer;
    }
    if (hops === maxRedirects) {
      throw invalidAnswer(first.operation, `more than ${maxRedirects} redirects, the last to ${current.url.host}`);
    }
    current = redirect(current, location);
  }
}

/** One hop. Another origin never sees the Authorization header, and what began with TLS stays with it. */
function redirect(from: RegistryRequest, location: string): RegistryRequest {
  const url = URL.parse(location, from.url.href);
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw invalidAnswer(from.operation, `${from.url.host} redirects to what is no http address`);
  }
  if (from.url.protocol === 'https:' && url.protocol === 'http:') {
    throw invalidAnswer(from.operation, `${from.url.host} redirects from https to http at ${url.host}`);
  }
  url.username = '';
  url.password = '';
  const { authorization, ...others } = from.headers;
  const keeps = url.origin === from.url.origin && authorization !== undefined;
  return { ...from, url, headers: keeps ? { ...others, authorization } : others };
}

async function sendOnce(wanted: RegistryRequest, { agent, options, caller }: Passage): Promise<Answer> {
  const { operation, method, url, headers, signal } = wanted;
  try {
    const response = await request(url, {
      method,
      headers: { ...headers, 'user-agent': options.userAgent },
      dispatcher: agent,
      signal,
      // undici gives up the connection after each HEAD otherwise, in fear of servers that send a body; then each digest would cost a handshake.
      reset: false,
      headersTimeout: options.timeoutMs,
      bodyTimeout: options.timeoutMs,
    });
    const { statusCode } = response;
    const isSuccess = statusCode >= 200 && statusCode < 300;
    const body = await readBody(response.body, isSuccess ? wanted.maxBytes : maxErrorBytes);
    if (body.isCut && isSuccess) {
      throw invalidAnswer(operation, `${url.host} answers with more than ${wanted.maxBytes} bytes`);
    }
    return { status: statusCode, headers: response.headers, body: body.bytes, origin: url.origin };
  } catch (error) {
    if (caller.aborted) {
      throw caller.reason;
    }
    if (isOperationError(error)) {
      throw error;
    }
    throw unreachable(operation, url, error, options.timeoutMs);
  }
}

async function readBody(
  body: Dispatcher.ResponseData['body'],
  maxBytes: number,
): Promise<{ readonly bytes: Buffer; readonly isCut: boolean }> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    chunks.push(bytes);
    if (size > maxBytes) {
      // Leaving the loop destroys the stream, and with it the connection: the rest is never read.
      return { bytes: Buffer.concat(chunks).subarray(0, maxBytes), isCut: true };
    }
  }
  return { bytes: Buffer.concat(chunks), isCut: false };
}

/** One pool for each set of trusted certificates. Rotated bundles must not collect pools for ever. */
function findAgent(agents: Map<string, Agent>, { access: { caBundle }, operation }: RegistryRequest): Agent {
  const key = caBundle === undefined ? '' : createHash('sha256').update(caBundle).digest('base64url');
  const known = agents.get(key);
  if (known !== undefined) {
    return known;
  }
  const secureContext = caBundle === undefined ? undefined : trust(caBundle, operation);
  const agent = new Agent({
    connections: 8,
    keepAliveTimeout: 30_000,
    maxHeaderSize: 32_768,
    connect: secureContext === undefined ? {} : { secureContext },
  });
  agents.set(key, agent);
  const [oldest] = agents;
  if (agents.size > maxAgents && oldest !== undefined) {
    agents.delete(oldest[0]);
    // Requests that still use it end first.
    oldest[1].close().catch(() => undefined);
  }
  return agent;
}

function trust(caBundle: string, operation: Operation): SecureContext {
  try {
    // Node takes a bundle without any certificate in silence; the failure would come later and look like the server's.
    new X509Certificate(caBundle);
    return createSecureContext({ ca: [...getCACertificates('default'), caBundle] });
  } catch (error) {
    throw invalidBundle(operation, error);
  }
}
