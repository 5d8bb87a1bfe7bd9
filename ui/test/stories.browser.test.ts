/** What people come for, in a real browser over the real controller and API server. The kubelet's part is played by statuses. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { apps, type ProductObject } from '../../src/adapters/cluster/kinds.ts';
import { deployments } from '../../src/kube/resource-types.ts';
import type { AppSpecWire } from '../../src/resources/app/app.ts';
import { type ApiStage, openApiStage, type Rule, reader } from '../../test/api-stage.ts';
import { createDeployment, pushVersions } from '../../test/runtime-stage.ts';
import { type RunningRegistry, startRegistry } from '../../test/servers/registry.ts';
import { findAccessProblems, keepPicture, openBrowser, type Visit, visit } from './browser.ts';
import { createNamedNamespace } from './named-namespace.ts';

const may = (resources: string, verbs: readonly string[]): Rule => ({
  apiGroups: ['headgate.dev'],
  resources: [resources],
  verbs,
});

let registry: RunningRegistry;
let stage: ApiStage;
let browser: Browser;
let admin: string;
let viewer: string;

beforeAll(async () => {
  [registry, browser] = await Promise.all([startRegistry(), openBrowser()]);
  const namespace = await createNamedNamespace(inject('kubeconfig'), 'demo');
  stage = await openApiStage(inject('kubeconfig'), { pages: 'ui/dist' }, { namespace });
  viewer = await stage.person('viewer', [reader]);
  admin = await stage.person('admin', [
    reader,
    may('apps', ['check', 'deploy', 'hold', 'rollback']),
    may('updates', ['approve', 'reject']),
    may('rejections', ['delete']),
  ]);
}, 60_000);

afterAll(async () => {
  await browser.close();
  await stage.stop();
  await registry.stop();
});

async function follow(name: string, spec: Partial<AppSpecWire> = {}): Promise<void> {
  await pushVersions(registry.host, `story/${name}`, ['1.0.0', '1.1.0']);
  await createDeployment(stage, name, `${registry.host}/story/${name}:1.0.0`);
  const image = { repository: `${registry.host}/story/${name}`, insecure: true, policy: { semver: { range: '1.x' } } };
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

/** What the controllers of the cluster would say of a Deployment as it is now. */
async function say(name: string, verdict: 'Available' | 'ProgressDeadlineExceeded'): Promise<void> {
  const reference = { namespace: stage.namespace, name };
  const { generation = 0 } = (await stage.client.get(deployments, reference)).metadata;
  const isGood = verdict === 'Available';
  const conditions = [
    {
      type: 'Progressing',
      status: isGood ? 'True' : 'False',
      reason: isGood ? 'NewReplicaSetAvailable' : verdict,
      message: isGood ? 'it is there' : 'no pod became ready',
    },
    { type: 'Available', status: isGood ? 'True' : 'False', reason: 'MinimumReplicas' },
  ];
  const ready = isGood ? { readyReplicas: 1, availableReplicas: 1 } : {};
  const status = { observedGeneration: generation, replicas: 1, updatedReplicas: 1, ...ready, conditions };
  await stage.client.patch(deployments, reference, { kind: 'merge', body: { status } }, { subresource: 'status' });
}

async function signIn({ page }: Visit, token: string, path = ''): Promise<void> {
  await page.goto(`${stage.address}/${path}`);
  await page.getByLabel('Token of a ServiceAccount or a user').fill(token);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
}

test('sign in with too few rights: one sees, and is offered nothing one may not do', async () => {
  await follow('seen');
  const visitor = await visit(browser);
  const { page, context } = visitor;
  await page.goto(`${stage.address}/apps/${stage.namespace}/seen`);
  await page.getByLabel('Token of a ServiceAccount or a user').fill('no-such-token');
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.getByText('This token is not good, or not any more.').waitFor();
  expect(await findAccessProblems(page)).toEqual([]);
  await keepPicture(page, 'sign-in');

  await signIn(visitor, viewer, `apps/${stage.namespace}/seen`);
  await page.getByRole('heading', { level: 1, name: 'seen' }).waitFor();
  await page.getByText('1.1.0').first().waitFor();
  for (const action of ['Check now', 'Hold', 'Roll back']) {
    expect(await page.getByRole('button', { name: action }).count()).toBe(0);
  }
  const cookies = await context.cookies();
  expect(cookies).toMatchObject([{ name: 'headgate-session', httpOnly: true, sameSite: 'Lax' }]);
  expect(JSON.stringify(cookies)).not.toContain(viewer);
  expect(await page.content()).not.toContain(viewer);

  await page.getByRole('button', { name: /^EN:/ }).click();
  await page.getByText(/^Signed in as .*viewer$/).waitFor();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await page.getByRole('heading', { level: 1, name: 'Sign in' }).waitFor();
  await context.close();
});

test('see why it waits, approve it, and see it go on without loading again', async () => {
  await follow('asked', {
    gates: { approvals: { required: 1, deadline: '24h' } },
    notify: { releaseNotes: 'https://example.org/notes' },
  });
  const visitor = await visit(browser);
  const { page, context } = visitor;
  await signIn(visitor, admin);
  const row = page.getByRole('row', { name: /^asked/ });
  await row.getByText('1 person has to approve it').waitFor();
  expect(await row.locator('time').textContent()).toMatch(/^until .+, (in 24 hours|tomorrow)$/);

  await page.getByRole('link', { name: /^Approvals/ }).click();
  await page.getByRole('button', { name: 'Approve' }).click();
  await page.getByLabel('Reason').fill('looked at the notes');
  expect(await findAccessProblems(page)).toEqual([]);
  await keepPicture(page, 'approve');
  await page.getByRole('dialog').getByRole('button', { name: 'Approve' }).click();
  await page.getByText('Nothing waits for you.').waitFor();

  await page.goto(`${stage.address}/updates/${stage.namespace}/asked-1`);
  await page.getByRole('status').getByText('Watching').first().waitFor();
  await page.getByText('looked at the notes').first().waitFor();
  const notes = page.getByRole('link', { name: 'https://example.org/notes' });
  expect(await notes.getAttribute('rel')).toContain('noopener');
  await say('asked', 'Available');
  await page.getByRole('status').getByText('Succeeded').first().waitFor();
  expect(visitor.complaints).toEqual([]);
  await context.close();
});

test('watch it go wrong and come back, live', async () => {
  await follow('bad');
  const visitor = await visit(browser);
  const { page, context } = visitor;
  await signIn(visitor, admin, `updates/${stage.namespace}/bad-1`);
  await page.getByRole('status').getByText('Watching').first().waitFor();
  await say('bad', 'ProgressDeadlineExceeded');
  await page.getByText('What went wrong').waitFor();
  await page.getByText('The version is to blame: it is not taken again.').waitFor();
  await page.getByRole('status').getByText('Checking the way back').first().waitFor();
  await say('bad', 'Available');
  await page.getByRole('status').getByText('Went back').first().waitFor();
  const steps = page.getByRole('list', { name: 'Steps of the update, oldest first' }).getByRole('listitem');
  expect((await steps.allTextContents()).map((text) => text.split(/\d/, 1)[0])).toEqual([
    'Plan',
    'Apply',
    'Watch',
    'Go back',
    'Check the way back',
  ]);
  expect(await findAccessProblems(page)).toEqual([]);
  await keepPicture(page, 'went-back');

  await page.getByRole('link', { name: 'App bad' }).click();
  await page.getByRole('heading', { name: 'Versions that are not taken again' }).waitFor();
  await page.getByRole('button', { name: 'Lift the rejection' }).waitFor();
  await context.close();
});

test('find who updated what on a day, and take it along', async () => {
  await follow('found');
  await stage.until(async () => {
    const { body } = await stage.ask(`/api/v1/updates/${stage.namespace}/found-1`, { token: admin });
    expect(body).toMatchObject({ phase: 'Watching' });
  });
  const visitor = await visit(browser);
  const { page, context } = visitor;
  await signIn(visitor, admin, 'history');
  const day = new Intl.DateTimeFormat('sv', { timeZone: 'Europe/Amsterdam' }).format(new Date());
  await page.getByLabel('From').fill(day);
  await page.getByLabel('To').fill(day);
  await page.getByLabel('Search').fill('story/found');
  const table = page.getByRole('table', { name: 'Updates, newest first' });
  await page.getByText('1 of 1').waitFor();
  expect(await table.getByRole('row').allTextContents()).toEqual([
    expect.stringContaining('App'),
    expect.stringMatching(/found 1.*1\.0\.0.*1\.1\.0.*headgate/),
  ]);
  const when = table.locator('tbody time').first();
  expect(await when.getAttribute('title')).toMatch(
    /^\d{1,2} \w+ \d{4},? (?:at )?\d\d:\d\d \(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z\)$/,
  );
  const [, hour = '', utc = ''] = / (\d\d):.*T(\d\d):/.exec((await when.getAttribute('title')) ?? '') ?? [];
  // The visitor is in Amsterdam, one or two hours ahead.
  expect([1, 2]).toContain((24 + Number(hour) - Number(utc)) % 24);
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Download as CSV' }).click(),
  ]);
  expect(download.suggestedFilename()).toBe('headgate-history.csv');
  const chunks: Buffer[] = [];
  for await (const chunk of await download.createReadStream()) {
    chunks.push(chunk as Buffer);
  }
  expect(Buffer.concat(chunks).toString('utf8')).toMatch(
    /^namespace,app,update,.*\r\n.*,found,found-1,web 1\.0\.0 -> 1\.1\.0,/,
  );

  await page.getByLabel('From').fill('2020-01-01');
  await page.getByLabel('To').fill('2020-01-02');
  await page.getByText('No update matches.').waitFor();
  await context.close();
});

test('find an App by a part of its name, share the address, and see all again', async () => {
  await follow('needle');
  await follow('hay');
  const visitor = await visit(browser);
  const { page, context } = visitor;
  await signIn(visitor, viewer);
  await page.getByRole('row', { name: /^hay/ }).waitFor();
  await page.getByRole('searchbox').pressSequentially('needl');
  await page.getByRole('status').getByText('1 app', { exact: true }).waitFor();
  await page.getByRole('row', { name: /^needle/ }).waitFor();
  await page.waitForURL(/\?q=needl$/);
  await page.reload();
  await page.getByRole('status').getByText('1 app', { exact: true }).waitFor();
  expect(await page.getByRole('searchbox').inputValue()).toBe('needl');

  await page.getByRole('button', { name: 'Show all apps' }).click();
  await page.getByRole('row', { name: /^hay/ }).waitFor();
  expect(await page.getByRole('searchbox').inputValue()).toBe('');
  await page.waitForURL((url) => url.search === '');
  await context.close();
});

test('hold an App by keyboard alone', async () => {
  await follow('held', { gates: { approvals: { required: 1 } } });
  const visitor = await visit(browser);
  const { page, context } = visitor;
  await signIn(visitor, admin, `apps/${stage.namespace}/held`);
  const hold = page.getByRole('button', { name: 'Hold' });
  await hold.waitFor();
  await hold.focus();
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').waitFor();
  await page.keyboard.type('holiday');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Lift the hold' }).waitFor();
  await page.getByText('holiday').first().waitFor();
  await context.close();
});

test('pause all, see it on every page, and go on', async () => {
  await follow('calm', { gates: { approvals: { required: 1 } } });
  await follow('busy', { gates: { approvals: { required: 1 } } });
  const watcher = await visit(browser);
  await signIn(watcher, viewer);
  await watcher.page.getByRole('row', { name: /^calm/ }).waitFor();
  expect(await watcher.page.getByRole('button', { name: 'Pause all' }).count()).toBe(0);
  const visitor = await visit(browser);
  const { page, context } = visitor;
  await signIn(visitor, admin);
  await page.getByRole('button', { name: 'Pause all' }).click();
  await page.getByLabel('Reason').fill('the night of the sale');
  await page.getByLabel('For how long').selectOption('4h');
  expect(await findAccessProblems(page)).toEqual([]);
  await keepPicture(page, 'pause-all');
  await page.getByRole('dialog').getByRole('button', { name: 'Pause all' }).click();

  const banner = page.getByRole('alert').filter({ hasText: 'pause' });
  await banner.getByText(/the night of the sale \(.*:admin\)/).waitFor();
  expect(await banner.locator('time').textContent()).toContain('4 hours');
  expect(await findAccessProblems(page)).toEqual([]);
  await keepPicture(page, 'paused');
  // Without loading again, and without the right to end it.
  await watcher.page
    .getByText(/the night of the sale/)
    .first()
    .waitFor();
  await watcher.page.getByRole('link', { name: 'History' }).click();
  await watcher.page.getByRole('heading', { level: 1, name: 'History' }).waitFor();
  await watcher.page
    .getByRole('alert')
    .getByText(/the night of the sale/)
    .waitFor();
  expect(await watcher.page.getByRole('button', { name: 'Go on' }).count()).toBe(0);

  await page.goto(`${stage.address}/apps/${stage.namespace}/calm`);
  await page.getByRole('button', { name: 'Go on' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Go on' }).click();
  await page.getByRole('alert').filter({ hasText: 'paused' }).waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Hold' }).waitFor();
  await watcher.page.getByRole('alert').waitFor({ state: 'detached' });
  expect(visitor.complaints).toEqual([]);
  await context.close();
  await watcher.context.close();
});

test('in German, and the choice stays', async () => {
  const visitor = await visit(browser, { locale: 'de-DE' });
  const { page, context } = visitor;
  await page.goto(stage.address);
  await page.getByRole('heading', { level: 1, name: 'Anmelden' }).waitFor();
  await page.getByRole('button', { name: /^DE:/ }).click();
  await page.getByRole('menuitem', { name: 'English' }).click();
  await page.getByRole('heading', { level: 1, name: 'Sign in' }).waitFor();
  await page.reload();
  await page.getByRole('heading', { level: 1, name: 'Sign in' }).waitFor();
  expect(await page.locator('html').getAttribute('lang')).toBe('en');
  await context.close();
});
