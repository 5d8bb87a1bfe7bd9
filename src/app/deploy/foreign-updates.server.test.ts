/** Updates that a person or a script made, without the label that ours carry. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import {
  completeRollouts,
  createDeployment,
  openRuntimeStage,
  pushVersions,
  type RuntimeStage,
} from '../../../test/runtime-stage.ts';
import { type RunningRegistry, startRegistry } from '../../../test/servers/registry.ts';
import { apps, type ProductObject, updates } from '../../adapters/cluster/kinds.ts';

let registry: RunningRegistry;
let stage: RuntimeStage;
let stop: AbortController;

beforeAll(async () => {
  registry = await startRegistry();
  await pushVersions(registry.host, 'web', ['1.0.0', '1.1.0']);
});

afterAll(() => registry.stop());

beforeEach(async () => {
  stop = new AbortController();
  stage = await openRuntimeStage(inject('kubeconfig'));
  completeRollouts(stage, stop.signal);
  await createDeployment(stage, 'web', `${registry.host}/web:1.0.0`);
});

afterEach(async () => {
  stop.abort();
  await stage.stop();
});

async function putUpdate(app: string, to: string): Promise<void> {
  const spec = {
    app,
    sequence: 1,
    trigger: { kind: 'Source', by: 'ann', reason: 'try it' },
    changes: [{ source: 'web', repository: `${registry.host}/web`, from: { tag: '1.0.0' }, to: { tag: to } }],
  };
  await stage.client.create<ProductObject>(updates, {
    metadata: { namespace: stage.namespace, name: `${app}-1` },
    spec,
  });
}

async function putApp(): Promise<void> {
  const image = { repository: `${registry.host}/web`, insecure: true, policy: { semver: { range: '1.x' } } };
  const spec = {
    interval: '1m',
    sources: [{ name: 'web', image }],
    deploy: { workloads: { targets: [{ kind: 'Deployment', name: 'web' }] } },
    health: { stableFor: '1s' },
  };
  await stage.client.create<ProductObject>(apps, { metadata: { namespace: stage.namespace, name: 'web' }, spec });
}

async function expectPhases(app: string, expected: Readonly<Record<string, string>>): Promise<void> {
  await stage.until(async () => {
    const found = await stage.updatesOf(app);
    expect(Object.fromEntries(found.map(({ metadata, status }) => [metadata.name, status?.phase]))).toEqual(expected);
  });
}

test('one that has the next number is counted, and the next Update gets the one after it', async () => {
  await putUpdate('web', '9.9.9');
  await expectPhases('web', { 'web-1': 'Cancelled' });

  await putApp();

  await expectPhases('web', { 'web-1': 'Cancelled', 'web-2': 'Succeeded' });
});

test('one for an App that is not there changes nothing and says why', async () => {
  await putUpdate('nobody', '1.1.0');

  await expectPhases('nobody', { 'nobody-1': 'Cancelled' });
  const [update] = await stage.updatesOf('nobody');
  expect(update?.status?.steps?.at(-1)?.message).toContain('App');
});
