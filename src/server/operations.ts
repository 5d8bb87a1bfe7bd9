/** What the kubelet and Prometheus ask: /healthz, /readyz, /metrics. */
import Fastify, { type FastifyInstance } from 'fastify';
import type { Metrics } from '../telemetry/metrics.ts';

export interface OperationsOptions {
  readonly metrics: Metrics;
  /** Says what is not ready yet; undefined when all is. */
  readonly notReady: () => string | undefined;
}

/** The server, not yet listening. */
export function createOperationsServer({ metrics, notReady }: OperationsOptions): FastifyInstance {
  const server = Fastify({ logger: false, bodyLimit: 1_024 });
  server.get('/healthz', async () => 'ok\n');
  server.get('/readyz', async (_request, reply) => {
    const missing = notReady();
    return missing === undefined ? 'ok\n' : reply.code(503).send(`${missing}\n`);
  });
  server.get('/metrics', async (_request, reply) => {
    const text = await metrics.registry.metrics();
    return reply.type(metrics.registry.contentType).send(text);
  });
  return server;
}
