/**
 * What utilitywarehouse/kube-applier serves: a status page of the namespaces, metrics, and `POST /api/v1/forceRun` with the form
 * field `namespace` and its answers (webserver/webserver.go).
 */
import Fastify, { type FastifyInstance } from 'fastify';
import type { Registry } from 'prom-client';
import type { Waybill } from '../core/kube-applier/waybill.ts';
import { escapeHtml, renderPage } from './applier-html.ts';
import { answer, pageHeaders } from './applier-page.ts';

export interface WaybillPageOptions {
  readonly list: () => readonly Waybill[];
  /** False when the namespace has no Waybill. */
  readonly force: (namespace: string) => boolean;
  readonly registry: Registry;
}

const longestForm = 4_096;

/** The server, not yet listening. */
export function createWaybillServer({ list, force, registry }: WaybillPageOptions): FastifyInstance {
  const server = Fastify({ logger: false, bodyLimit: longestForm });
  server.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) =>
    done(null, new URLSearchParams(String(body))),
  );
  server.get('/', async (_request, reply) => reply.headers(pageHeaders).send(renderPage(renderWaybills(list()))));
  server.get('/healthz', async () => 'ok\n');
  for (const path of ['/metrics', '/__/metrics']) {
    server.get(path, async (_request, reply) => reply.type(registry.contentType).send(await registry.metrics()));
  }
  server.route<{ Querystring: { namespace?: unknown } }>({
    method: ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'POST'],
    url: '/api/v1/forceRun',
    handler: async (request, reply) => {
      if (request.method !== 'POST') {
        return answer(reply.code(400), { result: 'error', message: 'must be a POST request' });
      }
      const given = request.body instanceof URLSearchParams ? request.body.get('namespace') : request.query.namespace;
      const namespace = typeof given === 'string' ? given : '';
      if (namespace === '') {
        return answer(reply.code(400), { result: 'error', message: 'empty namespace value' });
      }
      return force(namespace)
        ? answer(reply, { result: 'success', message: 'Run queued' })
        : answer(reply.code(400), { result: 'error', message: `cannot find Waybills in namespace '${namespace}'` });
    },
  });
  return server;
}

function renderWaybills(waybills: readonly Waybill[]): string {
  return waybills.length === 0 ? '<p>There is no Waybill.</p>' : waybills.map(renderWaybill).join('\n');
}

function renderWaybill({ namespace, name, path, autoApply, dryRun, lastRun }: Waybill): string {
  const facts = [
    ['Folder', path],
    ['Applied by itself', autoApply ? 'yes' : 'no'],
    ['Dry run', dryRun ? 'yes' : 'no'],
    ...(lastRun
      ? [
          ['Last run', lastRun.type],
          ['Commit', lastRun.commit],
          ['Started', lastRun.startedAt.toISOString()],
          ['Finished', lastRun.finishedAt.toISOString()],
        ]
      : []),
  ];
  const outcome = lastRun === undefined ? 'not run yet' : lastRun.success ? 'success' : 'failure';
  const form = `<form method="post" action="api/v1/forceRun"><input type="hidden" name="namespace" value="${escapeHtml(namespace)}"><button type="submit">Force a run of ${escapeHtml(namespace)}</button></form>`;
  return `<section><h2>${escapeHtml(`${namespace}/${name}: ${outcome}`)}</h2>
<dl>${facts.map(([term, value]) => `<dt>${term}</dt><dd>${escapeHtml(value ?? '')}</dd>`).join('')}</dl>
<pre>${escapeHtml([lastRun?.errorMessage, lastRun?.output].filter(Boolean).join('\n'))}</pre>
${form}
</section>`;
}
