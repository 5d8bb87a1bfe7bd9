/** Deploy kind `git` by pull requests on a real Gitea; a small loop stands for whoever applies the repository. */
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import { webDeployment } from '../../../test/images/web-objects.ts';
import { completeRollouts, openRuntimeStage, pushVersions, type RuntimeStage } from '../../../test/runtime-stage.ts';
import { type GiteaServer, startGitea } from '../../../test/servers/gitea.ts';
import { type RunningRegistry, startRegistry } from '../../../test/servers/registry.ts';
import { type SmallApplier, startSmallApplier } from '../../../test/servers/small-applier.ts';
import { apps, type ProductObject, rejections } from '../../adapters/cluster/kinds.ts';
import type { KubeObject } from '../../kube/objects.ts';
import { deployments, secrets } from '../../kube/resource-types.ts';
import { decodeWorkload } from '../../resources/app/decode-workload.ts';
import { createWebhookServer } from '../../server/webhooks.ts';
import { createLogger } from '../../telemetry/log.ts';

interface SecretObject extends KubeObject {
  readonly data: Readonly<Record<string, string>>;
}

interface Pull {
  readonly number: number;
  readonly title: string;
  readonly body: string;
  readonly state: string;
  readonly head: { readonly ref: string };
}

let registry: RunningRegistry;
let gitea: GiteaServer;
let stage: RuntimeStage;
let applier: SmallApplier;
let stop: AbortController;
let name = '';
let count = 0;

beforeAll(async () => {
  registry = await startRegistry();
  await pushVersions(registry.host, 'web', ['1.0.0', '1.1.0', '1.2.0']);
  gitea = await startGitea();
}, 60_000);

afterAll(async () => {
  await Promise.all([registry.stop(), gitea.stop()]);
});

beforeEach(async () => {
  count += 1;
  name = `deploy-${count}`;
  stop = new AbortController();
  stage = await openRuntimeStage(inject('kubeconfig'));
  await gitea.createRepository(name);
  const object = webDeployment({
    name: 'web',
    namespace: stage.namespace,
    image: `${registry.host}/web:1.0.0`,
    replicas: 1,
  });
  const content = Buffer.from(`${JSON.stringify(object)}\n`).toString('base64');
  await gitea.call('POST', `${repository()}/contents/web.yaml`, { content, message: 'first' });
  const data = Object.fromEntries(
    Object.entries({ username: gitea.username, password: gitea.token, token: gitea.token }).map(([key, value]) => [
      key,
      Buffer.from(value).toString('base64'),
    ]),
  );
  await stage.client.create<SecretObject>(secrets, { metadata: { namespace: stage.namespace, name: 'git' }, data });
  const directory = join(gitea.repositories, gitea.username, `${name}.git`);
  applier = startSmallApplier({ client: stage.client, namespace: stage.namespace, directory, path: 'web.yaml' });
  await stage.until(async () => expect(await imageNow()).toBeDefined());
});

afterEach(async () => {
  stop.abort();
  await applier.stop();
  await stage.stop();
});

function repository(): string {
  return `/repos/${gitea.username}/${name}`;
}

async function imageNow(): Promise<string | undefined> {
  const object = await stage.client.find(deployments, { namespace: stage.namespace, name: 'web' });
  return object && decodeWorkload('Deployment', object).containers[0]?.image;
}

function sourceOf(range: string) {
  return { name: 'web', image: { repository: `${registry.host}/web`, insecure: true, policy: { semver: { range } } } };
}

async function putApp(): Promise<void> {
  const path = 'spec.template.spec.containers[0].image';
  const git = {
    repository: `${gitea.origin}/${gitea.username}/${name}.git`,
    secretRef: { name: 'git' },
    writers: [{ source: 'web', value: { file: 'web.yaml', path, template: '{repository}:{tag}' } }],
    pullRequest: { provider: 'Gitea' },
    watch: { workloads: [{ kind: 'Deployment', name: 'web' }] },
    commit: { message: 'chore({app}): {versions}\n\n{changes}' },
  };
  const spec = {
    interval: '1m',
    sources: [sourceOf('<1.2')],
    deploy: { git },
    health: { timeout: '1m', stableFor: '1s' },
  };
  await stage.client.create<ProductObject>(apps, { metadata: { namespace: stage.namespace, name: 'web' }, spec });
}

async function untilUpdate(expected: object, index = 0): Promise<void> {
  await stage.until(async () => {
    const all = await stage.updatesOf('web');
    const update = all.toSorted((left, right) => left.spec.sequence - right.spec.sequence)[index];
    expect(update?.status).toMatchObject(expected);
  });
}

/** The newest first. */
async function pulls(): Promise<readonly Pull[]> {
  const all = (await gitea.call('GET', `${repository()}/pulls?state=all`)) as readonly Pull[];
  return all.toSorted((left, right) => right.number - left.number);
}

async function merge(number: number): Promise<void> {
  // Gitea looks whether it can be merged in the background, and says 405 until then.
  await stage.until(() => gitea.call('POST', `${repository()}/pulls/${number}/merge`, { Do: 'squash' }));
}

async function look(): Promise<void> {
  await stage.clock.advance(61_000);
}

const open = { phase: 'Applying', waiting: { reason: 'PullRequest' } };

test('one is opened, merged by a person, and the version watched until it is done', async () => {
  completeRollouts(stage, stop.signal);
  await putApp();
  await untilUpdate(open);

  const [pull] = await pulls();
  expect(pull).toMatchObject({
    state: 'open',
    title: 'chore(web): web to 1.1.0',
    head: { ref: `headgate/${stage.namespace}/web-1` },
  });
  expect(pull?.body).toContain(`* web (${registry.host}/web): 1.0.0 -> 1.1.0`);
  expect(await imageNow()).toBe(`${registry.host}/web:1.0.0`);
  await merge(pull?.number ?? 0);
  await look();
  await untilUpdate({ phase: 'Succeeded' });

  expect(await imageNow()).toBe(`${registry.host}/web:1.1.0`);
  expect(await pulls()).toHaveLength(1);
});

test('a merge that the forge tells of by its webhook is seen at once', async () => {
  completeRollouts(stage, stop.signal);
  const secret = 'a secret';
  const server = createWebhookServer({
    metrics: stage.metrics,
    log: createLogger('error', { write: () => undefined }),
    secretsOf: async () => [secret],
    allowUnsigned: false,
    privateRegistry: undefined,
    targets: () => stage.runtime.webhooks,
  });
  try {
    const url = `${await server.listen({ host: '127.0.0.1', port: 0 })}/hook/github`;
    await gitea.call('POST', `${repository()}/hooks`, {
      type: 'gitea',
      active: true,
      events: ['pull_request'],
      config: { url, content_type: 'json', secret },
    });
    await putApp();
    await untilUpdate(open);
    const [pull] = await pulls();
    await merge(pull?.number ?? 0);
    const mergedAt = stage.clock.now().getTime();

    await untilUpdate({ phase: 'Succeeded' });

    expect(stage.clock.now().getTime() - mergedAt).toBeLessThan(30_000);
    expect(await imageNow()).toBe(`${registry.host}/web:1.1.0`);
  } finally {
    await server.close();
  }
});

test('one that a person closes is a no to the version', async () => {
  completeRollouts(stage, stop.signal);
  await putApp();
  await untilUpdate(open);

  const [pull] = await pulls();
  await gitea.call('PATCH', `${repository()}/pulls/${pull?.number}`, { state: 'closed' });
  await look();
  await untilUpdate({ phase: 'RolledBack', failure: { reason: 'PullRequestClosed' } });
  await stage.pass(120_000, 'web');

  const { items } = await stage.client.list<ProductObject>(rejections, { namespace: stage.namespace });
  expect(items).toMatchObject([{ spec: { tag: '1.1.0' } }]);
  expect(await pulls()).toHaveLength(1);
  expect((await stage.app('web')).status?.waiting?.reason).toBe('VersionRejected');
});

test('one that a newer version overtakes is closed, and the next one opened', async () => {
  completeRollouts(stage, stop.signal);
  await putApp();
  await untilUpdate(open);

  const body = { spec: { sources: [sourceOf('1.x')] } };
  await stage.client.patch(apps, { namespace: stage.namespace, name: 'web' }, { kind: 'merge', body });
  await untilUpdate({ phase: 'Superseded' });
  await untilUpdate(open, 1);

  expect((await pulls()).map(({ state, title }) => `${state} ${title}`)).toEqual([
    'open chore(web): web to 1.2.0',
    'closed chore(web): web to 1.1.0',
  ]);
  const branches = (await gitea.call('GET', `${repository()}/branches`)) as readonly { readonly name: string }[];
  expect(branches.map((branch) => branch.name).toSorted()).toEqual([`headgate/${stage.namespace}/web-2`, 'main']);
});

test('a version that is bad after the merge is taken back by another one', async () => {
  await putApp();
  await untilUpdate(open);
  const [pull] = await pulls();
  await merge(pull?.number ?? 0);
  await look();
  await untilUpdate({ phase: 'Watching' });

  const object = await stage.client.get(deployments, { namespace: stage.namespace, name: 'web' });
  const conditions = [{ type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded', message: 'no pod' }];
  const body = {
    status: {
      observedGeneration: decodeWorkload('Deployment', object).generation,
      replicas: 1,
      updatedReplicas: 1,
      conditions,
    },
  };
  await stage.client.patch(
    deployments,
    { namespace: stage.namespace, name: 'web' },
    { kind: 'merge', body },
    { subresource: 'status' },
  );
  await untilUpdate({ phase: 'RollingBack', waiting: { reason: 'PullRequest' } });
  const [revert] = await pulls();
  expect(revert).toMatchObject({
    title: 'Revert "chore(web): web to 1.1.0"',
    body: expect.stringContaining('ProgressDeadline: '),
  });
  completeRollouts(stage, stop.signal);
  await merge(revert?.number ?? 0);
  await look();
  await untilUpdate({ phase: 'RolledBack' });

  expect(await imageNow()).toBe(`${registry.host}/web:1.0.0`);
});
