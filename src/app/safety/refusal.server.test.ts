/** An API server that refuses an image: nobody's version is bad, so it goes back and nothing is rejected. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import { refuseImages } from '../../../test/admission.ts';
import {
  completeRollouts,
  createDeployment,
  openRuntimeStage,
  pushVersions,
  type RuntimeStage,
} from '../../../test/runtime-stage.ts';
import { type RunningRegistry, startRegistry } from '../../../test/servers/registry.ts';
import { apps, type ProductObject, rejections } from '../../adapters/cluster/kinds.ts';
import { deployments } from '../../kube/resource-types.ts';
import { decodeWorkload } from '../../resources/app/decode-workload.ts';

let registry: RunningRegistry;
let stage: RuntimeStage;
let stop: AbortController;

beforeAll(async () => {
  registry = await startRegistry();
  await pushVersions(registry.host, 'web', ['1.0.0', '1.1.0', '1.2.0']);
});

afterAll(() => registry.stop());

beforeEach(async () => {
  stop = new AbortController();
  stage = await openRuntimeStage(inject('kubeconfig'));
  completeRollouts(stage, stop.signal);
});

afterEach(async () => {
  stop.abort();
  await stage.stop();
});

function imageFor(range: string) {
  return { repository: `${registry.host}/web`, insecure: true, policy: { semver: { range } } };
}

async function putApp(range: string, names: readonly string[]): Promise<void> {
  const spec = {
    interval: '1m',
    sources: [{ name: 'web', image: imageFor(range) }],
    deploy: { workloads: { targets: names.map((name) => ({ kind: 'Deployment', name })) } },
    health: { timeout: '1m', stableFor: '1s' },
    // What is refused is found out while it is applied.
    gates: { preflight: { checks: [] } },
  };
  await stage.client.create<ProductObject>(apps, { metadata: { namespace: stage.namespace, name: 'web' }, spec });
}

async function imageOf(name: string): Promise<string | undefined> {
  const object = await stage.client.get(deployments, { namespace: stage.namespace, name });
  return decodeWorkload('Deployment', object).containers[0]?.image;
}

async function expectFailed(): Promise<void> {
  await stage.until(async () => {
    const [update] = await stage.updatesOf('web');
    expect(update?.status?.phase).toBe('Failed');
  });
}

test('an image that a policy refuses ends the Update as Failed, rejects nothing and is held back', async () => {
  const before = `${registry.host}/web:1.0.0`;
  await createDeployment(stage, 'web', before);
  await refuseImages(stage.client, stage.namespace, { marker: ':1.1', message: 'images must be scanned' });

  await putApp('<1.2', ['web']);
  await expectFailed();

  const [update] = await stage.updatesOf('web');
  expect(update?.status?.failure).toMatchObject({
    reason: 'RefusedByApiServer',
    blamesVersion: false,
    message: expect.stringContaining('images must be scanned'),
  });
  expect(await imageOf('web')).toBe(before);
  const { items } = await stage.client.list(rejections, { namespace: stage.namespace });
  expect(items).toEqual([]);
  await stage.until(async () => {
    const { status } = await stage.app('web');
    expect(status?.waiting).toMatchObject({
      reason: 'PreviousAttemptFailed',
      message: expect.stringContaining('images must be scanned'),
      until: expect.any(String),
    });
  });
});

test('of two workloads of which one is refused, the other is set back', async () => {
  const before = `${registry.host}/web:1.0.0`;
  await createDeployment(stage, 'first', before);
  await createDeployment(stage, 'second', before);
  const forbidden = { marker: ':1.1', message: 'not here', deployment: 'second' };
  await refuseImages(stage.client, stage.namespace, forbidden);

  await putApp('<1.2', ['first', 'second']);
  await expectFailed();

  expect([await imageOf('first'), await imageOf('second')]).toEqual([before, before]);
  const first = await stage.client.get(deployments, { namespace: stage.namespace, name: 'first' });
  expect(first.metadata.generation, 'it was set and set back').toBe(3);
});

test('a refused version is not tried again every interval, but the next version is tried at once', async () => {
  await createDeployment(stage, 'web', `${registry.host}/web:1.0.0`);
  await refuseImages(stage.client, stage.namespace, { marker: ':1.1', message: 'images must be scanned' });
  await putApp('<1.2', ['web']);
  await expectFailed();

  for (let minute = 0; minute < 5; minute += 1) {
    await stage.pass(60_000, 'web');
  }
  expect(await stage.updatesOf('web')).toHaveLength(1);

  const body = { spec: { sources: [{ name: 'web', image: imageFor('1.x') }] } };
  await stage.client.patch(apps, { namespace: stage.namespace, name: 'web' }, { kind: 'merge', body });
  await stage.until(async () => {
    const phases = (await stage.updatesOf('web')).map(({ spec, status }) => [spec.changes[0]?.to.tag, status?.phase]);
    expect(phases).toEqual([
      ['1.1.0', 'Failed'],
      ['1.2.0', 'Succeeded'],
    ]);
  });
  expect(await imageOf('web')).toMatch(/web:1\.2\.0@sha256:/);
});

test('an image that is refused for ten minutes is tried again then', async () => {
  await createDeployment(stage, 'web', `${registry.host}/web:1.0.0`);
  await refuseImages(stage.client, stage.namespace, { marker: ':1.1', message: 'images must be scanned' });
  await putApp('<1.2', ['web']);
  await expectFailed();

  await stage.pass(10 * 60_000, 'web');

  await stage.until(async () => {
    expect((await stage.updatesOf('web')).map(({ metadata }) => metadata.name)).toEqual(['web-1', 'web-2']);
  });
});
