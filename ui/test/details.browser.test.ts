/** What an App and an Update show beside their outline: objects, drift, pods, logs, files, backups. The first page of all, and hostile text. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { apps, type ProductObject } from '../../src/adapters/cluster/kinds.ts';
import { configMaps } from '../../src/kube/resource-types.ts';
import { type ApiStage, openApiStage, type Rule, reader } from '../../test/api-stage.ts';
import { completeJob, jobsFor } from '../../test/jobs/play-jobs.ts';
import { type PlayedKubelet, playKubelet } from '../../test/kube/played-kubelet.ts';
import { configMap, deploymentOf } from '../../test/manifests/folder-apps.ts';
import { completeRollouts, createDeployment, pushVersions } from '../../test/runtime-stage.ts';
import { type RunningRegistry, startRegistry } from '../../test/servers/registry.ts';
import { keepPicture, openBrowser, signInByToken, visit } from './browser.ts';
import { checkPage, looks } from './check-page.ts';
import { createNamedNamespace } from './named-namespace.ts';

const core = (resources: string, verbs: readonly string[]): Rule => ({
  apiGroups: [''],
  resources: [resources],
  verbs,
});
const own = (resources: string, verbs: readonly string[]): Rule => ({
  apiGroups: ['headgate.dev'],
  resources: [resources],
  verbs,
});

let browser: Browser;
let registry: RunningRegistry;
let stage: ApiStage;
let kubelet: PlayedKubelet;
let folder: string;
let end: AbortController;
let admin: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ui-details-'));
  end = new AbortController();
  [registry, browser] = await Promise.all([startRegistry(), openBrowser()]);
  stage = await openApiStage(
    inject('kubeconfig'),
    { pages: 'ui/dist', anonymousRead: true },
    { sourceFolder: folder, namespace: await createNamedNamespace(inject('kubeconfig'), 'store') },
  );
  kubelet = await playKubelet(stage.client);
  completeRollouts(stage, end.signal);
  admin = await stage.person('admin', [
    reader,
    own('apps', ['check', 'hold', 'rollback']),
    own('updates', ['approve', 'reject']),
    own('updates/objects', ['get']),
    core('pods', ['list']),
    core('pods/log', ['get']),
  ]);
}, 120_000);

afterAll(async () => {
  end.abort();
  await browser.close();
  await kubelet.stop();
  await stage.stop();
  await registry.stop();
  await rm(folder, { recursive: true, force: true });
});

const at = (path: string) => `${stage.address}/${path}`;

for (const how of looks) {
  test(`first-run, ${how.look}: says what to do next`, async () => {
    const page = { name: 'first-run', address: at(''), heading: 'Overview', sign: 'kubectl annotate deployment' };
    await checkPage(browser, page, how);
  });
}

async function put(files: Readonly<Record<string, string>>): Promise<void> {
  await rm(join(folder, 'shop'), { recursive: true, force: true });
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, 'shop', name)), { recursive: true });
    await writeFile(join(folder, 'shop', name), content);
  }
}

const untilUpdate = (name: string, expected: object) =>
  stage.until(async () => {
    await stage.clock.advance(1_000);
    const { body } = await stage.ask(`/api/v1/updates/${stage.namespace}/${name}`);
    expect(body).toMatchObject(expected);
  });

const createApp = (name: string, spec: object) =>
  stage.client.create<ProductObject>(apps, { metadata: { namespace: stage.namespace, name }, spec });

const click = (name: string) => async (page: Page) => await page.getByRole('button', { name }).click();

describe('an App made of files', () => {
  beforeAll(async () => {
    const files = {
      'web/deployment.yaml': deploymentOf('registry.invalid/web:1'),
      'settings.yaml': configMap('settings', { color: 'blue', banner: 'Hello' }),
      'banner.yaml': configMap('banner', { text: 'Summer sale' }),
    };
    await put(files);
    await createApp('shop', {
      interval: '5s',
      sources: [{ name: 'files', folder: { path: 'shop' } }],
      deploy: { manifests: { drift: 'Report' } },
      health: { timeout: '60s', stableFor: '0s' },
    });
    await untilUpdate('shop-1', { phase: 'Succeeded' });
    const { 'banner.yaml': _, ...rest } = files;
    await put({
      ...rest,
      'web/deployment.yaml': deploymentOf('registry.invalid/web:2'),
      'settings.yaml': configMap('settings', { color: 'green', banner: 'Hello', size: 'large' }),
      'robots.yaml': configMap('robots', { allow: 'all' }),
    });
    await untilUpdate('shop-2', { phase: 'Succeeded' });
    const pods = [
      ['web-7d9c6b5f4-2x8qk', 'registry.invalid/web:2'],
      ['web-7d9c6b5f4-m4lzw', 'registry.invalid/web:2'],
      ['web-5f86c9d7b8-x7v2p', 'registry.invalid/web:1'],
    ] as const;
    for (const [name, image] of pods) {
      const replicaSet = name.replace(/-[^-]+$/, '');
      await kubelet.run({ namespace: stage.namespace, name, labels: { app: 'web' }, image, replicaSet });
    }
    const key = { namespace: stage.namespace, name: 'settings' };
    const change = { kind: 'merge', body: { data: { color: 'red' } } } as const;
    await stage.client.patch(configMaps, key, change, { fieldManager: 'kubectl-edit' });
    await stage.until(async () => {
      await stage.clock.advance(1_000);
      const { body } = await stage.ask(`/api/v1/apps/${stage.namespace}/shop`);
      expect(body).toMatchObject({ state: 'Trouble', waiting: { reason: 'Drifted' } });
    });
    const lines = ['listening on :8080', 'GET / 200 1.2 ms', 'GET /cart 200 3.4 ms'];
    for (const [name] of pods) {
      kubelet.write(name, 'web', `${lines.join('\n')}\n`);
    }
  }, 120_000);

  const pages = [
    { name: 'objects', path: 'apps/NS/shop?tab=resources', heading: 'shop', sign: 'web-7d9c6b5f4-2x8qk' },
    {
      name: 'update-changes',
      path: 'updates/NS/shop-2',
      heading: 'shop: Update 2',
      sign: '~ data.color: blue -> green',
      prepare: click('Show what changes'),
    },
    {
      name: 'update-logs',
      path: 'updates/NS/shop-2',
      heading: 'shop: Update 2',
      sign: 'GET /cart 200',
      prepare: click('Show logs'),
    },
  ];

  for (const how of looks) {
    test.each(pages)(
      `$name, ${how.look}: shows, without a complaint of axe or of the browser`,
      async ({ path, ...page }) => {
        await checkPage(browser, { ...page, token: admin, address: at(path.replace('NS', stage.namespace)) }, how);
      },
    );
  }

  test('each file has its result and its output, each object its fields, and drift its name', async () => {
    const visitor = await visit(browser);
    const { page, context, complaints } = visitor;
    await signInByToken(visitor, stage.address, admin);
    await page.goto(at(`updates/${stage.namespace}/shop-2`));
    await page.getByRole('button', { name: 'Show what changes' }).click();
    const files = page.getByRole('list', { name: 'Files, each with what became of it' }).getByRole('listitem');
    await page.getByText('1 made, 2 changed, 1 pruned, 0 as before.').waitFor();
    const told = (await files.allTextContents()).filter((text) => /\.yaml/.test(text));
    expect(told).toEqual([
      expect.stringMatching(/^robots\.yaml applied.*ConfigMap .*\/robots made/),
      expect.stringMatching(/^settings\.yaml .*not as it says|^settings\.yaml applied/),
      expect.stringMatching(/^web\/deployment\.yaml applied.*registry\.invalid\/web:1 -> registry\.invalid\/web:2/),
    ]);
    await page.getByRole('link', { name: 'App shop' }).click();
    await page.getByRole('tab', { name: 'Objects' }).click();
    await page.getByText('somebody else changed it').waitFor();
    expect(complaints).toEqual([]);
    await context.close();
  });

  test('the pods of a Deployment stand below the ReplicaSets that made them', async () => {
    const visitor = await visit(browser);
    const { page, context } = visitor;
    await signInByToken(visitor, stage.address, admin);
    await page.goto(at(`apps/${stage.namespace}/shop?tab=resources`));
    await page.getByText('web-7d9c6b5f4-2x8qk').waitFor();
    const podsOf = async (set: string) =>
      (
        await page
          .getByRole('list', { name: `Pods of ${set}` })
          .getByRole('listitem')
          .allTextContents()
      )
        .map((text) => /web-\w+-\w+/.exec(text)?.[0])
        .toSorted();
    expect(await podsOf('web-7d9c6b5f4')).toEqual(['web-7d9c6b5f4-2x8qk', 'web-7d9c6b5f4-m4lzw']);
    expect(await podsOf('web-5f86c9d7b8')).toEqual(['web-5f86c9d7b8-x7v2p']);
    const sets = page.getByRole('list', { name: 'Pods of web', exact: true }).locator('> li');
    expect((await sets.allTextContents()).map((text) => text.split(' ready')[0])).toEqual([
      'ReplicaSet web-5f86c9d7b8 registry.invalid/web:1, 1 of 1',
      'ReplicaSet web-7d9c6b5f4 registry.invalid/web:2, 2 of 2',
    ]);
    await context.close();
  });

  test('a log goes on while one looks, and HTML and codes of terminals in it are text', async () => {
    const visitor = await visit(browser);
    const { page, context, complaints } = visitor;
    await signInByToken(visitor, stage.address, admin);
    await page.goto(at(`updates/${stage.namespace}/shop-2`));
    await page.getByRole('button', { name: 'Show logs' }).click();
    await page.getByLabel('Container').selectOption('web-7d9c6b5f4-m4lzw/web');
    const log = page.getByRole('log', { name: 'Log of web-7d9c6b5f4-m4lzw/web' });
    await log.getByText('GET /cart').waitFor();

    kubelet.write(
      'web-7d9c6b5f4-m4lzw',
      'web',
      '\u001b[31mERROR\u001b[0m <img src=x onerror="document.title=1"> <b>bold</b> user\u202Etxt.exe שלום\n10 %\r100 %\n',
    );

    await log.getByText('ERROR <img src=x onerror="document.title=1"> <b>bold</b> usertxt.exe שלום').waitFor();
    await log.getByText('100 %', { exact: true }).waitFor();
    expect(await log.locator('img, b').count()).toBe(0);
    kubelet.end('web-7d9c6b5f4-m4lzw', 'web');
    await page.getByText('That is all.').waitFor();
    expect(complaints).toEqual([]);
    await context.close();
  });

  test('whoever has no right to contents and logs is told which one is missing', async () => {
    const visitor = await visit(browser);
    const { page, context } = visitor;
    await page.goto(at(`updates/${stage.namespace}/shop-2`));
    await page.getByRole('button', { name: 'Show logs' }).click();
    await page.getByText(/may not get pods\/log/).waitFor();
    await page.getByRole('button', { name: 'Show what changes' }).click();
    await page.getByText(/may not get updates\/objects.headgate.dev/).waitFor();
    await context.close();
  });
});

describe('an App with data', () => {
  const template = (image: string) => ({ spec: { template: { spec: { containers: [{ name: 'main', image }] } } } });

  beforeAll(async () => {
    await pushVersions(registry.host, 'details/ledger', ['1.0.0', '1.1.0']);
    await createDeployment(stage, 'ledger', `${registry.host}/details/ledger:1.0.0`);
    const repository = `${registry.host}/details/ledger`;
    await createApp('ledger', {
      interval: '24h',
      sources: [{ name: 'web', image: { repository, insecure: true, policy: { semver: { range: '1.x' } } } }],
      deploy: { workloads: { targets: [{ kind: 'Deployment', name: 'ledger' }] } },
      health: { timeout: '30m', stableFor: '0s' },
      backup: { job: { template: template('dump:1'), restore: template('restore:1') } },
    });
    await stage.until(async () => expect(await jobsFor(stage.client, stage.namespace, 'backup')).toHaveLength(1));
    const [job] = await jobsFor(stage.client, stage.namespace, 'backup');
    await completeJob(stage.client, { namespace: stage.namespace, name: job?.metadata.name ?? '' }, 'size=48234496');
    await untilUpdate('ledger-1', { phase: 'Succeeded' });
  }, 120_000);

  for (const how of looks) {
    test(`backups, ${how.look}: show, without a complaint of axe or of the browser`, async () => {
      const address = at(`apps/${stage.namespace}/ledger?tab=backups`);
      await checkPage(browser, { name: 'backups', address, token: admin, heading: 'ledger', sign: '48.2 MB' }, how);
    });
  }

  test('data is brought back from the page, with a reason, and the App says who wanted it', async () => {
    const visitor = await visit(browser);
    const { page, context, complaints } = visitor;
    await signInByToken(visitor, stage.address, admin);
    await page.goto(at(`apps/${stage.namespace}/ledger?tab=backups`));
    await page.getByRole('button', { name: 'Restore' }).click();
    await page.getByLabel('Reason').fill('wrong numbers since noon');
    await keepPicture(page, 'restore');
    await page.getByRole('dialog').getByRole('button', { name: 'Restore' }).click();
    await untilUpdate('ledger-2', { restore: { update: 'ledger-1', state: 'Before' } });
    await stage.until(async () => expect(await jobsFor(stage.client, stage.namespace, 'restore')).toHaveLength(1));
    const [job] = await jobsFor(stage.client, stage.namespace, 'restore');
    await completeJob(stage.client, { namespace: stage.namespace, name: job?.metadata.name ?? '' });
    await page.getByRole('tab', { name: 'History' }).click();
    await page
      .getByRole('row', { name: /^ledger 2/ })
      .getByText('Succeeded')
      .waitFor();
    await page.getByText('wrong numbers since noon').first().waitFor();
    expect(complaints).toEqual([]);
    await context.close();
  });
});

test('names, reasons and labels with every legal character, HTML and right-to-left text break nothing', async () => {
  const name = 'a-0.b9-x';
  const reason = '<script>document.title=1</script> \u202Eevil\u202C שלום עולם & "quotes" \u001b[31m';
  await stage.client.create<ProductObject>(apps, {
    metadata: {
      namespace: stage.namespace,
      name,
      labels: { 'x.y/z_-.A': 'V_-.1' },
      annotations: { 'headgate.dev/veto': reason },
    },
    spec: {
      sources: [{ name: 'web', image: { repository: 'registry.invalid/x', policy: { pinned: {} } } }],
      deploy: { workloads: { targets: [{ kind: 'Deployment', name: 'none' }] } },
    },
  });
  const { page, context, complaints } = await visit(browser);
  await page.goto(at(''));
  const row = page.getByRole('row', { name: new RegExp(`^${name.replace('.', '\\.')}`) });
  await row.getByText('<script>document.title=1</script>').waitFor();
  await row.getByRole('link').click();
  await page.getByRole('heading', { level: 1, name }).waitFor();
  await page.getByText('<script>document.title=1</script>').first().waitFor();
  expect(await page.locator('main script').count()).toBe(0);
  expect(await page.title()).toBe(`${name} · Headgate`);
  for (const wild of [
    'apps/%3Cscript%3E/x',
    'updates/a/%E2%80%AEx',
    'history?q=%3Cimg%20src=x%20onerror=alert(1)%3E',
  ]) {
    await page.goto(at(wild));
    await page.getByRole('heading', { level: 1 }).waitFor();
  }
  expect(complaints.filter((text) => !/status of 40[034]/.test(text))).toEqual([]);
  await context.close();
});
