/** The pages around channels: a hub that publishes for real, and a Subscription of the same cluster that follows it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { signReport } from '../../src/adapters/channel/signed-report.ts';
import { channels, type ProductObject, releases, subscriptions } from '../../src/adapters/cluster/kinds.ts';
import { type ApiStage, openApiStage } from '../../test/api-stage.ts';
import { newKey } from '../../test/channels/channel-ground.ts';
import { createChannelKeys, createTrustedRoot } from '../../test/channels/channel-keys.ts';
import { digest } from '../../test/fixtures.ts';
import { completeRollouts, createDeployment } from '../../test/runtime-stage.ts';
import { openBrowser, visit } from './browser.ts';
import { checkPage, looks } from './check-page.ts';
import { createNamedNamespace } from './named-namespace.ts';
import { patiently } from './patiently.ts';

let stage: ApiStage;
let browser: Browser;
let top: string;
let end: AbortController;

beforeAll(async () => {
  const listening = Promise.withResolvers<string>();
  top = await mkdtemp(join(tmpdir(), 'ui-channels-'));
  end = new AbortController();
  browser = await openBrowser();
  stage = await openApiStage(
    inject('kubeconfig'),
    { pages: 'ui/dist', anonymousRead: true },
    {
      channelFolder: top,
      namespace: await createNamedNamespace(inject('kubeconfig'), 'fleet'),
      reportListen: '127.0.0.1:0',
      onReportsListening: listening.resolve,
    },
  );
  const root = await createChannelKeys(stage, join(top, 'stable'));
  await createTrustedRoot(stage, root);
  await createDeployment(stage, 'kiosk', `registry.invalid/kiosk:1.0.0@${digest('a')}`);
  completeRollouts(stage, end.signal);
  await create(channels, 'stable', {
    apps: { names: ['kiosk'] },
    releases: 'Manual',
    soak: '0s',
    rollout: {
      curve: [
        { after: '24h', percent: 10 },
        { after: '48h', percent: 40 },
        { after: '96h', percent: 100 },
      ],
    },
    publish: { folder: { path: 'stable' }, keysRef: { name: 'keys' } },
    reports: {},
  });
  await release(1, '1.1.0', 'b', { changes: [{ app: 'kiosk', kind: 'Added' }] });
  await published('r1');
  await create(subscriptions, 'stable', {
    url: `${pathToFileURL(join(top, 'stable'))}/`,
    trustedRoot: { name: 'stable-root' },
    interval: '10s',
    wariness: 0,
    gates: { preflight: { checks: [] } },
  });
  const desk = `${await listening.promise}/reports/${stage.namespace}/stable`;
  for (const outcome of ['Succeeded', 'Succeeded', 'WentBack'] as const) {
    const body = signReport({ channel: 'stable', release: 'r1', outcome }, newKey());
    expect((await fetch(desk, { method: 'POST', body })).status).toBe(202);
  }
  await patiently(stage, 5_000, async () => {
    const { body } = await stage.ask(`/api/v1/subscriptions/${stage.namespace}/stable`);
    expect(body).toMatchObject({ status: { release: 'r1', apps: [{ name: 'kiosk', state: 'Current' }] } });
  });
}, 300_000);

afterAll(async () => {
  end.abort();
  await browser.close();
  await stage.stop();
  await rm(top, { recursive: true, force: true });
});

const create = (type: typeof releases, name: string, spec: object) =>
  stage.client.create<ProductObject>(type, { metadata: { namespace: stage.namespace, name }, spec });

const definition = {
  interval: '5m',
  sources: [{ name: 'image', image: { repository: 'registry.invalid/kiosk', policy: { semver: { range: '*' } } } }],
  deploy: { workloads: { targets: [{ name: 'kiosk' }] } },
  health: { timeout: '1m', stableFor: '0s' },
};

async function release(sequence: number, tag: string, hash: string, more: object): Promise<void> {
  await create(releases, `r${sequence}`, {
    channel: 'stable',
    sequence,
    createdAt: new Date().toISOString(),
    apps: [
      {
        name: 'kiosk',
        namespace: stage.namespace,
        definition: JSON.stringify(definition),
        versions: [{ source: 'image', kind: 'Image', location: 'registry.invalid/kiosk', tag, digest: digest(hash) }],
      },
    ],
    ...more,
  });
}

const published = (name: string) =>
  patiently(stage, 50, async () => {
    const { body } = await stage.ask(`/api/v1/releases/${stage.namespace}/${name}`);
    expect(body).toMatchObject({ status: { published: { at: expect.any(String) } } });
  });

const pages = [
  { name: 'channels', path: () => 'channels', heading: 'Channels', sign: 'kiosk: is new in the set' },
  {
    name: 'channel',
    path: () => `channels/${stage.namespace}/stable`,
    heading: 'Channel stable',
    sign: '% of the clusters may have',
  },
  { name: 'release', path: () => `releases/${stage.namespace}/r1`, heading: 'Release r1', sign: 'sha256:' },
  {
    name: 'subscription',
    path: () => `subscriptions/${stage.namespace}/stable`,
    heading: 'Subscription stable',
    sign: `${'/kiosk'}`,
  },
] as const;

for (const how of looks) {
  test.each(pages)(
    `$name, ${how.look}: shows, without a complaint of axe or of the browser`,
    async ({ path, ...page }) => {
      await checkPage(browser, { ...page, address: `${stage.address}/${path()}` }, how);
    },
  );
}

test('the curve has what clusters reported beside it', async () => {
  const { page, context } = await visit(browser);
  await page.goto(`${stage.address}/channels/${stage.namespace}/stable`);
  const reports = page.getByRole('group', { name: 'Reports of clusters' });
  await reports.getByText('2 clusters run it well').waitFor();
  await reports.getByText('1 cluster went back').waitFor();
  await context.close();
});

test('a new Release is there while one looks, and leads to what is in it', async () => {
  const { page, context, complaints } = await visit(browser);
  await page.goto(`${stage.address}/channels/${stage.namespace}/stable`);
  await page.getByRole('row', { name: /^r1/ }).getByText('Published').waitFor();

  const changes = [{ app: 'kiosk', kind: 'Version', source: 'image', from: '1.1.0', to: '1.2.0' }];
  await release(2, '1.2.0', 'c', { previous: 'r1', changes, notes: 'Faster <b>and</b> kinder.' });

  const row = page.getByRole('row', { name: /^r2/ });
  await row.getByText('1.1.0 → 1.2.0').waitFor();
  await published('r2');
  await row.getByText('Published', { exact: true }).waitFor();
  await page.getByText('0 % of the clusters may have r2 by now.').waitFor();
  await row.getByRole('link', { name: 'r2' }).click();
  await page.getByText('Faster <b>and</b> kinder.').waitFor();
  await page.getByRole('link', { name: 'r1' }).click();
  await page.getByRole('heading', { level: 1, name: 'Release r1' }).waitFor();
  expect(complaints).toEqual([]);
  await context.close();
});
