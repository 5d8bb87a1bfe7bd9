/** Three applications that belong together: web shows the orders of api, and a database beside them. Each is healthy for itself. */
import { apps, type ProductObject } from '../../src/adapters/cluster/kinds.ts';
import { services } from '../../src/kube/resource-types.ts';
import { webService } from '../images/web-objects.ts';
import { runWeb, sourceOf } from './objects.ts';
import type { Stage } from './stage.ts';

export const orderApps = ['api', 'database', 'web'] as const;

export type OrderApp = (typeof orderApps)[number];

/** Asks the api that runs beside it, by the address that Kubernetes tells each pod. */
const showOrders = [
  '#!/bin/sh',
  'echo "Content-Type: text/plain"',
  'echo',
  // The wget of a static busybox crashes here and there; what it says has the headers too.
  'printf "GET /v1/orders HTTP/1.0\\r\\n\\r\\n" | nc -w 3 "$API_SERVICE_HOST" "$API_SERVICE_PORT"',
  '',
].join('\n');

/**
 * Pushes a version of one of them.
 *
 * @param breaks only for api: it serves its orders elsewhere, and is healthy all the same
 */
export async function pushOrderApp(
  stage: Pick<Stage, 'push'>,
  app: OrderApp,
  tag: string,
  breaks = false,
): Promise<string> {
  const pages = {
    api: { [breaks ? 'v2/orders' : 'v1/orders']: `order 1 of api ${tag}\n` },
    database: {},
    web: { 'cgi-bin/orders': showOrders, 'themes/light': `light, of web ${tag}\n` },
  };
  return await stage.push({ repository: app, tag, version: `${app} ${tag}`, pages: pages[app] });
}

export type OrderPlace = Pick<Stage, 'client' | 'namespace' | 'push' | 'repository'>;

/** Version 1.0.0 of all, or of some, runs, and an App looks after each, with the label `channel: stable`. */
export async function runOrderApps(stage: OrderPlace, names: readonly OrderApp[] = orderApps): Promise<void> {
  const { client, namespace } = stage;
  for (const name of names) {
    await client.create(services, webService({ name, namespace }));
    await pushOrderApp(stage, name, '1.0.0');
  }
  for (const name of names) {
    await runWeb(stage, { name, image: `${stage.repository(name)}:1.0.0` });
    await client.create<ProductObject>(apps, {
      metadata: { name, namespace, labels: { channel: 'stable' } },
      spec: {
        interval: '5s',
        sources: [sourceOf(stage.repository(name), { name, policy: { semver: { range: '>=1.0.0' } } })],
        deploy: { workloads: { targets: [{ kind: 'Deployment', name }] } },
        health: { timeout: '60s', stableFor: '1s' },
      },
    });
  }
}

/** That web shows the orders of api. */
export const showsOrders = {
  name: 'orders',
  interval: '1s',
  failureLimit: 2,
  http: { service: { name: 'web' }, path: '/cgi-bin/orders', expect: { body: [{ contains: 'order 1 of api' }] } },
} as const;
