/**
 * What box/kube-applier serves: a status page of the last runs, metrics, and `POST /api/v1/forceRun` with its answers
 * (webserver/webserver.go).
 */
import Fastify, { type FastifyInstance, type FastifyReply } from 'fastify';
import type { ApplierRun } from '../core/kube-applier/applier-run.ts';
import type { ApplierMetrics } from '../telemetry/applier-metrics.ts';
import { renderApplierPage } from './applier-html.ts';

export interface ApplierPageOptions {
  /** Newest first. */
  readonly runs: () => readonly ApplierRun[];
  /** What kept the last attempt from running at all. */
  readonly trouble: () => string | undefined;
  readonly askForFullRun: () => void;
  /** `%s` stands for the commit. */
  readonly diffUrlFormat: string | undefined;
  readonly metrics: Pick<ApplierMetrics, 'registry'>;
}

const queued = { result: 'success', message: 'Run queued, will begin upon completion of current run.' };
const notPost = { result: 'error', message: 'Error: force rejected, must be a POST request.' };

/** No script, nothing from elsewhere: what a file's output says stays text. */
const contentPolicy =
  "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/** Of every page. */
export const pageHeaders = {
  'content-type': 'text/html; charset=UTF-8',
  'content-security-policy': contentPolicy,
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
} as const;

/** The server, not yet listening. */
export function createApplierServer(options: ApplierPageOptions): FastifyInstance {
  const server = Fastify({ logger: false, bodyLimit: 4_096 });
  // Its caller sends no body, or a form.
  server.addContentTypeParser('*', { parseAs: 'string' }, (_request, _body, done) => done(null, undefined));
  server.get('/', async (_request, reply) => {
    const { runs, trouble, diffUrlFormat } = options;
    const html = renderApplierPage({ runs: runs(), trouble: trouble(), diffUrlFormat });
    return reply.headers(pageHeaders).send(html);
  });
  server.get('/healthz', async () => 'ok\n');
  server.get('/metrics', async (_request, reply) => {
    const { registry } = options.metrics;
    return reply.type(registry.contentType).send(await registry.metrics());
  });
  server.route({
    method: ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'POST'],
    url: '/api/v1/forceRun',
    handler: async (request, reply) => {
      if (request.method !== 'POST') {
        return answer(reply.code(400), notPost);
      }
      options.askForFullRun();
      return answer(reply, queued);
    },
  });
  return server;
}

/** As Go's JSON encoder writes it, with the line end. */
export function answer(reply: FastifyReply, body: object): FastifyReply {
  return reply.type('application/json; charset=UTF-8').send(`${JSON.stringify(body)}\n`);
}
