/**
 * Who calls: by a token, by a proxy in front of us, by a session, or nobody in particular.
 *
 * What is said and does not hold is refused; it is never taken for nothing said.
 */
import { type BlockList, isIPv6 } from 'node:net';
import type { FastifyRequest } from 'fastify';
import type { Caller } from '../../core/access/caller.ts';
import { callerOfProxy } from '../../core/access/proxied.ts';
import type { FailureLimit } from './failure-limit.ts';
import { Problem } from './problem.ts';
import type { Rights } from './rights.ts';
import { requireOwnPage, type SessionContent, type Sessions } from './sessions.ts';

export interface FrontProxy {
  /** Addresses and ranges whose headers are believed. */
  readonly from: BlockList;
  /** In lower case. */
  readonly userHeader: string;
  readonly groupHeader: string;
}

export interface AuthenticationParts {
  readonly rights: Rights;
  readonly sessions: Sessions;
  readonly failures: FailureLimit;
  readonly proxy: FrontProxy | undefined;
}

export interface Identity {
  readonly caller: Caller | undefined;
  readonly via: 'Token' | 'Proxy' | 'Session' | 'Anonymous';
  readonly session: SessionContent | undefined;
}

const safeMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/** @throws Problem `unauthorized`, `forbidden` for a request of another page, `too-many-requests` */
export async function authenticate(parts: AuthenticationParts, request: FastifyRequest): Promise<Identity> {
  const isSafe = safeMethods.has(request.method);
  if (!isSafe && request.headers['sec-fetch-site'] === 'cross-site') {
    throw new Problem('forbidden', 'a page of another site may not do this');
  }
  const identity = await identify(parts, request);
  const isOfBrowser = identity.via === 'Session' || identity.via === 'Proxy';
  if (!isSafe && isOfBrowser) {
    requireOwnPage(request, identity.session);
  }
  return identity;
}

async function identify(parts: AuthenticationParts, request: FastifyRequest): Promise<Identity> {
  const { rights, sessions } = parts;
  const { authorization } = request.headers;
  if (authorization !== undefined) {
    return { caller: await callerOfHeader(parts, request, authorization), via: 'Token', session: undefined };
  }
  const session = sessions.find(request);
  const proxied = callerByProxy(parts.proxy, request);
  if (proxied) {
    const isTheirs = session?.caller?.name === proxied.name;
    return { caller: proxied, via: 'Proxy', session: isTheirs ? session : undefined };
  }
  const caller = session?.token === undefined ? session?.caller : await rights.identify(session.token);
  return caller
    ? { caller, via: 'Session', session }
    : { caller: rights.anonymous, via: 'Anonymous', session: undefined };
}

async function callerOfHeader(
  parts: AuthenticationParts,
  { peer }: FastifyRequest,
  authorization: string,
): Promise<Caller> {
  const [, token] = /^Bearer +([\x21-\x7e]+)$/i.exec(authorization) ?? [];
  return await callerOfToken(parts, token ?? '', peer.client);
}

/** @throws Problem `unauthorized`, `too-many-requests` after many that were not good */
export async function callerOfToken(
  { rights, failures }: Pick<AuthenticationParts, 'rights' | 'failures'>,
  token: string,
  address: string,
): Promise<Caller> {
  requirePatience(failures, address);
  const caller = await rights.identify(token);
  if (!caller) {
    failures.note(address);
    throw new Problem('unauthorized', 'the token is not good, or not any more', { 'www-authenticate': 'Bearer' });
  }
  return caller;
}

/** @throws Problem `too-many-requests` */
export function requirePatience(failures: FailureLimit, address: string): void {
  const seconds = failures.retryAfter(address);
  if (seconds !== undefined) {
    throw new Problem('too-many-requests', 'too many sign-ins from this address have failed', {
      'retry-after': String(seconds),
    });
  }
}

/** @throws Problem `unauthorized` for what the proxy must not say */
function callerByProxy(proxy: FrontProxy | undefined, { raw, peer }: FastifyRequest): Caller | undefined {
  const names = proxy === undefined ? [] : (raw.headersDistinct[proxy.userHeader] ?? []);
  // The connection's own: what a header says of it can be made up.
  if (proxy === undefined || names.length === 0 || !isFrom(proxy.from, peer.connection)) {
    return undefined;
  }
  const groups = (raw.headersDistinct[proxy.groupHeader] ?? []).flatMap((line) => line.split(','));
  const [name = ''] = names;
  const told = groups.map((group) => group.trim()).filter((group) => group !== '');
  const caller = names.length === 1 ? callerOfProxy(name, told) : undefined;
  if (!caller) {
    throw new Problem('unauthorized', 'the proxy says a name or a group that it may not say');
  }
  return caller;
}

function isFrom(list: BlockList, address: string): boolean {
  const plain = address.replace(/^::ffff:(?=[0-9.]+$)/, '');
  return list.check(plain, isIPv6(plain) ? 'ipv6' : 'ipv4');
}
