/** What Keel's page changes, on a real API server and registry: the annotation of the workload, and by it the App. */
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { type Answer, type ApiStage, openApiStage, reader } from '../../../test/api-stage.ts';
import { completeRollouts, createDeployment, pushVersions } from '../../../test/runtime-stage.ts';
import { type RunningRegistry, startRegistry } from '../../../test/servers/registry.ts';
import { apps, type ProductObject } from '../../adapters/cluster/kinds.ts';
import { deployments } from '../../kube/resource-types.ts';

let registry: RunningRegistry;
let stage: ApiStage;
let stop: AbortController;
let owner: string;
let viewer: string;

beforeAll(async () => {
  registry = await startRegistry();
  stop = new AbortController();
  const keel = { defaultSchedule: '@every 1m' };
  const adoption = { systems: ['keel' as const], followsReleases: false, keel, insecureRegistries: [registry.host] };
  stage = await openApiStage(inject('kubeconfig'), {}, { adoption });
  completeRollouts(stage, stop.signal);
  viewer = await stage.person('viewer', [reader]);
  owner = await stage.person('owner', [reader, { apiGroups: ['apps'], resources: ['deployments'], verbs: ['patch'] }]);
  for (const name of ['plain', 'written']) {
    await pushVersions(registry.host, `keel/${name}`, ['1.0.0', '1.1.0']);
    await createDeployment(stage, name, `${registry.host}/keel/${name}:1.0.0`);
  }
  await stage.client.create<ProductObject>(apps, {
    metadata: { namespace: stage.namespace, name: 'written' },
    spec: {
      sources: [
        { name: 'web', image: { repository: `${registry.host}/keel/written`, insecure: true, policy: { pinned: {} } } },
      ],
      deploy: { workloads: { targets: [{ kind: 'Deployment', name: 'written' }] } },
    },
  });
});

afterAll(async () => {
  stop.abort();
  await stage.stop();
  await registry.stop();
});

const identifier = (name: string) => `deployment/${stage.namespace}/${name}`;

function put(path: string, body: unknown, token: string | undefined = owner): Promise<Answer> {
  return stage.ask(`/v1/${path}`, { method: 'PUT', token, body });
}

async function annotations(name = 'plain'): Promise<object | undefined> {
  return (await stage.client.get(deployments, { namespace: stage.namespace, name })).metadata.annotations;
}

const untilTracked = (expected: readonly object[]) =>
  stage.until(async () => {
    const { body } = await stage.ask('/v1/tracked', { token: viewer });
    expect((body as { image: string }[]).filter(({ image }) => image === 'keel/plain')).toEqual(
      expected.map((one) => expect.objectContaining(one)),
    );
  });

test('a policy makes the App that follows it, another one changes it, and none ends it', async () => {
  const first = await put('policies', { policy: 'patch', identifier: identifier('plain'), provider: 'kubernetes' });
  expect([first.status, first.body]).toEqual([200, { status: 'updated' }]);
  await untilTracked([{ policy: 'patch', trigger: 'default' }]);

  await put('tracked', { identifier: identifier('plain'), trigger: 'poll', schedule: '30m' });
  await untilTracked([{ policy: 'patch', trigger: 'poll', pollSchedule: '@every 30m' }]);
  // The schedule stays: that Keel sets it back is its issue 608.
  await put('tracked', { identifier: identifier('plain'), trigger: 'poll' });
  expect(await annotations()).toMatchObject({ 'keel.sh/trigger': 'poll', 'keel.sh/pollSchedule': '@every 30m' });

  await put('policies', { policy: 'minor', identifier: identifier('plain') });
  await stage.until(async () => {
    await stage.clock.advance(60_000);
    const { body } = await stage.ask(`/api/v1/apps/${stage.namespace}/deployment-plain`, { token: viewer });
    expect(body).toMatchObject({
      current: '1.1.0',
      actions: expect.arrayContaining([
        expect.objectContaining({ action: 'Annotate', by: `system:serviceaccount:${stage.namespace}:owner` }),
      ]),
    });
  });

  await put('policies', { policy: '', identifier: identifier('plain') });
  await untilTracked([]);
  expect(await annotations()).toMatchObject({ 'keel.sh/policy': '' });
});

test.each([
  ['policies', '{"policy":"minor"}', 400, 'identifier'],
  ['policies', '{"policy":"nonsense","identifier":"deployment/NS/plain"}', 400, 'nonsense'],
  ['policies', '{"policy":"minor","identifier":"plain"}', 400, 'is no workload'],
  ['policies', '{"policy":"minor","identifier":"pod/NS/plain"}', 400, 'is no workload'],
  ['policies', '{"policy":"minor","identifier":"NS/web","provider":"helm"}', 400, 'is no workload'],
  ['policies', '{"policy":"minor","identifier":"deployment/NS/none"}', 404, 'not found'],
  ['policies', '{"policy":"minor","identifier":"deployment/NS/written"}', 409, 'says itself what it follows'],
  ['tracked', '{"identifier":"deployment/NS/plain","trigger":"never"}', 400, 'trigger'],
  ['tracked', '{"identifier":"deployment/NS/plain","trigger":"poll","schedule":"when I like"}', 400, 'schedule'],
  ['tracked', '{', 400, ''],
])('PUT /v1/%s %s is answered %i', async (path, body, status, detail) => {
  const answer = await put(path, body.replace('NS', stage.namespace));

  expect(answer.body).toMatchObject({ status, detail: expect.stringContaining(detail) });
});

test('who may not change the workload changes nothing', async () => {
  const before = await annotations('written');
  const asked = { policy: 'all', identifier: identifier('written') };

  expect((await put('policies', asked, viewer)).status).toBe(403);
  expect((await stage.ask('/v1/policies', { method: 'PUT', body: asked })).status).toBe(401);
  expect((await put('tracked', { ...asked, trigger: 'poll' }, viewer)).status).toBe(403);
  expect(await annotations('written')).toEqual(before);
});
