/** One plan of questions for all Apps, on a real registry and a real API server: what is shared, what is not, and who waits for whom. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import { createDeployment, openRuntimeStage, pushVersions, type RuntimeStage } from '../../../test/runtime-stage.ts';
import { type HostileRegistry, startHostileRegistry } from '../../../test/servers/hostile-registry.ts';
import { type RunningRegistry, startRegistry } from '../../../test/servers/registry.ts';
import { apps, type ProductObject } from '../../adapters/cluster/kinds.ts';
import type { WrittenImagePolicy } from '../../core/policy/written-policy.ts';
import { secrets } from '../../kube/resource-types.ts';

const minute = 60_000;

let registry: RunningRegistry;
let hostile: HostileRegistry;
let stage: RuntimeStage;

beforeAll(async () => {
  [registry, hostile] = await Promise.all([startRegistry(), startHostileRegistry()]);
  await pushVersions(registry.host, 'web', ['1.0.0', '1.1.0']);
});

afterAll(async () => {
  await Promise.all([registry.stop(), hostile.stop()]);
});

beforeEach(async () => {
  stage = await openRuntimeStage(inject('kubeconfig'));
});

afterEach(() => stage.stop());

test('a registry that hangs holds nobody: with forty Apps on it, one elsewhere is checked at once', async () => {
  for (let at = 0; at < 40; at += 1) {
    await putApp(`stuck-${at}`, { repository: `${hostile.host}/silent`, tag: '1.0.0' });
  }
  await stage.until(() => expect(hostile.requests.length).toBeGreaterThan(0));

  const startedAt = performance.now();
  await putApp('web', { repository: `${registry.host}/web`, tag: '1.1.0' });
  await stage.until(async () => {
    expect((await stage.app('web')).status?.waiting?.reason).toBe('UpToDate');
  });

  // The client gives the hanging one five seconds.
  expect(performance.now() - startedAt).toBeLessThan(4_000);
  expect(hostile.requests.filter(({ path }) => path.includes('silent')).length).toBeLessThanOrEqual(2);
});

test('Apps of any policy and interval on a repository ask as one, at the pace of the shortest; another identity asks for itself', async () => {
  const secret = { apiVersion: 'v1', kind: 'Secret', type: 'kubernetes.io/dockerconfigjson' };
  const auths = { [registry.host]: { auth: Buffer.from('me:secret').toString('base64') } };
  await stage.client.create<ProductObject>(secrets, {
    ...secret,
    metadata: { namespace: stage.namespace, name: 'pull' },
    data: { '.dockerconfigjson': Buffer.from(JSON.stringify({ auths })).toString('base64') },
  } as ProductObject);
  const repository = `${registry.host}/web`;
  await putApp('hourly', { repository, tag: '1.1.0', interval: '1h' });
  await putApp('stepping', { repository, tag: '1.1.0', policy: { step: 'minor' }, interval: '7m' });
  await putApp('quick', { repository, tag: '1.1.0', interval: '1m' });
  await putApp('known', { repository, tag: '1.1.0', interval: '30m', secretRef: { name: 'pull' } });
  for (const name of ['hourly', 'stepping', 'quick', 'known']) {
    await stage.until(async () => expect((await stage.app(name)).status?.waiting?.reason).toBe('UpToDate'));
  }
  await stage.pass(minute, 'quick');
  const before = await countLists();
  const mark = stage.asked().length;

  for (let at = 0; at < 30; at += 1) {
    await stage.pass(minute, 'quick');
  }

  // One a minute for the three that share, and one or two in half an hour for the identity of its own.
  const lists = (await countLists()) - before;
  expect(lists).toBeGreaterThanOrEqual(29);
  expect(lists).toBeLessThanOrEqual(33);
  expect(stage.asked(mark)).toEqual([]);
});

test('news that one App was told reach those of a longer interval at once', async () => {
  const repository = `${registry.host}/moving`;
  await pushVersions(registry.host, 'moving', ['1.0.0']);
  await putApp('hourly', { repository, tag: '1.0.0', interval: '1h' });
  await putApp('quick', { repository, tag: '1.0.0', interval: '1m' });
  for (const name of ['hourly', 'quick']) {
    await stage.until(async () => expect((await stage.app(name)).status?.waiting?.reason).toBe('UpToDate'));
  }

  await pushVersions(registry.host, 'moving', ['1.1.0']);
  await stage.clock.advance(minute);

  // What is available is told until it is set, which takes a moment: the Update stays.
  await stage.until(async () => {
    const [update] = await stage.updatesOf('hourly');
    expect(update?.spec.changes[0]?.to.tag).toBe('1.1.0');
  });
});

test('an App that a registry tells to wait says so, and until when', async () => {
  await putApp('web', { repository: `${hostile.host}/rate-limited`, tag: '1.0.0' });

  await stage.until(async () => {
    expect((await stage.app('web')).status?.waiting).toMatchObject({
      reason: 'RateLimited',
      message: expect.stringContaining('429 Too Many Requests'),
      until: expect.any(String),
    });
  });
  const text = await stage.metrics.registry.metrics();
  expect(text).toContain(`headgate_repository_last_check_timestamp_seconds`);
});

interface Wanted {
  readonly repository: string;
  readonly tag: string;
  readonly policy?: WrittenImagePolicy;
  readonly interval?: string;
  readonly secretRef?: { readonly name: string };
}

/** An App with a Deployment of its own name. */
async function putApp(name: string, { repository, tag, policy, interval = '1m', secretRef }: Wanted): Promise<void> {
  await createDeployment(stage, name, `${repository}:${tag}`);
  const image = {
    repository,
    insecure: true,
    policy: policy ?? { semver: { range: '1.x' } },
    ...(secretRef && { secretRef }),
  };
  const spec = { interval, sources: [{ name: 'web', image }], deploy: { workloads: { targets: [{ name }] } } };
  await stage.client.create<ProductObject>(apps, { metadata: { namespace: stage.namespace, name }, spec });
}

async function countLists(): Promise<number> {
  return (await registry.accessLog()).filter(({ path }) => path.startsWith('/v2/web/tags/list')).length;
}
