/** The API described by itself: OpenAPI made from the schemas of the routes, and a page of it for people. */
import { createHash } from 'node:crypto';
import swagger from '@fastify/swagger';
import type { FastifyInstance, FastifySchema } from 'fastify';
import { describePage, pageStyle } from './description-page.ts';
import { ProblemSchema } from './problem.ts';

const about =
  'What Headgate looks after, what it did and what it waits for. Kubernetes decides who may see and do what: give a token of the cluster.';

/** Before any route is added. */
export async function addDescription(scope: FastifyInstance, prefix: string): Promise<void> {
  await scope.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Headgate', version: 'v1', description: about },
      components: {
        securitySchemes: {
          token: { type: 'http', scheme: 'bearer', description: 'A token that the API server of the cluster takes.' },
        },
      },
      security: [{ token: [] }],
    },
    transform: ({ schema, url }) => ({ schema: withProblems(schema), url }),
  });
  scope.get('/api/openapi.json', { schema: { hide: true } }, async () => scope.swagger());
  const style = createHash('sha256').update(pageStyle).digest('base64');
  scope.get('/api', { schema: { hide: true } }, async (_request, reply) => {
    reply.header('content-security-policy', `default-src 'none'; style-src 'sha256-${style}'; frame-ancestors 'none'`);
    return reply.type('text/html; charset=utf-8').send(describePage(scope.swagger(), prefix));
  });
}

function withProblems(schema: FastifySchema): FastifySchema {
  const problem = {
    description: 'A problem (RFC 9457).',
    content: { 'application/problem+json': { schema: ProblemSchema } },
  };
  return { ...schema, response: { ...Object(schema.response), default: problem } };
}
