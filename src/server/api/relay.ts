/**
 * Requests that reach a replica that stands by go on to the one that works, streams too.
 *
 * Who asked is told along, sealed, so that the other replica can believe it; where both have no common secret, it only knows this replica.
 */
import { request as sendRequest } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import Type, { type Static } from 'typebox';
import { Check } from 'typebox/value';
import type { Clock } from '../../engine/ports/clock.ts';
import { Problem } from './problem.ts';
import type { Sealer } from './sealed.ts';

/** The way to the replica that works. */
export interface ApiRelay {
  /** `host:port`; undefined when nobody is known to work. */
  findAddress(): Promise<string | undefined>;
  readonly sealer: Sealer;
}

const Peer = Type.Object({
  /** Of the connection, as against what headers say of it. */
  connection: Type.String(),
  /** Of whoever asks, by X-Forwarded-For of trusted proxies. */
  client: Type.String(),
});

export type Peer = Static<typeof Peer>;

const relayedHeader = 'headgate-relayed';
const goodForMs = 60_000;
const connectTimeoutMs = 5_000;

/** Of a connection and not of what goes over it (RFC 9110 section 7.6.1). */
const ownHeaders = new Set(['connection', 'keep-alive', 'te', 'transfer-encoding', 'upgrade', relayedHeader]);

/** Who is at the other end: of a request that another replica handed on, whom that one saw. */
export function peerOf(request: FastifyRequest, { sealer, clock }: { sealer: Sealer; clock: Clock }): Peer {
  const header = request.headers[relayedHeader];
  const told = typeof header === 'string' ? sealer.open(relayedHeader, header, clock.now()) : undefined;
  return Check(Peer, told) ? told : { connection: request.raw.socket.remoteAddress ?? '', client: request.ip };
}

/**
 * Hands the request on.
 *
 * @throws Problem `unavailable` when nobody works, or the request was handed on already
 */
export async function handOn(
  relay: ApiRelay,
  { clock }: { readonly clock: Clock },
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  const address = request.headers[relayedHeader] === undefined ? await relay.findAddress() : undefined;
  if (address === undefined) {
    throw standby();
  }
  const peer: Peer = peerOf(request, { sealer: relay.sealer, clock });
  const sealed = relay.sealer.seal(relayedHeader, peer, new Date(clock.now().getTime() + goodForMs));
  const headers = Object.entries(request.raw.headersDistinct).filter(([name]) => !ownHeaders.has(name));
  const [host = '', port = ''] = /^(.*):([0-9]+)$/.exec(address)?.slice(1) ?? [];
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const sent = sendRequest({
    host: host.replace(/^\[|\]$/g, ''),
    port: Number(port),
    method: request.method,
    path: request.raw.url,
    headers: { ...Object.fromEntries(headers), host: request.raw.headers.host, [relayedHeader]: sealed },
    agent: false,
  });
  sent.setTimeout(connectTimeoutMs, () => sent.destroy(new Error('no answer in time')));
  sent.once('response', (answer) => {
    sent.setTimeout(0);
    reply.hijack();
    reply.raw.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(reply.raw);
    answer.once('error', () => reply.raw.destroy());
    reply.raw.once('close', () => answer.destroy());
    resolve();
  });
  sent.once('error', () => reject(standby()));
  request.raw.pipe(sent);
  await promise;
}

function standby(): Problem {
  return new Problem('unavailable', 'this replica stands by, and the one that works cannot be reached; try again', {
    'retry-after': '2',
  });
}
