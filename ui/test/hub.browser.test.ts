/** A hub at work, as its page shows it: a set that is tried, whom the trials find to be to blame, and what is released all the same. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { apps, channels, type ProductObject } from '../../src/adapters/cluster/kinds.ts';
import { parseOutboundAllowance } from '../../src/app/outbound-setup.ts';
import { type ApiStage, openApiStage, reader } from '../../test/api-stage.ts';
import { createChannelKeys } from '../../test/channels/channel-keys.ts';
import { completeRollouts, createDeployment, pushVersions } from '../../test/runtime-stage.ts';
import { startHttpServer, type TestServer } from '../../test/servers/http-server.ts';
import { type RunningRegistry, startRegistry } from '../../test/servers/registry.ts';
import { findAccessProblems, keepPicture, openBrowser, signInByToken, visit } from './browser.ts';
import { checkPage, looks } from './check-page.ts';
import { createNamedNamespace } from './named-namespace.ts';
import { patiently } from './patiently.ts';

let browser: Browser;
let registry: RunningRegistry;
let server: TestServer;
let stage: ApiStage;
let top: string;
let end: AbortController;
/** What is asked of new versions after the first trial is answered when it is let go. */
const held = Promise.withResolvers<void>();
let asked = 0;
let admin: string;

const byAdmin = () => `system:serviceaccount:${stage.namespace}:admin`;

beforeAll(async () => {
  top = await mkdtemp(join(tmpdir(), 'ui-hub-'));
  end = new AbortController();
  [registry, browser] = await Promise.all([startRegistry(), openBrowser()]);
  server = await startHttpServer(async (_, response, { searchParams }) => {
    const isNew = searchParams.get('web') !== '1.0.0' || searchParams.get('api') !== '1.0.0';
    asked += isNew ? 1 : 0;
    if (isNew && asked > 1) {
      await held.promise;
    }
    response.writeHead(searchParams.get('api') === '2.0.0' ? 500 : 200).end();
  });
  const kubeconfig = inject('kubeconfig');
  stage = await openApiStage(
    kubeconfig,
    { pages: 'ui/dist', anonymousRead: true },
    {
      channelFolder: top,
      namespace: await createNamedNamespace(kubeconfig, 'lab'),
      outbound: { allowance: parseOutboundAllowance(['127.0.0.0/8']), proxy: undefined },
    },
  );
  completeRollouts(stage, end.signal);
  await createChannelKeys(stage, join(top, 'stable'));
  await Promise.all(['api', 'web'].map(createApp));
  await create(channels, 'stable', {
    apps: { matchLabels: { channel: 'stable' } },
    tests: [
      {
        name: 'shop-works',
        interval: '1s',
        failureLimit: 0,
        http: {
          url: `${server.origin}/?api={{version.api}}&web={{version.web}}`,
          attemptTimeout: '10m',
        },
      },
    ],
    gather: '5s',
    gates: { approvals: { required: 1 } },
    rollout: { duration: '48h' },
    publish: { folder: { path: 'stable' }, keysRef: { name: 'keys' } },
  });
  admin = await stage.person('admin', [reader, { ...reader, resources: ['channels'], verbs: ['approve'] }]);
  await untilChannel({ waiting: { reason: 'ApprovalRequired' } });
  const path = `/api/v1/channels/${stage.namespace}/stable/approve`;
  const refused = await stage.ask(path, { method: 'POST', body: {}, token: await stage.person('viewer', [reader]) });
  expect(refused.status).toBe(403);
  const approved = await stage.ask(path, { method: 'POST', body: { reason: 'the first set' }, token: admin });
  expect([approved.status, approved.body]).toEqual([200, { approvals: [byAdmin()] }]);
  await untilChannel({ release: 'stable-1', actions: [{ action: 'Approve', by: byAdmin(), reason: 'the first set' }] });
  const none = await stage.ask(path, { method: 'POST', body: {}, token: admin });
  expect(none.body).toMatchObject({ status: 409, detail: expect.stringContaining('no candidate at the moment') });
  await pushVersions(registry.host, 'lab/api', ['2.0.0']);
  await pushVersions(registry.host, 'lab/web', ['1.1.0']);
  for (const name of ['api', 'web']) {
    stage.runtime.webhooks.wakeApp(stage.namespace, name);
  }
  await untilChannel({
    candidate: { trials: [{ members: ['api', 'web'], result: { kind: 'Failed' } }, { purpose: 'Search' }] },
  });
}, 300_000);

afterAll(async () => {
  held.resolve();
  end.abort();
  await browser.close();
  await stage.stop();
  await Promise.all([server.stop(), registry.stop()]);
  await rm(top, { recursive: true, force: true });
});

const create = (type: typeof apps, name: string, spec: object, labels: Readonly<Record<string, string>> = {}) =>
  stage.client.create<ProductObject>(type, { metadata: { namespace: stage.namespace, name, labels }, spec });

async function createApp(name: string): Promise<void> {
  const repository = `${registry.host}/lab/${name}`;
  await pushVersions(registry.host, `lab/${name}`, ['1.0.0']);
  await createDeployment(stage, name, `${repository}:1.0.0`);
  const image = { repository, insecure: true, policy: { semver: { range: '*' } } };
  const spec = {
    interval: '1m',
    sources: [{ name: 'image', image }],
    deploy: { workloads: { targets: [{ name }] } },
    health: { timeout: '1m', stableFor: '0s' },
    gates: { preflight: { checks: [] } },
  };
  await create(apps, name, spec, { channel: 'stable' });
}

const untilChannel = (status: object) =>
  patiently(stage, 1_000, async () => {
    const { body } = await stage.ask(`/api/v1/channels/${stage.namespace}/stable`);
    expect(body).toMatchObject({ status });
  });

for (const how of looks) {
  test(`candidate, ${how.look}: shows, without a complaint of axe or of the browser`, async () => {
    const address = `${stage.address}/channels/${stage.namespace}/stable`;
    const page = { name: 'candidate', address, heading: 'Channel stable', sign: 'to find who is to blame' };
    await checkPage(browser, page, how);
  });
}

test('whoever may approves the set while it is tried, with a reason, and is in its record', async () => {
  const address = `${stage.address}/channels/${stage.namespace}/stable`;
  const guest = await visit(browser);
  await guest.page.goto(address);
  await guest.page.getByText('0 of 1 approvals given').waitFor();
  expect(await guest.page.getByRole('button', { name: 'Approve' }).count()).toBe(0);
  await guest.context.close();

  const visitor = await visit(browser);
  const { page, context, complaints } = visitor;
  await signInByToken(visitor, address, admin);
  await page.goto(address);
  await page.getByRole('button', { name: 'Approve' }).click();
  await page.getByLabel('Reason').fill('tried by hand');
  expect(await findAccessProblems(page)).toEqual([]);
  await keepPicture(page, 'approve-candidate');
  await page.getByRole('dialog').getByRole('button', { name: 'Approve' }).click();
  await page.getByText('1 of 1 approvals given').waitFor();
  await page.getByText('You have approved it.').waitFor();
  await page.getByText('tried by hand').waitFor();
  expect(await page.getByRole('button', { name: 'Approve' }).count()).toBe(0);
  expect(complaints).toEqual([]);
  await context.close();
});

test('who is to blame is named, and the rest is released', { timeout: 300_000 }, async () => {
  held.resolve();
  await untilChannel({ release: 'stable-2' });
  const [light] = looks;
  const address = `${stage.address}/channels/${stage.namespace}/stable`;
  await checkPage(browser, { name: 'hub', address, heading: 'Channel stable', sign: 'Not released: api' }, light);
});

const openEvidence = async (page: Page) => {
  await page.getByRole('button', { name: 'Show the evidence' }).click();
  await page.getByText('All tests passed').waitFor();
};

for (const how of looks) {
  test(`evidence, ${how.look}: the signed statement of a Release, opened`, async () => {
    const address = `${stage.address}/releases/${stage.namespace}/stable-2`;
    const page = { name: 'evidence', address, heading: 'Release stable-2', sign: 'Tested on', prepare: openEvidence };
    await checkPage(browser, page, how);
  });
}

test('the evidence names its test, the cluster, from what it was upgraded, and its inputs by digest', async () => {
  const { page, context } = await visit(browser);
  await page.goto(`${stage.address}/releases/${stage.namespace}/stable-2`);
  await openEvidence(page);
  await page.getByText(/^Kubernetes v1\.\d+/).waitFor();
  const tests = page.getByRole('table', { name: 'Evidence of its tests' }).getByRole('row');
  expect((await tests.allTextContents())[1]).toMatch(/^shop-works.*passed.*upgrade from stable-1/);
  const inputs = page.getByRole('table', { name: 'What was tested, by digest' }).getByRole('row');
  expect((await inputs.allTextContents()).slice(1).toSorted()).toEqual([
    expect.stringMatching(/lab\/api:1\.0\.0.*sha256:[0-9a-f]{64}$/),
    expect.stringMatching(/lab\/web:1\.1\.0.*sha256:[0-9a-f]{64}$/),
  ]);
  await page.getByText('The whole statement').click();
  await page.getByText('https://in-toto.io/attestation/test-result/v0.1').waitFor();
  await context.close();
});

test('evidence that somebody else has put in its place is not shown as evidence', async () => {
  const { body } = await stage.ask(`/api/v1/releases/${stage.namespace}/stable-2`);
  const { spec } = body as { spec: { targets: { kind: string; path: string; sha256: string }[] } };
  const { path = '', sha256 } = spec.targets.find(({ kind }) => kind === 'Evidence') ?? {};
  const file = join(top, 'stable', 'targets', dirname(path), `${sha256}.${basename(path)}`);
  const honest = await readFile(file, 'utf8');
  await writeFile(file, honest.replace('payload":"e', 'payload":"f'));
  const address = `/api/v1/releases/${stage.namespace}/stable-2/evidence`;
  expect((await stage.ask(address)).body).toMatchObject({
    status: 503,
    detail: expect.stringContaining('is not what'),
  });
  await rm(file);
  expect((await stage.ask(address)).body).toEqual({ kept: false, statements: [] });
});
