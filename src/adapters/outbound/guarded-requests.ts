/**
 * Fulfils the engine's Outbound: the one way to addresses that users name. Headgate stands inside of the cluster and a user may not; so
 * nothing is sent to where only Headgate gets, whatever a name resolves to and wherever an answer redirects.
 */
import { lookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { request } from 'undici';
import { isOperationError } from '../../core/errors.ts';
import type { Outbound, OutboundAnswer, OutboundRequest } from '../../engine/ports/outbound.ts';
import { type AgentPool, createAgentPool } from '../../network/agents.ts';
import type { Place } from '../../network/place-guard.ts';
import { bareHost, type ProxySettings } from '../../network/proxy.ts';
import { readBounded } from '../../network/read-bounded.ts';
import { invalidAnswer, invalidTls, refused, unreachable } from './failure.ts';
import { addressesOf, findObjection, type Rules } from './places.ts';

export interface GuardOptions {
  readonly allowance: Rules['allowance'];
  /** By address; asked before each request. */
  readonly apiServer: (signal: AbortSignal) => Promise<readonly Place[]>;
  readonly proxy: ProxySettings | undefined;
  readonly userAgent: string;
}

export interface GuardedRequests extends Outbound {
  /**
   * The address of a server that may be connected to by other means than HTTP.
   *
   * @throws OUTBOUND_REFUSED, OUTBOUND_ANSWER_INVALID when the name is not known
   */
  readonly addressOf: (host: string, port: number, signal: AbortSignal) => Promise<string>;
  /** Ends all connections and requests. */
  close(): Promise<void>;
}

const defaultMaxBytes = 1_048_576;
const defaultTimeoutMs = 10_000;
const defaultMaxRedirects = 3;
const redirectStatuses: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

interface Passage {
  readonly options: GuardOptions;
  readonly agents: AgentPool;
  readonly rules: Rules;
  /** The caller's own signal, to tell its abort from our deadline. */
  readonly caller: AbortSignal;
  readonly signal: AbortSignal;
}

interface Hop {
  readonly url: URL;
  readonly request: OutboundRequest;
}

export function createGuardedRequests(options: GuardOptions): GuardedRequests {
  let rules: Rules = { allowance: options.allowance, apiServer: [] };
  const agents = createAgentPool({ proxy: options.proxy, lookupAt: (port) => guardedLookup(() => rules, port) });
  const lifetime = new AbortController();

  return {
    async send(wanted, caller) {
      const deadline = new AbortController();
      const timeoutMs = wanted.timeoutMs ?? defaultTimeoutMs;
      // Not AbortSignal.timeout: that one keeps all of a request that has long ended until its time.
      const timer = setTimeout(() => deadline.abort(new DOMException('too slow', 'TimeoutError')), timeoutMs);
      const signal = AbortSignal.any([caller, lifetime.signal, deadline.signal]);
      try {
        rules = { allowance: options.allowance, apiServer: await options.apiServer(signal) };
        return await sendFollowing(wanted, { options, agents, rules, caller, signal });
      } finally {
        clearTimeout(timer);
      }
    },
    addressOf: async (host, port, signal) =>
      await addressOf({ allowance: options.allowance, apiServer: await options.apiServer(signal) }, { host, port }),
    async close() {
      lifetime.abort(new Error('the connections to the outside were closed'));
      await agents.destroy();
    },
  };
}

/** Of several addresses none may be an inner one: whoever connects does not choose. */
async function addressOf(rules: Rules, { host, port }: Place): Promise<string> {
  const addresses = isIP(host) === 0 ? ((await addressesOf(host)) ?? []) : [host];
  const wanted = { what: `connect to ${host}`, method: 'GET', url: '' } as const;
  const objections = addresses.map((one) => findObjection(rules, { host: one, port }, host.toLowerCase()));
  const because = objections.find((one) => one !== undefined);
  // One is connected to, and not every machine has a way for IPv6.
  const address = addresses.find((one) => isIP(one) === 4) ?? addresses[0];
  if (because !== undefined) {
    throw refused(wanted, `${host} ${because}`);
  }
  if (address === undefined) {
    throw invalidAnswer(wanted, 'its name is not known');
  }
  return address;
}

async function sendFollowing(wanted: OutboundRequest, passage: Passage): Promise<OutboundAnswer> {
  let hop: Hop = { url: parse(wanted), request: wanted };
  const most = wanted.maxRedirects ?? defaultMaxRedirects;
  for (let hops = 0; ; hops += 1) {
    await refuseInner(hop, passage);
    const answer = await sendOnce(hop, passage);
    const location = redirectStatuses.has(answer.status) ? answer.headers.get('location') : undefined;
    if (location === undefined || most === 0) {
      return answer;
    }
    if (hops === most) {
      throw invalidAnswer(wanted, `more than ${most} redirects, the last from ${hop.url.host}`);
    }
    hop = redirect(hop, answer.status, location);
  }
}

function parse(wanted: OutboundRequest): URL {
  const url = URL.parse(wanted.url);
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw refused(wanted, 'it is no http or https address');
  }
  if (url.username !== '' || url.password !== '') {
    throw refused(wanted, 'user and password stand in the address; put them into a Secret');
  }
  return url;
}

/** Addresses as written, and names that a proxy will resolve; other names are judged when they are connected to. */
async function refuseInner({ url, request: wanted }: Hop, { rules, agents }: Passage): Promise<void> {
  const host = bareHost(url);
  const isAddress = isIP(host) !== 0;
  const addresses = isAddress ? [host] : agents.isProxied(url) ? ((await addressesOf(host)) ?? []) : [];
  const objections = addresses.map((address) => findObjection(rules, { host: address, port: portOf(url) }, host));
  const objection = objections.find((one) => one !== undefined);
  if (objection !== undefined) {
    throw refused(wanted, `${url.host} ${objection}`);
  }
}

function portOf({ port, protocol }: URL): number {
  return port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port);
}

/** One hop. What began with TLS stays with it, and another origin is told nothing that was meant for the first. */
function redirect({ url: from, request: wanted }: Hop, status: number, location: string): Hop {
  const url = URL.parse(location, from.href);
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw refused(wanted, `${from.host} redirects to what is no http or https address`);
  }
  if (from.protocol === 'https:' && url.protocol === 'http:') {
    throw refused(wanted, `${from.host} redirects from https to http at ${url.host}`);
  }
  url.username = '';
  url.password = '';
  const request = from.origin === url.origin ? wanted : forStranger(wanted);
  const keepsBody = status === 307 || status === 308;
  if (keepsBody || request.body === undefined) {
    return { url, request };
  }
  const { body: _, ...rest } = request;
  return { url, request: { ...rest, method: 'GET' } };
}

/** What another origin may know. */
function forStranger({ tls: _, headers = {}, ...rest }: OutboundRequest): OutboundRequest {
  const kept = Object.entries(headers).filter(([name]) => name === 'accept' || name === 'content-type');
  return { ...rest, headers: Object.fromEntries(kept) };
}

async function sendOnce({ url, request: wanted }: Hop, passage: Passage): Promise<OutboundAnswer> {
  const { agents, options, caller, signal } = passage;
  const timeoutMs = wanted.timeoutMs ?? defaultTimeoutMs;
  try {
    const response = await request(url, {
      method: wanted.method,
      headers: { ...wanted.headers, 'user-agent': options.userAgent },
      ...(wanted.body === undefined ? {} : { body: wanted.body }),
      dispatcher: agents.agentFor(url, { ...wanted.tls, caBundle: wanted.caBundle }, (cause, part) =>
        invalidTls(wanted, cause, part),
      ),
      signal,
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
    });
    const maxBytes = wanted.maxBytes ?? defaultMaxBytes;
    const { bytes, isCut } = await readBounded(response.body, maxBytes);
    if (isCut && wanted.cutsBody !== true) {
      throw invalidAnswer(wanted, `${url.host} answers with more than ${maxBytes} bytes`);
    }
    return { status: response.statusCode, headers: headersOf(response.headers), body: bytes.toString('utf8'), bytes };
  } catch (error) {
    if (caller.aborted) {
      throw caller.reason;
    }
    if (error instanceof PlaceRefused) {
      throw refused(wanted, `${url.host} ${error.message}`);
    }
    throw isOperationError(error) ? error : unreachable(wanted, url, error, timeoutMs);
  }
}

function headersOf(headers: Readonly<Record<string, string | string[] | undefined>>): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, typeof value === 'string' ? value : value.join(', ')] as const],
    ),
  );
}

/** Resolves, judges all addresses, and hands exactly those to the connection. */
function guardedLookup(rules: () => Rules, port: number): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, options, (error, address, family) => {
      const addresses = Array.isArray(address) ? address.map((one) => one.address) : [address];
      const name = hostname.toLowerCase().replace(/\.$/, '');
      const objections =
        error === null ? addresses.map((one) => findObjection(rules(), { host: one, port }, name)) : [];
      const objection = objections.find((one) => one !== undefined);
      if (objection !== undefined) {
        callback(new PlaceRefused(objection), '', 4);
        return;
      }
      callback(error, address, family);
    });
  };
}

class PlaceRefused extends Error {
  readonly code = 'PLACE_REFUSED';
}
