/** The description of the HTTP API, from the schemas of its routes. */
import { openSignIn } from '../../src/app/listeners/sign-in-settings.ts';
import { createApiServer } from '../../src/server/api/api-server.ts';
import { ChangeFeed } from '../../src/server/api/change-feed.ts';
import { Rights } from '../../src/server/api/rights.ts';
import { createLogger } from '../../src/telemetry/log.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { apiPage } from './api-page.ts';
import type { GeneratedFile } from './generated-file.ts';

export async function apiFiles(): Promise<GeneratedFile[]> {
  const clock = { now: () => new Date(0), monotonicMs: () => 0, schedule: () => () => undefined };
  const nobody = { identify: async () => undefined, may: async () => false };
  const signIn = await openSignIn({}, { clock, prefix: '' });
  const metrics = createMetrics({ processMetrics: false });
  const server = createApiServer({
    ...signIn,
    trustedProxies: [],
    backend: () => undefined,
    feed: new ChangeFeed('description'),
    rights: new Rights({ reviews: nobody, clock, anonymousRead: false }),
    readPolicy: () => {
      throw new Error('nothing is asked of a description');
    },
    clock,
    metrics: metrics.api,
    environmentMetrics: metrics.environment,
    log: createLogger('error'),
    prefix: '',
    pages: undefined,
  });
  await server.ready();
  const answer = await server.inject('/api/openapi.json');
  await server.close();
  const indent = 2;
  const description: unknown = answer.json();
  return [
    { path: 'docs/reference/openapi.json', content: `${JSON.stringify(description, undefined, indent)}\n` },
    { path: 'docs/reference/api.md', content: apiPage(description) },
  ];
}
