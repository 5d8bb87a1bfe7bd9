/** Sends one request to a registry: connection pools, redirects, bounds of size and time. Knows nothing of authentication. */
import { isIP } from 'node:net';
import { Readable } from 'node:stream';
import { type Dispatcher, request } from 'undici';
import { isOperationError } from '../../core/errors.ts';
import type { RegistryAccess } from '../../engine/ports/registry.ts';
import { type AgentPool, createAgentPool } from '../../network/agents.ts';
import { guardWithoutCluster, PlaceForbidden, type PlaceGuard } from '../../network/place-guard.ts';
import { bareHost, type ProxySettings } from '../../network/proxy.ts';
import { readBounded } from '../../network/read-bounded.ts';
import type { Answer } from './answer.ts';
import { invalidAnswer, invalidBundle, type Operation, unreachable } from './failure.ts';
import { findTrespass } from './hop-guard.ts';

export interface RegistryRequest {
  readonly operation: Operation;
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT';
  readonly url: URL;
  /** Who named the address; undefined: the App or we ourselves. It must not lead further into the network than it lies itself. */
  readonly namedBy?: URL;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Only with POST and PUT, which follow no redirect. A function may be called again for the same request. */
  readonly body?: string | Uint8Array | (() => AsyncIterable<Uint8Array>);
  readonly access: RegistryAccess;
  /** A longer body is an error; of an answer that is no success only the first 64 KiB are read. */
  readonly maxBytes: number;
  /** Takes the body of a success piece by piece; the answer then has none. What it throws ends the request. */
  readonly consume?: (body: AsyncIterable<Buffer>, headers: Answer['headers']) => Promise<void>;
  readonly signal: AbortSignal;
  /** Longer than the transport's own; for what is large. */
  readonly timeoutMs?: number | undefined;
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
  readonly proxy?: ProxySettings | undefined;
  /** Where nothing is ever sent. Default: link-local addresses. */
  readonly guard?: PlaceGuard | undefined;
  /** For the metadata servers of clouds; no registry is there. Default false. */
  readonly allowLinkLocal?: boolean;
}

const maxErrorBytes = 65_536;
const maxRedirects = 5;
const redirectStatuses: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

export function createTransport(options: TransportOptions): Transport {
  const { proxy } = options;
  const guard = options.allowLinkLocal ? undefined : (options.guard ?? guardWithoutCluster());
  const agents = createAgentPool({ proxy, lookupAt: guard?.lookupAt });
  const lifetime = new AbortController();

  return {
    async send(wanted) {
      const deadline = new AbortController();
      const timeoutMs = wanted.timeoutMs ?? options.timeoutMs;
      // Not AbortSignal.timeout: that one keeps all of a request that has long ended until its time.
      const timer = setTimeout(() => deadline.abort(new DOMException('too slow', 'TimeoutError')), timeoutMs);
      const signal = AbortSignal.any([wanted.signal, lifetime.signal, deadline.signal]);
      try {
        return await sendFollowing({ ...wanted, signal }, { agents, guard, options, caller: wanted.signal });
      } finally {
        clearTimeout(timer);
      }
    },
    async close() {
      lifetime.abort(new Error('the registry client was closed'));
      await agents.destroy();
    },
  };
}

interface Passage {
  readonly agents: AgentPool;
  readonly guard: PlaceGuard | undefined;
  readonly options: TransportOptions;
  /** The caller's own signal, to tell its abort from our deadline. */
  readonly caller: AbortSignal;
}

async function sendFollowing(first: RegistryRequest, passage: Passage): Promise<Answer> {
  let current = first;
  for (let hops = 0; ; hops += 1) {
    await refuseTrespass(current, passage);
    const answer = await sendOnce(current, passage);
    const location = redirectStatuses.has(answer.status) ? answer.headers['location'] : undefined;
    if (typeof location !== 'string' || first.body !== undefined) {
      return answer;
    }
    if (hops === maxRedirects) {
      throw invalidAnswer(first.operation, `more than ${maxRedirects} redirects, the last to ${current.url.host}`);
    }
    current = redirect(current, location);
  }
}

async function refuseTrespass(wanted: RegistryRequest, { agents, guard }: Passage): Promise<void> {
  const { url, namedBy, operation, signal } = wanted;
  const host = bareHost(url);
  await guard?.refresh(signal);
  // Names are judged when they are connected to. One that a proxy connects to may be unknown here, and asking for it can take many seconds
  // of the few threads that there are: where it leads is for the proxy to judge.
  if (guard !== undefined && isIP(host) !== 0) {
    await refuseForbidden(wanted, guard);
  }
  const trespass = namedBy && (await findTrespass(namedBy, url, agents.isProxied));
  if (trespass !== undefined) {
    throw invalidAnswer(operation, `${trespass}; nothing was sent there`);
  }
}

async function refuseForbidden({ url, operation, signal }: RegistryRequest, guard: PlaceGuard): Promise<void> {
  try {
    await guard.addressesOf({ host: bareHost(url), port: portOf(url) }, signal);
  } catch (error) {
    throw error instanceof PlaceForbidden ? forbidden(operation, error) : error;
  }
}

function forbidden(operation: Operation, { message }: PlaceForbidden): Error {
  return invalidAnswer(operation, `${message}, where no registry is; nothing was sent there`);
}

function portOf({ port, protocol }: URL): number {
  return port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port);
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
  return { ...from, url, namedBy: from.namedBy ?? from.url, headers: keeps ? { ...others, authorization } : others };
}

async function sendOnce(wanted: RegistryRequest, { agents, options, caller }: Passage): Promise<Answer> {
  const { operation, method, url, headers, body: content, access, signal } = wanted;
  const timeoutMs = wanted.timeoutMs ?? options.timeoutMs;
  try {
    const response = await request(url, {
      method,
      headers: { ...headers, 'user-agent': options.userAgent },
      ...(content === undefined ? {} : { body: typeof content === 'function' ? Readable.from(content()) : content }),
      dispatcher: agents.agentFor(url, { caBundle: access.caBundle }, (cause) => invalidBundle(operation, cause)),
      signal,
      // undici gives up the connection after each HEAD otherwise, in fear of servers that send a body; then each digest would cost a handshake.
      reset: false,
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
    });
    const body = await takeBody(response, wanted);
    return { status: response.statusCode, headers: response.headers, body, origin: url.origin, access };
  } catch (error) {
    if (caller.aborted) {
      throw caller.reason;
    }
    if (isOperationError(error)) {
      throw error;
    }
    if (error instanceof PlaceForbidden) {
      throw forbidden(operation, error);
    }
    throw unreachable(operation, url, error, timeoutMs);
  }
}

/** Of a success everything, up to the bound; of anything else the beginning. */
async function takeBody(
  { statusCode, headers, body }: Dispatcher.ResponseData,
  wanted: RegistryRequest,
): Promise<Buffer> {
  const isSuccess = statusCode >= 200 && statusCode < 300;
  if (isSuccess && wanted.consume !== undefined) {
    await wanted.consume(boundedBody(body, wanted), headers);
    return Buffer.alloc(0);
  }
  const { bytes, isCut } = await readBounded(body, isSuccess ? wanted.maxBytes : maxErrorBytes);
  if (isCut && isSuccess) {
    throw invalidAnswer(wanted.operation, `${wanted.url.host} answers with more than ${wanted.maxBytes} bytes`);
  }
  return bytes;
}

async function* boundedBody(
  body: Dispatcher.ResponseData['body'],
  { maxBytes, url, operation }: RegistryRequest,
): AsyncGenerator<Buffer> {
  let size = 0;
  for await (const chunk of body) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > maxBytes) {
      throw invalidAnswer(operation, `${url.host} answers with more than ${maxBytes} bytes`);
    }
    yield bytes;
  }
}
