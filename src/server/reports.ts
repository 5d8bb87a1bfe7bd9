/** Takes reports of outcomes from clusters that are anybody: bounded in size, number and time, and telling nothing. */
import { createHash, timingSafeEqual } from 'node:crypto';
import Fastify, { type FastifyInstance } from 'fastify';
import { describeError, isOperationError } from '../core/errors.ts';
import type { Logger } from '../telemetry/log.ts';

export interface ReportServerOptions {
  /** @returns undefined: it is taken, also where nobody wants it. @throws CHANNEL_INVALID */
  readonly take: (channel: ReportedChannel, body: string) => Promise<'Taken' | 'Unknown'>;
  /** What has to be known to report; undefined: nothing. @throws where it cannot be read */
  readonly tokenOf: (channel: ReportedChannel) => Promise<string | undefined>;
  /** The time in milliseconds. */
  readonly nowMs: () => number;
  readonly log: Logger;
}

export interface ReportedChannel {
  readonly namespace: string;
  readonly name: string;
}

const maxBodyBytes = 4_096;
const maxConnections = 512;
/** Verifying a signature takes 0.1 ms; so this is 2 % of a core. */
const reportsPerSecond = 200;
const burst = 1_000;

const names = /^\/reports\/([a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?)\/([a-z0-9](?:[-a-z0-9.]{0,61}[a-z0-9])?)$/;

/** The server, not yet listening. */
export function createReportServer(options: ReportServerOptions): FastifyInstance {
  const server = Fastify({
    logger: false,
    bodyLimit: maxBodyBytes,
    requestTimeout: 10_000,
    keepAliveTimeout: 5_000,
    forceCloseConnections: true,
    http: { headersTimeout: 10_000, maxHeaderSize: 8_192 },
  });
  server.server.maxConnections = maxConnections;
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body));
  const mayPass = createBucket(options.nowMs);
  server.post('/reports/*', async (request, reply) => {
    if (!mayPass()) {
      return reply.code(429).header('retry-after', '60').send();
    }
    const channel = channelOf(request.url);
    if (channel === undefined) {
      return reply.code(404).send();
    }
    const token = await options.tokenOf(channel);
    if (token !== undefined && !isSame(request.headers.authorization ?? '', `Bearer ${token}`)) {
      return reply.code(401).send();
    }
    const reception = await options.take(channel, typeof request.body === 'string' ? request.body : '');
    return reply.code(reception === 'Taken' ? 202 : 404).send();
  });
  server.setNotFoundHandler((_request, reply) => reply.code(404).send());
  server.setErrorHandler((error, _request, reply) => {
    const status = error instanceof Error && 'statusCode' in error ? error.statusCode : undefined;
    const isOfClient = isOperationError(error, 'CHANNEL_INVALID');
    if (!isOfClient && typeof status !== 'number') {
      options.log.warn('report was not taken', { error: describeError(error) });
    }
    return reply.code(isOfClient ? 400 : typeof status === 'number' && status < 500 ? status : 503).send();
  });
  return server;
}

function channelOf(url: string): ReportedChannel | undefined {
  const [, namespace, name] = names.exec(url) ?? [];
  return namespace === undefined || name === undefined ? undefined : { namespace, name };
}

/** Whatever the lengths, the same time. */
function isSame(left: string, right: string): boolean {
  const hash = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(left), hash(right));
}

/** So many each second, and some more at once. */
function createBucket(nowMs: () => number): () => boolean {
  let left = burst;
  let before = nowMs();
  return () => {
    const now = nowMs();
    left = Math.min(burst, left + (Math.max(0, now - before) / 1_000) * reportsPerSecond);
    before = now;
    if (left < 1) {
      return false;
    }
    left -= 1;
    return true;
  };
}
