/** Keel's /v1/approvals over real HTTP, on Updates of a real API server. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest';
import { connectTo, createNamespace } from '../../../test/kube/server-fixtures.ts';
import { apps, type ProductObject, rejections, updates } from '../../adapters/cluster/kinds.ts';
import type { KubeClient } from '../../kube/client.ts';
import { systemClock } from '../../kube/clock.ts';
import type { KubeObject } from '../../kube/objects.ts';
import { deployments } from '../../kube/resource-types.ts';
import { decodeUpdate } from '../../resources/update/decode-update.ts';
import { createLogger } from '../../telemetry/log.ts';
import { createMetrics } from '../../telemetry/metrics.ts';
import { openWebhooks } from '../listeners/webhook-listener.ts';

let client: KubeClient;
let namespace: string;
let folder: string;
let address: string;
let close: () => Promise<void>;

const digest = `sha256:${'a'.repeat(64)}`;
const former = `sha256:${'b'.repeat(64)}`;

beforeEach(async () => {
  client = await connectTo(inject('kubeconfig'));
  namespace = await createNamespace(client);
  folder = await mkdtemp(join(tmpdir(), 'keel-'));
  await writeFile(join(folder, 'users'), 'ann:password-a\nbob:password-b\nbot:password-c\nshort:x\n');
  await open(false);
  await putApp('web', 2);
});

afterEach(async () => {
  await close();
  await client.close();
  await rm(folder, { recursive: true });
});

async function open(trustVoter: boolean): Promise<void> {
  const settings = {
    ...{ listen: '127.0.0.1:0', secretFiles: [], allowUnsigned: false },
    keelApprovals: { usersFile: join(folder, 'users'), trustVoter },
  };
  const opened = await openWebhooks(settings, {
    client,
    namespaces: [namespace],
    log: createLogger('error', { write: () => true }),
    metrics: createMetrics({ processMetrics: false }),
    clock: systemClock,
    targets: () => undefined,
    relay: undefined,
  });
  address = opened.address ?? '';
  close = opened.close;
}

/** An App that asks people, and an Update of it that waits for them. */
async function putApp(name: string, required: number): Promise<void> {
  const image = { repository: 'example.com/web', policy: { semver: { range: '1.x' } } };
  const key = { namespace, name };
  await client.create<ProductObject>(apps, {
    metadata: key,
    spec: {
      sources: [{ name: 'web', image }],
      deploy: { workloads: { targets: [{ kind: 'Deployment', name }] } },
      gates: { approvals: { required, deadline: '5h' } },
    },
  });
  const body = { status: { workloads: [`Deployment/${name}`, `CronJob/${name}`] } };
  await client.patch(apps, key, { kind: 'merge', body }, { subresource: 'status' });
  await client.create<ProductObject>(updates, {
    metadata: { namespace, name: `${name}-1` },
    spec: {
      ...{ app: name, sequence: 1, trigger: { kind: 'Source', by: 'test', reason: 'newer' } },
      changes: [
        {
          ...{ source: 'web', repository: 'example.com/web' },
          from: { tag: '1.0.0', digest: former },
          to: { tag: '1.1.0', digest },
        },
      ],
    },
  });
  const status = { phase: 'Pending', startedAt: '2030-01-01T00:00:00Z' };
  const update = { namespace, name: `${name}-1` };
  await client.patch(updates, update, { kind: 'merge', body: { status } }, { subresource: 'status' });
}

const login = (user: string, password: string) => `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
const ann = login('ann', 'password-a');
const bob = login('bob', 'password-b');

async function list(authorization = ann): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const answer = await fetch(`${address}/v1/approvals`, { headers: { authorization } });
  expect(answer.status).toBe(200);
  return (await answer.json()) as readonly Readonly<Record<string, unknown>>[];
}

async function vote(body: unknown, authorization = ann) {
  const answer = await fetch(`${address}/v1/approvals`, {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  const text = await answer.text();
  const json = answer.status === 200 ? (JSON.parse(text) as Readonly<Record<string, unknown>>) : undefined;
  return { status: answer.status, text, json };
}

const approvalsOf = async () => {
  const update = await client.get<ProductObject>(updates, { namespace, name: 'web-1' });
  return (decodeUpdate(update, 'web-1').status?.approvals ?? []).map(({ by }) => by);
};
const web = () => `deployment/${namespace}/web:1.1.0`;

test('lists what waits with the names and fields of Keel', async () => {
  const [first, second] = await list();

  expect(first).toMatchObject({
    archived: false,
    provider: 'kubernetes',
    identifier: web(),
    currentVersion: '1.0.0',
    newVersion: '1.1.0',
    digest,
    votesRequired: 2,
    votesReceived: 0,
    voters: {},
    rejected: false,
    deadline: '2030-01-01T05:00:00.000Z',
    event: { repository: { name: 'example.com/web', tag: '1.1.0', digest } },
  });
  expect(second?.['identifier']).toBe(`cronjob/${namespace}/web:1.1.0`);
});

describe('a vote', () => {
  test('of one person counts once, under whatever name and for whichever workload', async () => {
    expect((await vote({ identifier: web(), voter: 'ann' })).json).toMatchObject({ votesReceived: 1 });
    await vote({ identifier: web(), voter: 'somebody else', action: 'approve' });
    await vote({ identifier: `cronjob/${namespace}/web:1.1.0`, action: 'approve' });
    expect(await approvalsOf()).toEqual(['keel:ann']);

    const { json } = await vote({ identifier: web(), action: 'approve' }, bob);

    expect(json).toMatchObject({ votesReceived: 2, voters: { 'keel:ann': expect.any(String) } });
    expect(await approvalsOf()).toEqual(['keel:ann', 'keel:bob']);
  });

  test('of a bot is that of the person it names, where the operator says so', async () => {
    await close();
    await open(true);
    const bot = login('bot', 'password-c');

    await vote({ identifier: web(), voter: 'ann' }, bot);
    await vote({ identifier: web(), voter: 'ann' }, bot);
    await vote({ identifier: web(), voter: 'carl' }, bot);

    expect(await approvalsOf()).toEqual(['keel:ann', 'keel:carl']);
  });

  test('that rejects makes a Rejection of this digest', async () => {
    const { json } = await vote({ identifier: web(), action: 'reject' });

    expect(json).toMatchObject({ rejected: true });
    const { items } = await client.list<ProductObject>(rejections, { namespace });
    expect(items).toMatchObject([{ spec: { app: 'web', digest, author: 'keel:ann', reason: 'rejected by ann' } }]);
  });

  test('is for the version that it names and no other', async () => {
    expect(await vote({ identifier: `deployment/${namespace}/web:1.2.0` })).toMatchObject({ status: 404 });
    expect(await approvalsOf()).toEqual([]);
  });

  test('comes too late for what has begun', async () => {
    const body = { status: { phase: 'Watching' } };
    await client.patch(updates, { namespace, name: 'web-1' }, { kind: 'merge', body }, { subresource: 'status' });

    expect(await vote({ identifier: web() })).toMatchObject({
      status: 409,
      text: expect.stringContaining('is Watching'),
    });
    expect(await list()).toMatchObject([{ archived: true }, { archived: true }]);
  });

  test('can put away what waits, or have it asked anew', async () => {
    const [{ id } = {}] = await list();
    expect((await vote({ id, action: 'archive' })).json).toMatchObject({ archived: true, votesReceived: 0 });
    expect(await list()).toMatchObject([{ archived: true }, { archived: true }]);

    await client.patch(
      updates,
      { namespace, name: 'web-1' },
      {
        kind: 'merge',
        body: { metadata: { annotations: { 'headgate.dev/archived': null } } },
      },
    );
    expect(await vote({ id, action: 'delete' })).toMatchObject({ status: 200 });
    expect(await client.find(updates, { namespace, name: 'web-1' })).toBeUndefined();
  });
});

test.each([
  ['nobody', '', 401],
  ['a wrong password', login('ann', 'password-b'), 401],
  ['another user', login('eve', 'password-a'), 401],
  ['a password that is too short to be taken', login('short', 'x'), 401],
  ['what is no basic authentication', 'Bearer abc', 401],
])('%s gets no answer', async (_, authorization, status) => {
  expect(await vote({ identifier: web() }, authorization)).toMatchObject({ status });
  const listed = await fetch(`${address}/v1/approvals`, { headers: { authorization } });
  expect(listed.status).toBe(status);
  expect(await approvalsOf()).toEqual([]);
});

test.each([
  ['no JSON', 'x', 400],
  ['another action', { identifier: 'a', action: 'explode' }, 400],
  ['neither identifier nor id', { action: 'approve' }, 400],
  ['what is not there', { identifier: 'deployment/x/y:1' }, 404],
])('%s is told', async (_, body, status) => {
  expect(await vote(body)).toMatchObject({ status });
});

describe('the number of votes', () => {
  const put = async (body: unknown, authorization = ann) => {
    const answer = await fetch(`${address}/v1/approvals`, {
      method: 'PUT',
      headers: { authorization, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return { status: answer.status, text: await answer.text() };
  };
  const asked = (fields: object = {}) => ({
    ...{ identifier: `deployment/${namespace}/web`, provider: 'kubernetes', votesRequired: 3 },
    ...fields,
  });
  const requiredOf = async (name: string) => {
    const app = await client.get<ProductObject>(apps, { namespace, name });
    return (app.spec as { readonly gates: { readonly approvals: { readonly required: number } } }).gates.approvals;
  };

  test('is set in the App, and what waits asks for it', async () => {
    expect(await put(asked())).toEqual({ status: 200, text: '{"status":"updated"}' });

    expect(await requiredOf('web')).toEqual({ required: 3, deadline: '5h' });
    expect((await list())[0]).toMatchObject({ votesRequired: 3 });
  });

  test('of a workload that is followed for its annotations is set there, and the label gives way', async () => {
    const labels = { app: 'old', 'keel.sh/approvals': '1' };
    const template = {
      metadata: { labels: { app: 'old' } },
      spec: { containers: [{ name: 'web', image: 'example.com/web:1.0.0' }] },
    };
    await client.create(deployments, {
      metadata: { namespace, name: 'old', labels },
      spec: { selector: { matchLabels: { app: 'old' } }, template },
    } as never);
    await putApp('old', 1);
    const body = { metadata: { labels: { 'headgate.dev/adopted-from': 'keel' } } };
    await client.patch(apps, { namespace, name: 'old' }, { kind: 'merge', body });

    expect(await put(asked({ identifier: `deployment/${namespace}/old`, votesRequired: 0 }))).toMatchObject({
      status: 200,
    });

    const { metadata } = await client.get<KubeObject>(deployments, { namespace, name: 'old' });
    expect(metadata.annotations?.['keel.sh/approvals']).toBe('0');
    expect(metadata.labels).toEqual({ app: 'old' });
    expect(await requiredOf('old')).toMatchObject({ required: 1 });
  });

  test.each([
    ['of nobody known', 404, { identifier: 'deployment/elsewhere/web' }, /deployment\/elsewhere\/web' not found/],
    ['of no workload', 404, { identifier: 'web' }, /'web' not found/],
    ['below 0', 400, { votesRequired: -1 }, /votesRequired from 0 to 100/],
    ['above 100', 400, { votesRequired: 101 }, /votesRequired from 0 to 100/],
    ['of another provider', 400, { provider: 'helm' }, /provider "kubernetes"/],
    ['without a resource', 400, { identifier: '' }, /wanted are identifier/],
  ] as const)('%s is answered %i', async (_, status, fields, text) => {
    expect(await put(asked(fields))).toEqual({ status, text: expect.stringMatching(text) });
    expect(await requiredOf('web')).toMatchObject({ required: 2 });
  });

  test('is set by nobody who did not sign in', async () => {
    expect(await put(asked(), login('ann', 'wrong'))).toMatchObject({ status: 401 });
    expect(await requiredOf('web')).toMatchObject({ required: 2 });
  });
});
