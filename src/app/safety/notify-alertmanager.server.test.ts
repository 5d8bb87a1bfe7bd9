/** What a real Alertmanager is told of Updates, and what it tells others of them. */
import { afterEach, beforeEach, expect, inject, test, vi } from 'vitest';
import {
  completeRollouts,
  createDeployment,
  openRuntimeStage,
  pushVersions,
  type RuntimeStage,
} from '../../../test/runtime-stage.ts';
import { type RunningAlertmanager, startAlertmanager } from '../../../test/servers/alertmanager.ts';
import { bodyOf, startHttpServer, type TestServer } from '../../../test/servers/http-server.ts';
import { type RunningRegistry, startRegistry } from '../../../test/servers/registry.ts';
import { createAccessReviews } from '../../adapters/cluster/access-reviews.ts';
import { apps, type ProductObject } from '../../adapters/cluster/kinds.ts';
import { createDirectRecords } from '../../adapters/cluster/records.ts';
import { approveUpdate } from '../../engine/update/approve.ts';
import { secrets } from '../../kube/resource-types.ts';
import { parseOutboundAllowance } from '../outbound-setup.ts';

// Alertmanager has a clock of its own.
vi.setConfig({ testTimeout: 120_000 });

interface Page {
  readonly status: string;
  readonly alerts: readonly { readonly status: string; readonly labels: Readonly<Record<string, string>> }[];
}

let registry: RunningRegistry;
let pager: TestServer;
/** What Alertmanager told the pager. */
let pages: Page[];
let alertmanager: RunningAlertmanager;
let stage: RuntimeStage;
let stop: AbortController;

beforeEach(async () => {
  pages = [];
  pager = await startHttpServer(async (request, response) => {
    pages.push(JSON.parse(await bodyOf(request)) as Page);
    response.end();
  });
  [registry, alertmanager] = await Promise.all([startRegistry(), startAlertmanager(`${pager.origin}/page`)]);
  stop = new AbortController();
  const outbound = { allowance: parseOutboundAllowance(['127.0.0.0/8']), proxy: undefined };
  stage = await openRuntimeStage(inject('kubeconfig'), { outbound });
  completeRollouts(stage, stop.signal);
});

afterEach(async () => {
  stop.abort();
  await stage.stop();
  await Promise.all([registry.stop(), alertmanager.stop(), pager.stop()]);
});

async function follow(): Promise<void> {
  await pushVersions(registry.host, 'web', ['1.0.0', '1.1.0']);
  await createDeployment(stage, 'web', `${registry.host}/web:1.0.0`);
  const metadata = { namespace: stage.namespace, name: 'alerts' };
  await stage.client.create(secrets, { metadata, stringData: { address: `${alertmanager.origin}/` } } as never);
  const image = { repository: `${registry.host}/web`, insecure: true, policy: { semver: { range: '1.x' } } };
  await stage.client.create<ProductObject>(apps, {
    metadata: { namespace: stage.namespace, name: 'web' },
    spec: {
      interval: '5m',
      sources: [{ name: 'web', image }],
      deploy: { workloads: { targets: [{ kind: 'Deployment', name: 'web' }] } },
      health: { timeout: '30m', stableFor: '0s' },
      gates: { approvals: { required: 1 } },
      notify: { to: [{ name: 'alerts', kind: 'Alertmanager', level: 'Warning', secretRef: { name: 'alerts' } }] },
    },
  });
}

const firing = () => alertmanager.firing(`namespace="${stage.namespace}"`);
const pagesOf = (status: string) => pages.filter((page) => page.status === status).flatMap(({ alerts }) => alerts);

async function approve(): Promise<void> {
  const clock = { now: () => stage.clock.now() };
  const context = {
    ...{ records: createDirectRecords(stage.client, clock), reviews: createAccessReviews(stage.client), clock },
  };
  await approveUpdate(context, { namespace: stage.namespace, name: 'web-1' }, new AbortController().signal);
}

test('an Update that asks for a person fires an alert, and one that ends well resolves it', async () => {
  await follow();
  await stage.until(async () => expect(await firing()).toHaveLength(1));

  const labels = { alertname: 'HeadgateUpdate', namespace: stage.namespace, app: 'web', severity: 'warning' };
  expect(await firing()).toMatchObject([
    {
      labels,
      annotations: {
        summary: 'web: web 1.0.0 -> 1.1.0',
        description: expect.stringMatching(/^ApprovalRequired: .*approve/),
        update: 'web-1',
      },
      status: { state: 'active' },
    },
  ]);
  await stage.until(() => expect(pagesOf('firing')).toMatchObject([{ status: 'firing', labels }]));
  expect(pagesOf('resolved')).toEqual([]);

  await approve();
  await stage.until(async () =>
    expect((await stage.updatesOf('web')).map(({ status }) => status?.phase)).toEqual(['Succeeded']),
  );

  await stage.until(async () => expect(await firing()).toEqual([]));
  await stage.until(() => expect(pagesOf('resolved')).toMatchObject([{ status: 'resolved', labels }]));
  expect(pagesOf('firing')).toHaveLength(1);
});
