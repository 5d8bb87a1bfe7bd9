/** Every page in a real browser, over the real controller and API server: it shows, it is accessible, it breaks no rule of its own policy. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { apps, type ProductObject } from '../../src/adapters/cluster/kinds.ts';
import { type ApiStage, openApiStage } from '../../test/api-stage.ts';
import { createDeployment, pushVersions } from '../../test/runtime-stage.ts';
import { type RunningRegistry, startRegistry } from '../../test/servers/registry.ts';
import { openBrowser } from './browser.ts';
import { checkPage, looks } from './check-page.ts';
import { createNamedNamespace } from './named-namespace.ts';

let registry: RunningRegistry;
let stage: ApiStage;
let browser: Browser;

beforeAll(async () => {
  [registry, browser] = await Promise.all([startRegistry(), openBrowser()]);
  stage = await openApiStage(
    inject('kubeconfig'),
    { pages: 'ui/dist', prefix: '/headgate', anonymousRead: true },
    { namespace: await createNamedNamespace(inject('kubeconfig'), 'shop') },
  );
  await pushVersions(registry.host, 'read/web', ['1.0.0', '1.1.0', '2.0.0']);
  await pushVersions(registry.host, 'read/shop', ['1.0.0', '1.1.0']);
  await createDeployment(stage, 'web', `${registry.host}/read/web:1.0.0`);
  await createDeployment(stage, 'shop', `${registry.host}/read/shop:1.0.0`);
  await createApp('web', {});
  await createApp('shop', { gates: { approvals: { required: 1 } } });
  await createApp('zoo', {});
  await stage.until(async () => {
    const { body } = await stage.ask(`/headgate/api/v1/apps?namespace=${stage.namespace}`);
    expect(body).toMatchObject({ states: { Updating: 1, Waiting: 1, Trouble: 1 } });
  });
}, 120_000);

afterAll(async () => {
  await browser.close();
  await stage.stop();
  await registry.stop();
});

async function createApp(name: string, spec: object): Promise<void> {
  const image = { repository: `${registry.host}/read/${name}`, insecure: true, policy: { semver: { range: '1.x' } } };
  await stage.client.create<ProductObject>(apps, {
    metadata: { namespace: stage.namespace, name },
    spec: {
      sources: [{ name: 'web', image }],
      deploy: { workloads: { targets: [{ kind: 'Deployment', name }] } },
      health: { timeout: '30m', stableFor: '0s' },
      ...spec,
    },
  });
}

const pages = [
  { name: 'overview', path: () => '', heading: 'Overview', sign: 'zoo' },
  { name: 'app', path: () => `apps/${stage.namespace}/web`, heading: 'web', sign: '1.1.0' },
  {
    name: 'app-resources',
    path: () => `apps/${stage.namespace}/web?tab=resources`,
    heading: 'web',
    sign: 'Deployment',
  },
  { name: 'app-backups', path: () => `apps/${stage.namespace}/web?tab=backups`, heading: 'web', sign: 'No update has' },
  { name: 'app-settings', path: () => `apps/${stage.namespace}/web?tab=settings`, heading: 'web', sign: 'stableFor' },
  { name: 'update', path: () => `updates/${stage.namespace}/web-1`, heading: 'web: Update 1', sign: 'Watching' },
  { name: 'approvals', path: () => 'approvals', heading: 'Approvals', sign: 'shop 1' },
  { name: 'history', path: () => 'history', heading: 'History', sign: 'web 1' },
  { name: 'sources', path: () => 'sources', heading: 'Sources', sign: 'read/web' },
  { name: 'no-channels', path: () => 'channels', heading: 'Channels', sign: 'neither publishes' },
  { name: 'policy', path: () => 'policy', heading: 'Try a policy', sign: 'Tags, one a line' },
  { name: 'nowhere', path: () => 'no/such/page', heading: 'There is no such page.', sign: 'To the overview' },
] as const;

for (const how of looks) {
  test.each(pages)(
    `$name, ${how.look}: shows, without a complaint of axe or of the browser`,
    async ({ path, ...page }) => {
      await checkPage(browser, { ...page, address: `${stage.address}/headgate/${path()}` }, how);
    },
  );
}
