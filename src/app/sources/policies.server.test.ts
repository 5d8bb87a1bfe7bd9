/** Every kind of policy at work: what it takes in place of what runs, on a real registry and a real API server. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import { createDeployment, openRuntimeStage, pushVersions, type RuntimeStage } from '../../../test/runtime-stage.ts';
import { type RunningRegistry, startRegistry } from '../../../test/servers/registry.ts';
import { apps, type ProductObject } from '../../adapters/cluster/kinds.ts';
import type { WrittenImagePolicy } from '../../core/policy/written-policy.ts';
import { deployments } from '../../kube/resource-types.ts';
import { decodeWorkload } from '../../resources/app/decode-workload.ts';

let registry: RunningRegistry;
let stage: RuntimeStage;

beforeAll(async () => {
  registry = await startRegistry();
  await pushVersions(registry.host, 'web', ['1.0.0', '1.0.1', '1.1.0', '2.0.0', 'latest']);
  await pushVersions(registry.host, 'builds', ['main-aa-9', 'main-bb-10', 'main-cc-8', 'latest']);
});

afterAll(() => registry.stop());

beforeEach(async () => {
  stage = await openRuntimeStage(inject('kubeconfig'));
});

afterEach(() => stage.stop());

const filterTags = { pattern: '^main-[a-f]+-(?P<number>[0-9]+)$', extract: '$number' };

test.each<[policy: WrittenImagePolicy, from: string, to: string]>([
  [{ step: 'patch' }, 'web:1.0.0', 'web:1.0.1'],
  [{ semver: { range: '*' }, oneMajorAtATime: true, deadEnds: ['2.0.0'] }, 'web:1.0.0', 'web:1.1.0'],
  [{ keel: { policy: 'minor' } }, 'web:1.0.0', 'web:1.1.0'],
  [{ keel: { policy: 'force', matchTag: true } }, 'web:latest', 'web:latest'],
  [{ pinned: { tag: '1.0.1' } }, 'web:1.0.0', 'web:1.0.1'],
  [{ policy: { numerical: { order: 'asc' } }, filterTags }, 'builds:main-aa-9', 'builds:main-bb-10'],
  [{ glob: { pattern: 'main-*-*', extract: '$2' } }, 'builds:main-aa-9', 'builds:main-bb-10'],
])('%o takes %s to %s', async (policy, from, to) => {
  await createDeployment(stage, 'web', `${registry.host}/${from}`);

  await putApp(policy, from.split(':')[0] ?? '');

  await stage.until(async () => {
    const object = await stage.client.get(deployments, { namespace: stage.namespace, name: 'web' });
    const image = decodeWorkload('Deployment', object).containers[0]?.image;
    expect(image).toMatch(new RegExp(`^${registry.host}/${to}@sha256:[0-9a-f]{64}$`));
  });
});

test.each<[policy: WrittenImagePolicy, from: string, reason: string, message: string]>([
  [
    { step: 'minor' },
    'web:main',
    'InvalidSpec',
    'spec.sources[0].image.policy: step minor: the current tag "main" is no version to step from',
  ],
  [
    { keel: { policy: 'all' } },
    'web:main',
    'InvalidSpec',
    'the current tag "main" is no version, so that Keel would never update it',
  ],
  [
    { numerical: {} },
    'builds:9',
    'UpToDate',
    'is no number, so that none is taken; leave it out by filterTags, or use numeric',
  ],
])('%o changes nothing of %s and says %s: %s', async (policy, from, reason, message) => {
  const image = `${registry.host}/${from}`;
  await createDeployment(stage, 'web', image);

  await putApp(policy, from.split(':')[0] ?? '');

  await stage.until(async () => {
    const { status } = await stage.app('web');
    expect(status?.waiting).toMatchObject({ reason, message: expect.stringContaining(message) });
  });
  const object = await stage.client.get(deployments, { namespace: stage.namespace, name: 'web' });
  expect(decodeWorkload('Deployment', object).containers[0]?.image).toBe(image);
});

async function putApp(policy: WrittenImagePolicy, repository: string): Promise<void> {
  const image = { repository: `${registry.host}/${repository}`, insecure: true, policy };
  const spec = {
    interval: '1m',
    sources: [{ name: 'web', image }],
    deploy: { workloads: { targets: [{ name: 'web' }] } },
  };
  await stage.client.create<ProductObject>(apps, { metadata: { namespace: stage.namespace, name: 'web' }, spec });
}
