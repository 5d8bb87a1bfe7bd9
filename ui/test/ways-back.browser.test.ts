/** The ways back that a person chooses on the page of an Update, and what a Helm release changes there. Jobs and rollouts are played, Helm is real. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { apps, type ProductObject } from '../../src/adapters/cluster/kinds.ts';
import type { KubeObject } from '../../src/kube/objects.ts';
import { deployments, pods } from '../../src/kube/resource-types.ts';
import type { AppSpecWire } from '../../src/resources/app/app.ts';
import { type ApiStage, openApiStage, type Rule, reader } from '../../test/api-stage.ts';
import { installByHand, webTemplate } from '../../test/helm/by-hand.ts';
import { packChart, settingsTemplate } from '../../test/helm/charts.ts';
import { completeJob, jobsFor } from '../../test/jobs/play-jobs.ts';
import { completeRollouts, createDeployment, pushVersions } from '../../test/runtime-stage.ts';
import { type RunningRegistry, startRegistry } from '../../test/servers/registry.ts';
import { findAccessProblems, keepPicture, openBrowser, signInByToken, visit } from './browser.ts';
import { checkPage, looks } from './check-page.ts';
import { createNamedNamespace } from './named-namespace.ts';
import { patiently } from './patiently.ts';

const may = (apiGroups: readonly string[], resources: readonly string[], verbs: readonly string[]): Rule => ({
  apiGroups,
  resources,
  verbs,
});

let browser: Browser;
let registry: RunningRegistry;
let stage: ApiStage;
let end: AbortController;
let admin: string;
/** Sees what changes in objects, but no Secrets. */
let developer: string;

beforeAll(async () => {
  end = new AbortController();
  [registry, browser] = await Promise.all([startRegistry(), openBrowser()]);
  const namespace = await createNamedNamespace(inject('kubeconfig'), 'back');
  stage = await openApiStage(inject('kubeconfig'), { pages: 'ui/dist' }, { namespace });
  completeRollouts(stage, end.signal);
  const seeing = [reader, may(['headgate.dev'], ['updates/objects'], ['get'])];
  developer = await stage.person('developer', seeing);
  admin = await stage.person('admin', [
    ...seeing,
    may(['headgate.dev'], ['apps'], ['rollback']),
    may(['headgate.dev'], ['updates'], ['approve', 'reject']),
    may([''], ['secrets'], ['get']),
  ]);
}, 120_000);

afterAll(async () => {
  end.abort();
  await browser.close();
  await stage.stop();
  await registry.stop();
});

const at = (path: string) => `${stage.address}/${path}`;

async function createApp(name: string, spec: Partial<AppSpecWire>): Promise<void> {
  const image = { repository: `${registry.host}/back/${name}`, insecure: true, policy: { semver: { range: '1.x' } } };
  await stage.client.create<ProductObject>(apps, {
    metadata: { namespace: stage.namespace, name },
    spec: {
      interval: '1m',
      sources: [{ name: 'web', image }],
      deploy: { workloads: { targets: [{ kind: 'Deployment', name }] } },
      health: { timeout: '30m', stableFor: '0s' },
      ...spec,
    },
  });
}

const untilUpdate = (name: string, expected: object) =>
  patiently(stage, 1_000, async () => {
    const { body } = await stage.ask(`/api/v1/updates/${stage.namespace}/${name}`, { token: admin });
    expect(body).toMatchObject(expected);
  });

async function open(path: string, token: string) {
  const visitor = await visit(browser);
  await signInByToken(visitor, stage.address, token);
  await visitor.page.goto(at(path));
  return visitor;
}

/** By the button of a page and that of its dialog, with a reason. */
async function act(page: Page, button: string, reason: string): Promise<void> {
  await page.getByRole('button', { name: button, exact: true }).click();
  await page.getByLabel('Reason').fill(reason);
  expect(await findAccessProblems(page)).toEqual([]);
  await keepPicture(page, button.toLowerCase().replaceAll(/\W+/g, '-'));
  await page.getByRole('dialog').getByRole('button', { name: button, exact: true }).click();
}

describe('an App that is a Helm release', () => {
  beforeAll(async () => {
    await pushVersions(registry.host, 'back/portal', ['1.0.0', '1.1.0']);
    const files = { 'templates/settings.yaml': settingsTemplate, 'templates/web.yaml': webTemplate };
    await installByHand(inject('kubeconfig'), {
      namespace: stage.namespace,
      release: 'portal',
      archive: await packChart({ version: '1.0.0', files, values: 'color: blue\n' }),
      values: { image: { repository: `${registry.host}/back/portal`, tag: '1.0.0' } },
    });
    await createApp('portal', {
      deploy: { helm: { chart: { fromRelease: true }, images: [{ source: 'web', tagPath: 'image.tag' }] } },
    });
    await untilUpdate('portal-1', { phase: 'Succeeded' });
  }, 240_000);

  const show = async (page: Page) => {
    await page.getByRole('button', { name: 'Show what changes' }).click();
    await page.getByText(/changed, 0 pruned/).waitFor();
    await page.getByText('1 value differs').click();
  };

  for (const how of looks) {
    test(`update-helm, ${how.look}: objects and values of both revisions, field by field`, async () => {
      const address = at(`updates/${stage.namespace}/portal-1`);
      const page = { name: 'update-helm', address, token: admin, heading: 'portal: Update 1', sign: '~ image.tag:' };
      await checkPage(browser, { ...page, prepare: show }, how);
    });
  }

  test('the Deployment and the value say what was and what is', async () => {
    const { page, context, complaints } = await open(`updates/${stage.namespace}/portal-1`, admin);
    await show(page);
    const fields = page.getByLabel('Fields of Deployment portal that differ');
    expect(await fields.textContent()).toMatch(/portal:1\.0\.0 -> .*portal:1\.1\.0/);
    expect(await page.getByLabel('1 value differs').textContent()).toContain('~ image.tag: 1.0.0 -> 1.1.0');
    expect(complaints).toEqual([]);
    await context.close();
  });

  test('values, which may hold secrets, are for whoever may read Secrets', async () => {
    const { page, context } = await open(`updates/${stage.namespace}/portal-1`, developer);
    await page.getByRole('button', { name: 'Show what changes' }).click();
    await page.getByLabel('Fields of Deployment portal that differ').waitFor();
    expect(await page.getByText('1 value differs').count()).toBe(0);
    await context.close();
  });
});

test('an Update that succeeded is gone back to, and what came after it is not taken again', {
  timeout: 240_000,
}, async () => {
  await pushVersions(registry.host, 'back/news', ['1.0.0', '1.1.0']);
  await createDeployment(stage, 'news', `${registry.host}/back/news:1.0.0`);
  await createApp('news', {});
  await untilUpdate('news-1', { phase: 'Succeeded' });
  await pushVersions(registry.host, 'back/news', ['1.2.0']);
  stage.runtime.webhooks.wakeApp(stage.namespace, 'news');
  await untilUpdate('news-2', { phase: 'Succeeded' });

  const guest = await open(`updates/${stage.namespace}/news-1`, developer);
  await guest.page.getByRole('status').getByText('Succeeded').first().waitFor();
  expect(await guest.page.getByRole('button', { name: 'Go back to this' }).count()).toBe(0);
  await guest.context.close();

  const { page, context, complaints } = await open(`updates/${stage.namespace}/news-1`, admin);
  await act(page, 'Go back to this', 'readers complain');
  await untilUpdate('news-3', { phase: 'Succeeded' });
  await page.getByRole('link', { name: 'App news' }).click();
  await page.getByRole('heading', { name: 'Versions that are not taken again' }).waitFor();
  await page.getByText('readers complain').first().waitFor();
  const { body } = await stage.ask(`/api/v1/apps/${stage.namespace}/news`, { token: admin });
  expect(body).toMatchObject({ current: '1.1.0', actions: [{ action: 'RollBack', reason: 'readers complain' }] });
  expect(complaints).toEqual([]);
  await context.close();
});

describe('an Update that went wrong and asks what becomes of the data', () => {
  const template = (image: string) => ({ spec: { template: { spec: { containers: [{ name: 'main', image }] } } } });
  const place = (name: string) => ({ namespace: stage.namespace, name });

  interface Workload extends KubeObject {
    readonly spec: {
      readonly template: { readonly spec: { readonly containers: readonly [{ readonly image: string }] } };
    };
  }

  const imageOf = async (name: string) =>
    (await stage.client.get<Workload>(deployments, place(name))).spec.template.spec.containers[0].image;

  async function finishJob(app: string, purpose: string): Promise<void> {
    const find = async () =>
      (await jobsFor(stage.client, stage.namespace, purpose)).find(({ metadata }) =>
        metadata.name.startsWith(`${app}-`),
      );
    await patiently(stage, 1_000, async () => expect(await find()).toBeDefined());
    await completeJob(stage.client, place((await find())?.metadata.name ?? ''));
  }

  async function crash(name: string): Promise<void> {
    const image = await imageOf(name);
    const metadata = { ...place(`${name}-new`), labels: { app: name } };
    const spec = { containers: [{ name: 'web', image }] };
    await stage.client.create<KubeObject & { readonly spec: object }>(pods, { metadata, spec });
    const state = {
      state: { waiting: { reason: 'CrashLoopBackOff', message: 'back-off' } },
      lastState: { terminated: { exitCode: 1, reason: 'Error', startedAt: null, finishedAt: null } },
    };
    const common = { name: 'web', image, imageID: '', ready: false, restartCount: 3 };
    const patch = { kind: 'merge', body: { status: { containerStatuses: [{ ...common, ...state }] } } } as const;
    await stage.client.patch(pods, metadata, patch, { subresource: 'status' });
  }

  async function untilAsks(name: string): Promise<void> {
    await pushVersions(registry.host, `back/${name}`, ['1.0.0', '1.1.0']);
    await createDeployment(stage, name, `${registry.host}/back/${name}:1.0.0`);
    await createApp(name, {
      health: { timeout: '30m', stableFor: '10m' },
      backup: { job: { template: template('dump:1'), restore: template('restore:1') } },
      rollback: { data: 'Ask' },
    });
    await finishJob(name, 'backup');
    await patiently(stage, 1_000, async () => expect(await imageOf(name)).toContain(':1.1.0'));
    await crash(name);
    await untilUpdate(`${name}-1`, { waiting: { reason: 'RestoreApproval' } });
  }

  test('the data stays: the former version comes back alone', { timeout: 240_000 }, async () => {
    await untilAsks('orders');
    const guest = await open(`updates/${stage.namespace}/orders-1`, developer);
    await guest.page.getByRole('heading', { level: 1, name: 'orders: Update 1' }).waitFor();
    expect(await guest.page.getByRole('button', { name: /data/ }).count()).toBe(0);
    await guest.context.close();
    for (const how of looks) {
      const address = at(`updates/${stage.namespace}/orders-1`);
      const sign = 'Go back, keep the data';
      await checkPage(
        browser,
        { name: 'asks-for-data', address, token: admin, heading: 'orders: Update 1', sign },
        how,
      );
    }
    const { page, context, complaints } = await open(`updates/${stage.namespace}/orders-1`, admin);
    await act(page, 'Go back, keep the data', 'orders of today are good');
    await page.getByRole('status').getByText('Went back').first().waitFor({ timeout: 60_000 });
    expect(await imageOf('orders')).toContain(':1.0.0');
    await untilUpdate('orders-1', { phase: 'RolledBack', dataRestore: { state: 'NotNeeded' } });
    expect(complaints).toEqual([]);
    await context.close();
  });

  test('the data comes back with it', { timeout: 240_000 }, async () => {
    await untilAsks('stock');
    const { page, context } = await open(`updates/${stage.namespace}/stock-1`, admin);
    await page.getByText('What went wrong').first().waitFor();
    await act(page, 'Go back with the data', 'the new one wrote nonsense');
    await patiently(stage, 1_000, async () => {
      const workload = await stage.client.get<KubeObject & { readonly spec: { readonly replicas: number } }>(
        deployments,
        place('stock'),
      );
      expect(workload.spec.replicas).toBe(0);
    });
    await stage.client.delete(pods, place('stock-new'), { gracePeriodSeconds: 0 });
    await finishJob('stock', 'restore');
    await untilUpdate('stock-1', { phase: 'RolledBack', dataRestore: { state: 'Done' } });
    await page.getByRole('status').getByText('Went back').first().waitFor();
    await page.getByText(/^Data: is back\./).waitFor();
    expect(await imageOf('stock')).toContain(':1.0.0');
    await context.close();
  });
});
