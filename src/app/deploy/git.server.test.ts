/** Deploy kind `git` on a real API server, a real registry and real git servers; a small loop stands for whoever applies the repository. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { webDeployment } from '../../../test/images/web-objects.ts';
import { completeRollouts, openRuntimeStage, pushVersions, type RuntimeStage } from '../../../test/runtime-stage.ts';
import { startGitHttp } from '../../../test/servers/git-http.ts';
import { makeGitRoot, makeRepository, type TestRepository } from '../../../test/servers/git-repository.ts';
import type { TestServer } from '../../../test/servers/http-server.ts';
import { type RunningRegistry, startRegistry } from '../../../test/servers/registry.ts';
import { type SmallApplier, startSmallApplier } from '../../../test/servers/small-applier.ts';
import { apps, type ProductObject, rejections, updates } from '../../adapters/cluster/kinds.ts';
import type { KubeObject } from '../../kube/objects.ts';
import { deployments, secrets } from '../../kube/resource-types.ts';
import { decodeWorkload } from '../../resources/app/decode-workload.ts';

interface SecretObject extends KubeObject {
  readonly data: Readonly<Record<string, string>>;
}

const root = makeGitRoot();
const path = 'shop/web.yaml';
const trailerLine = /^Headgate-Update: test-[0-9a-f-]+\/web-/m;
let registry: RunningRegistry;
let server: TestServer;
let stage: RuntimeStage;
let repository: TestRepository;
let applier: SmallApplier | undefined;
let stop: AbortController;
let count = 0;

beforeAll(async () => {
  registry = await startRegistry();
  await pushVersions(registry.host, 'web', ['1.0.0', '1.1.0', '1.2.0']);
  const authorization = `Basic ${Buffer.from('robot:secret').toString('base64')}`;
  server = await startGitHttp({ root: root.directory, authorization });
});

afterAll(async () => {
  await Promise.all([registry.stop(), server.stop()]);
  root.remove();
});

beforeEach(async () => {
  count += 1;
  stop = new AbortController();
  stage = await openRuntimeStage(inject('kubeconfig'));
  repository = makeRepository(root.directory, `deploy-${count}.git`);
  repository.commit({ [path]: manifest('1.0.0'), 'README.md': 'x' });
  const data = {
    username: Buffer.from('robot').toString('base64'),
    password: Buffer.from('secret').toString('base64'),
  };
  await stage.client.create<SecretObject>(secrets, { metadata: { namespace: stage.namespace, name: 'git' }, data });
});

afterEach(async () => {
  stop.abort();
  await applier?.stop();
  applier = undefined;
  await stage.stop();
});

/** As a person writes it, with a marker. */
function manifest(tag: string): string {
  const object = webDeployment({ name: 'web', namespace: stage.namespace, image: 'IMAGE', replicas: 1 });
  const text = JSON.stringify(object).replace(
    '"IMAGE"',
    `\n  "${registry.host}/web:${tag}" # {"$imagepolicy": "shop:web"}\n`,
  );
  return `# the web shop\n${text}\n`;
}

async function applyFromGit(): Promise<void> {
  applier = startSmallApplier({
    client: stage.client,
    namespace: stage.namespace,
    directory: repository.directory,
    path,
  });
  await stage.until(async () => expect(await imageNow()).toBeDefined());
}

async function imageNow(): Promise<string | undefined> {
  const object = await stage.client.find(deployments, { namespace: stage.namespace, name: 'web' });
  return object && decodeWorkload('Deployment', object).containers[0]?.image;
}

async function putApp(range = '<1.2', watch: object = {}): Promise<void> {
  const spec = {
    interval: '1m',
    sources: [
      { name: 'web', image: { repository: `${registry.host}/web`, insecure: true, policy: { semver: { range } } } },
    ],
    deploy: {
      git: {
        repository: `${server.origin}/deploy-${count}.git`,
        path: 'shop',
        secretRef: { name: 'git' },
        imageReference: 'Tag',
        writers: [{ source: 'web', marker: 'shop:web' }],
        watch: { workloads: [{ kind: 'Deployment', name: 'web' }], ...watch },
        commit: { author: { name: 'Robot', email: 'robot@example.org' } },
      },
    },
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

async function failRollout(): Promise<void> {
  const object = await stage.client.get(deployments, { namespace: stage.namespace, name: 'web' });
  const conditions = [
    { type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded', message: 'no pod became ready' },
  ];
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
}

function subjects(): readonly string[] {
  return repository.git('log', '--format=%s', 'main').split('\n');
}

async function rejectedTags(): Promise<readonly unknown[]> {
  const { items } = await stage.client.list<ProductObject>(rejections, { namespace: stage.namespace });
  return items.map(({ spec }) => (spec as { tag: string }).tag);
}

test('a good version is committed, applied by others, watched, and done', async () => {
  completeRollouts(stage, stop.signal);
  await applyFromGit();
  await putApp();

  await untilUpdate({ phase: 'Succeeded' });

  expect(repository.git('cat-file', 'blob', `main:${path}`)).toBe(manifest('1.1.0').trimEnd());
  expect(repository.git('log', '-1', '--format=%an <%ae>%n%B', 'main')).toMatch(trailerLine);
  expect(subjects()).toEqual(['Update web to 1.1.0', 'commit 1']);
  expect(await imageNow()).toBe(`${registry.host}/web:1.1.0`);
  const app = await stage.app('web');
  expect(app.status).toMatchObject({ current: '1.1.0', workloads: ['Deployment/web'] });
  const [update] = await stage.updatesOf('web');
  expect(update?.status?.steps?.find(({ name }) => name === 'Apply')?.message).toBe(
    `commit ${repository.git('rev-parse', 'main')}`,
  );
});

test('a bad one is reverted with the reason, rejected, and never committed again', async () => {
  await applyFromGit();
  await putApp();
  await untilUpdate({ phase: 'Watching' });

  await failRollout();
  await untilUpdate({ phase: 'RollingBack' });
  completeRollouts(stage, stop.signal);
  await untilUpdate({ phase: 'RolledBack', failure: { reason: 'ProgressDeadline' } });
  await stage.pass(300_000, 'web');

  expect(subjects()).toEqual(['Revert "Update web to 1.1.0"', 'Update web to 1.1.0', 'commit 1']);
  expect(repository.git('diff', '--stat', 'main', 'main~2')).toBe('');
  const [, commit = ''] = repository.git('log', '--format=%H', 'main').split('\n');
  const message = repository.git('log', '-1', '--format=%B', 'main');
  expect(message).toContain(`This reverts commit ${commit}.`);
  expect(message).toContain('ProgressDeadline: Deployment/web: no pod became ready');
  expect(await rejectedTags()).toEqual(['1.1.0']);
  expect(await imageNow()).toBe(`${registry.host}/web:1.0.0`);
  expect((await stage.app('web')).status?.waiting?.reason).toBe('VersionRejected');
});

test('one that nobody applies is taken back after watch.timeout, and nothing is rejected', async () => {
  completeRollouts(stage, stop.signal);
  await applyFromGit();
  await applier?.stop();
  await putApp('<1.2', { timeout: '2m' });
  await untilUpdate({ phase: 'Applying', waiting: { reason: 'ClusterSync' } });

  await stage.clock.advance(121_000);
  await untilUpdate({ phase: 'Failed', failure: { reason: 'NotSynced', blamesVersion: false } });

  expect(subjects()).toEqual(['Revert "Update web to 1.1.0"', 'Update web to 1.1.0', 'commit 1']);
  expect(await rejectedTags()).toEqual([]);
});

test('a newer version goes on from one that is not proven; a bad one goes back before both', async () => {
  completeRollouts(stage, stop.signal);
  await applyFromGit();
  await applier?.stop();
  await putApp();
  await untilUpdate({ phase: 'Applying', waiting: { reason: 'ClusterSync' } });

  const body = {
    spec: {
      sources: [
        {
          name: 'web',
          image: { repository: `${registry.host}/web`, insecure: true, policy: { semver: { range: '1.x' } } },
        },
      ],
    },
  };
  await stage.client.patch(apps, { namespace: stage.namespace, name: 'web' }, { kind: 'merge', body });
  await untilUpdate({ phase: 'Superseded' });
  // Before the commit of the first shows, or the second would be about something that does not run any more.
  await untilUpdate({ phase: 'Applying', waiting: { reason: 'ClusterSync' } }, 1);
  stop.abort();
  await applyFromGit();
  await untilUpdate({ phase: 'Watching' }, 1);
  await failRollout();
  stop = new AbortController();
  await untilUpdate({ phase: 'RollingBack' }, 1);
  completeRollouts(stage, stop.signal);
  await untilUpdate({ phase: 'RolledBack' }, 1);

  expect(subjects()).toEqual([
    'Revert "Update web to 1.2.0"',
    'Update web to 1.2.0',
    'Update web to 1.1.0',
    'commit 1',
  ]);
  expect(repository.git('diff', '--stat', 'main', 'main~3')).toBe('');
});

test('what was pushed before the process died is found again, forward and back', async () => {
  completeRollouts(stage, stop.signal);
  await applyFromGit();
  await applier?.stop();
  await putApp();
  await untilUpdate({ phase: 'Applying', waiting: { reason: 'ClusterSync' } });
  const [update] = await stage.updatesOf('web');

  // As if the journal had not been written after the push.
  const status = { git: { pushed: null, onBranchAt: null } };
  const key = { namespace: stage.namespace, name: update?.metadata.name ?? '' };
  await stage.client.patch(updates, key, { kind: 'merge', body: { status } }, { subresource: 'status' });
  await stage.until(async () => {
    const [now] = await stage.updatesOf('web');
    expect(now?.status?.git?.pushed?.commit).toBe(repository.git('rev-parse', 'main'));
  });

  expect(subjects()).toEqual(['Update web to 1.1.0', 'commit 1']);
});

describe('what keeps it from writing is said', () => {
  test('no place in the files', async () => {
    await applyFromGit();
    completeRollouts(stage, stop.signal);
    repository.commit({ [path]: manifest('1.0.0').replace('shop:web', 'shop:other') });
    await putApp();

    await untilUpdate({
      phase: 'Failed',
      failure: { reason: 'NotWritten', message: expect.stringContaining('no file has a place for shop:web') },
    });
    expect(subjects()).toEqual(['commit 2', 'commit 1']);
  });

  test('a Secret that is not there; the App is healed when it comes', async () => {
    await applyFromGit();
    completeRollouts(stage, stop.signal);
    await stage.client.delete(secrets, { namespace: stage.namespace, name: 'git' });
    await putApp();

    await untilUpdate({
      phase: 'Applying',
      waiting: { reason: 'GitUnavailable', message: expect.stringContaining('/git: there is none') },
    });
    const data = {
      username: Buffer.from('robot').toString('base64'),
      password: Buffer.from('secret').toString('base64'),
    };
    await stage.client.create<SecretObject>(secrets, { metadata: { namespace: stage.namespace, name: 'git' }, data });
    await stage.clock.advance(31_000);
    await untilUpdate({ phase: 'Succeeded' });
  });

  test('nothing in the cluster shows the version', async () => {
    await putApp();

    await stage.until(async () => {
      expect((await stage.app('web')).status?.waiting).toMatchObject({
        reason: 'TargetNotFound',
        message: expect.stringContaining('spec.deploy.git.watch.workloads[0]: Deployment "web" matches no workload'),
      });
    });
  });
});

test('of two Apps that write the same place the later one is kept from it, and says whose it is', async () => {
  completeRollouts(stage, stop.signal);
  await applyFromGit();
  await putApp();
  const first = await stage.app('web');
  const { interval, sources, deploy } = first.spec;
  await stage.client.create<ProductObject>(apps, {
    metadata: { namespace: stage.namespace, name: 'web-again' },
    spec: { interval, sources, deploy },
  });

  await stage.until(async () => {
    const { status } = await stage.app('web-again');
    const says = `the marker shop:web in branch main is written by App ${stage.namespace}/web already`;
    expect(status?.waiting).toMatchObject({ reason: 'TargetConflict', message: expect.stringContaining(says) });
  });
  await untilUpdate({ phase: 'Succeeded' });
  expect(await stage.updatesOf('web-again')).toEqual([]);
});
