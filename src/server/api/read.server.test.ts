/** What the API answers, over a real API server and registry: to whom, in pages, live. */
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { type ApiStage, makePerson, openApiStage, reader } from '../../../test/api-stage.ts';
import { redateToken } from '../../../test/kube/redated-token.ts';
import { createNamespace } from '../../../test/kube/server-fixtures.ts';
import { createDeployment, pushVersions } from '../../../test/runtime-stage.ts';
import { type RunningRegistry, startRegistry } from '../../../test/servers/registry.ts';
import { apps, channels, type ProductObject, subscriptions } from '../../adapters/cluster/kinds.ts';

let registry: RunningRegistry;
let stage: ApiStage;
let token: string;

beforeAll(async () => {
  registry = await startRegistry();
  stage = await openApiStage(inject('kubeconfig'));
  token = await stage.person('reader', [reader]);
  await pushVersions(registry.host, 'read/web', ['1.0.0', '1.1.0', '2.0.0']);
  await createDeployment(stage, 'web', `${registry.host}/read/web:1.0.0`);
  for (const name of ['api', 'web', 'zoo']) {
    await createApp(name);
  }
  await stage.until(async () => {
    const { body } = await stage.ask(`/api/v1/apps/${stage.namespace}/web`, { token });
    expect(body).toMatchObject({
      resources: [{ name: 'web' }],
      update: { phase: 'Watching', open: true, waiting: { reason: 'Rollout' } },
    });
    const { current, available } = body as { current: string; available: string };
    expect(`${current} ${available}`).toContain('1.1.0');
  });
});

afterAll(async () => {
  await stage.stop();
  await registry.stop();
});

async function createApp(name: string): Promise<void> {
  const image = { repository: `${registry.host}/read/${name}`, insecure: true, policy: { semver: { range: '1.x' } } };
  await stage.client.create<ProductObject>(apps, {
    metadata: { namespace: stage.namespace, name, labels: { team: name === 'zoo' ? 'beasts' : 'shop' } },
    spec: {
      sources: [{ name: 'web', image }],
      deploy: { workloads: { targets: [{ kind: 'Deployment', name }] } },
      health: { timeout: '30m', stableFor: '0s' },
    },
  });
}

test('Apps are listed with what they wait for, in pages, and found by text, state and reason', async () => {
  const first = await stage.ask('/api/v1/apps?limit=2', { token });
  const { items, continue: next } = first.body as { items: { name: string }[]; continue: string };
  expect(first.status).toBe(200);
  expect(items.map(({ name }) => name)).toEqual(['api', 'web']);
  expect(first.body).toMatchObject({ total: 3, states: { Trouble: 2, Updating: 1, Current: 0 } });
  expect(items[0]).toMatchObject({ state: 'Trouble', waiting: { reason: 'TargetNotFound' } });

  const second = await stage.ask(`/api/v1/apps?limit=2&continue=${next}`, { token });
  expect(second.body).toMatchObject({ items: [{ name: 'zoo' }], total: 3 });
  expect(second.body).not.toHaveProperty('continue');

  for (const [query, names] of [
    ['q=beasts', ['zoo']],
    ['q=1.1.0', ['web']],
    ['state=Updating', ['web']],
    ['waiting=TargetNotFound', ['api', 'zoo']],
    ['deploy=helm', []],
    ['namespace=elsewhere', []],
  ] as const) {
    const { body } = await stage.ask(`/api/v1/apps?${query}`, { token });
    expect((body as { items: { name: string }[] }).items.map(({ name }) => name)).toEqual(names);
  }
});

test('an App shows sources, resources and history, and its Update the steps', async () => {
  const { namespace } = stage;
  const app = await stage.ask(`/api/v1/apps/${namespace}/web`, { token });
  expect(app.body).toMatchObject({
    state: 'Updating',
    why: expect.stringMatching(/^web is moving to 1\.1\.0 \(Update web-1\): .*\.$/),
    sources: [
      { name: 'web', kind: 'image', location: `${registry.host}/read/web`, policy: { semver: { range: '1.x' } } },
    ],
    resources: [{ kind: 'Deployment', name: 'web', health: 'InProgress', replicas: { wanted: 1 } }],
    history: [{ name: 'web-1', changes: [{ from: { tag: '1.0.0' }, to: { tag: '1.1.0' } }] }],
  });

  const update = await stage.ask(`/api/v1/updates/${namespace}/web-1`, { token });
  expect(update.body).toMatchObject({
    phase: 'Watching',
    waiting: { reason: 'Rollout' },
    steps: [{ name: 'Plan' }, { name: 'Apply', result: 'Done', tookMs: expect.any(Number) }, { name: 'Watch' }],
    plan: { workloads: [{ name: 'web', containers: [{ source: 'web' }] }] },
  });
});

test('channels, releases and subscriptions are listed and shown as they are', async () => {
  const { namespace, client } = stage;
  const spec = { suspend: true, url: 'https://hub.example/stable/', trustedRoot: { name: 'root' } };
  await client.create<ProductObject>(subscriptions, { metadata: { namespace, name: 'stable' }, spec });
  const publish = { folder: { path: 'stable' }, keysRef: { name: 'keys' } };
  const channel = { suspend: true, apps: { names: ['web'] }, publish };
  await client.create<ProductObject>(channels, { metadata: { namespace, name: 'stable' }, spec: channel });

  for (const [resource, shown] of [
    ['subscriptions', spec],
    ['channels', channel],
  ] as const) {
    await stage.until(async () => {
      const { body } = await stage.ask(`/api/v1/${resource}?namespace=${namespace}`, { token });
      expect(body).toMatchObject({ total: 1, items: [{ name: 'stable', spec: shown }] });
    });
    expect((await stage.ask(`/api/v1/${resource}/${namespace}/stable`, { token })).body).toMatchObject({ spec: shown });
    expect((await stage.ask(`/api/v1/${resource}/${namespace}/none`, { token })).status).toBe(404);
    expect((await stage.ask(`/api/v1/${resource}`)).status).toBe(401);
  }
  expect((await stage.ask('/api/v1/releases', { token })).status).toBe(200);
});

test('candidates say of each version why it is or is not taken', async () => {
  const { body } = await stage.ask(`/api/v1/apps/${stage.namespace}/web/candidates`, { token });

  expect(body).toMatchObject({
    sources: [
      {
        source: 'web',
        rejected: expect.arrayContaining([expect.objectContaining({ tag: '2.0.0', reason: 'OutsideRange' })]),
      },
    ],
  });
});

test('the history is searched by App, phase, person and time', async () => {
  const found = async (query: string) => {
    const { body } = await stage.ask(`/api/v1/updates?${query}`, { token });
    return (body as { items: { name: string }[] }).items.map(({ name }) => name);
  };
  expect(await found('app=web')).toEqual(['web-1']);
  expect(await found('q=1.1.0&open=true')).toEqual(['web-1']);
  expect(await found('phase=Failed,RolledBack')).toEqual([]);
  expect(await found('by=nobody')).toEqual([]);
  expect(await found('since=2020-01-01T00:00:00Z&until=2100-01-01T00:00:00Z')).toEqual(['web-1']);
  expect(await found('since=2100-01-01T00:00:00Z')).toEqual([]);
});

test('sources name the Apps that follow them, and when they answered', async () => {
  const { body } = await stage.ask('/api/v1/sources', { token });

  expect((body as { items: object[] }).items).toContainEqual({
    repository: `${registry.host}/read/web`,
    kind: 'image',
    apps: [{ namespace: stage.namespace, name: 'web', source: 'web' }],
    answeredAt: expect.any(String),
  });
});

test('the same answer is told as such', async () => {
  const { headers } = await stage.ask('/api/v1/rejections', { token });
  const tag = headers.get('etag') ?? '';

  const again = await stage.ask('/api/v1/rejections', { token, headers: { 'if-none-match': tag } });

  expect([again.status, again.text]).toEqual([304, '']);
});

test('no answer costs a request to the API server, but for who may see it', async () => {
  const { namespace } = stage;
  const mark = stage.asked().length;
  for (const path of [
    'apps',
    `apps/${namespace}/web`,
    'updates',
    `updates/${namespace}/web-1`,
    'rejections',
    'sources',
  ]) {
    expect((await stage.ask(`/api/v1/${path}`, { token })).status).toBe(200);
  }
  const reads = stage.asked(mark).filter(({ method }) => method === 'GET');

  expect(reads).toEqual([]);
});

test('who has rights elsewhere sees nothing here', async () => {
  const other = await createNamespace(stage.client);
  const stranger = await makePerson({ client: stage.client, namespace: other }, 'stranger', [reader]);

  expect((await stage.ask('/api/v1/apps', { token: stranger })).body).toMatchObject({ items: [], total: 0 });
  const one = await stage.ask(`/api/v1/apps/${stage.namespace}/web`, { token: stranger });
  const none = await stage.ask(`/api/v1/apps/${stage.namespace}/not-there`, { token: stranger });
  expect([one.status, none.status]).toEqual([403, 403]);
  expect(one.body).toMatchObject({ code: 'forbidden', status: 403, title: 'You have no right to this' });
});

test.each([
  ['no token', undefined],
  ['a token that is none', 'not-a-token'],
  [
    'a forged token',
    `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from('{"sub":"admin"}').toString('base64url')}.`,
  ],
])('%s is answered 401, and says how to sign in', async (_, bad) => {
  const { status, headers, body } = await stage.ask('/api/v1/apps', { token: bad });

  expect(status).toBe(401);
  expect(headers.get('www-authenticate')).toBe('Bearer');
  expect(headers.get('content-type')).toMatch('application/problem+json');
  expect(body).toMatchObject({ code: 'unauthorized' });
});

test.each([
  ['of which a minute is left', 60, 200],
  ['that ended a minute ago', -60, 401],
])('a token of Kubernetes %s: moved to %i s from its end, answered %i', async (_, leftSeconds, status) => {
  const kubeconfigPath = inject('kubeconfig');
  const { exp = 0 } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as { exp?: number };
  const bySeconds = Math.floor(Date.now() / 1_000) + leftSeconds - exp;

  const answer = await stage.ask('/api/v1/apps', { token: await redateToken(token, kubeconfigPath, bySeconds) });

  expect(answer.status).toBe(status);
});

test('a policy is tried on tags', async () => {
  const trial = { policy: 'semver: {range: 1.x}', tags: ['1.0.0', '1.2.0', '2.0.0', 'latest'], current: '1.0.0' };

  const { status, body } = await stage.ask('/api/v1/policies/try', { token, method: 'POST', body: trial });

  expect(status).toBe(200);
  expect(body).toMatchObject({ choice: '1.2.0', unjudged: [] });
  expect(
    (body as { rejected: { tag: string; reason: string }[] }).rejected.map(({ tag, reason }) => [tag, reason]),
  ).toEqual([
    ['1.0.0', 'SameAsCurrent'],
    ['2.0.0', 'OutsideRange'],
    ['latest', 'NotAVersion'],
  ]);
});

test.each([
  ['/api/v1/apps?limit=0', 400],
  ['/api/v1/apps?limit=ten', 400],
  ['/api/v1/apps?nonsense=1', 400],
  ['/api/v1/apps?continue=%00', 400],
  ['/api/v1/apps/..%2f..%2fetc/passwd', 400],
  ['/api/v1/apps/UPPER/x', 400],
  ['/api/v1/nothing', 404],
])('%s is answered %i', async (path, status) => {
  const answer = await stage.ask(path, { token });

  expect(answer.status).toBe(status);
  expect(answer.body).toMatchObject({ status, type: 'about:blank' });
});

test('the API describes itself', async () => {
  const page = await stage.ask('/api');
  expect([page.status, page.text]).toEqual([200, expect.stringContaining('/api/v1/apps/{namespace}/{name}')]);
  expect((await stage.ask('/api/openapi.json')).body).toMatchObject({ openapi: '3.1.0' });
});
