/** What is looked at before an Update changes anything, on a real API server and registry. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { refuseImages } from '../../../test/admission.ts';
import { createDeployment, openRuntimeStage, pushVersions, type RuntimeStage } from '../../../test/runtime-stage.ts';
import { type RunningRegistry, startRegistry } from '../../../test/servers/registry.ts';
import { apps, type ProductObject, updates } from '../../adapters/cluster/kinds.ts';
import type { KubeObject, ResourceType } from '../../kube/objects.ts';
import { deployments, jobs } from '../../kube/resource-types.ts';
import type { AppSpecWire } from '../../resources/app/app.ts';

let registry: RunningRegistry;
let stage: RuntimeStage;
let repository = 0;

beforeAll(async () => {
  registry = await startRegistry();
});

afterAll(() => registry.stop());

beforeEach(async () => {
  repository += 1;
  stage = await openRuntimeStage(inject('kubeconfig'));
  await pushVersions(registry.host, path(), ['1.0.0', '1.1.0']);
  await createDeployment(stage, 'web', `${registry.host}/${path()}:1.0.0`);
});

afterEach(() => stage.stop());

const path = () => `preflight-${repository}/web`;
const web = () => ({ namespace: stage.namespace, name: 'web' });

async function follow(preflight?: NonNullable<AppSpecWire['gates']>['preflight']): Promise<void> {
  const image = { repository: `${registry.host}/${path()}`, insecure: true, policy: { semver: { range: '1.x' } } };
  await stage.client.create<ProductObject>(apps, {
    metadata: web(),
    spec: {
      sources: [{ name: 'web', image }],
      deploy: { workloads: { targets: [{ kind: 'Deployment', name: 'web' }] } },
      health: { timeout: '30m', stableFor: '0s' },
      gates: preflight ? { preflight } : {},
    },
  });
}

async function tag(): Promise<string | undefined> {
  const object = await stage.client.get<KubeObject>(deployments, web());
  return /:(\d+\.\d+\.\d+)(@|")/.exec(JSON.stringify(object))?.[1];
}

const waits = (reason: string, message: string) =>
  stage.until(async () => {
    const [update] = await stage.updatesOf('web');
    expect(update?.status?.waiting).toMatchObject({ reason, message: expect.stringContaining(message) });
  });
const arrives = () => stage.until(async () => expect(await tag()).toBe('1.1.0'));

async function setStatus(type: ResourceType, name: string, status: object): Promise<void> {
  const key = { namespace: stage.namespace, name };
  await stage.client.patch(type, key, { kind: 'merge', body: { status } }, { subresource: 'status' });
}

const policyType: ResourceType = {
  ...{ group: 'policy', version: 'v1', plural: 'poddisruptionbudgets', kind: 'PodDisruptionBudget' },
  namespaced: true,
};
const quotaType: ResourceType = {
  ...{ group: '', version: 'v1', plural: 'resourcequotas', kind: 'ResourceQuota' },
  namespaced: true,
};

describe('an App that is not well', () => {
  beforeEach(async () => {
    await setStatus(deployments, 'web', { observedGeneration: 1, replicas: 1, updatedReplicas: 1 });
    await follow();
    await waits('Unhealthy', 'Deployment web: 0 of 1 replicas available');
  });

  test('is not touched until it is well', async () => {
    expect(await tag()).toBe('1.0.0');

    const conditions = [
      { type: 'Available', status: 'True', reason: 'MinimumReplicasAvailable' },
      { type: 'Progressing', status: 'True', reason: 'NewReplicaSetAvailable' },
    ];
    const counts = { replicas: 1, updatedReplicas: 1, availableReplicas: 1, readyReplicas: 1 };
    await setStatus(deployments, 'web', { observedGeneration: 1, ...counts, conditions });
    await arrives();
  });

  test('is touched by an Update that is marked a fix', async () => {
    const body = { metadata: { annotations: { 'headgate.dev/fix': 'ann' } } };
    await stage.client.patch(updates, { namespace: stage.namespace, name: 'web-1' }, { kind: 'merge', body });
    await arrives();
  });
});

test('images that the API server would refuse are never set', async () => {
  await refuseImages(stage.client, stage.namespace, { marker: ':1.1.0', message: 'not in this cluster' });
  await follow();

  await waits('Preflight', 'the API server would refuse it');
  await waits('Preflight', 'not in this cluster');

  const [update] = await stage.updatesOf('web');
  expect(update?.status?.phase).toBe('Pending');
  expect(update?.status?.waiting?.until).toBeDefined();
  expect(await tag()).toBe('1.0.0');
});

test('a quota without room for the pods that come first', async () => {
  await stage.client.create(quotaType, {
    metadata: { namespace: stage.namespace, name: 'small' },
    spec: { hard: { pods: '3' } },
  } as never);
  await setStatus(quotaType, 'small', { hard: { pods: '3' }, used: { pods: '3' } });
  await follow();

  await waits(
    'Preflight',
    'ResourceQuota small allows 3 pods, of which 3 are used; the pods that come first (1 of Deployment web)',
  );
  expect(await tag()).toBe('1.0.0');
  await setStatus(quotaType, 'small', { used: { pods: '2' } });
  await stage.clock.advance(61_000);
  await arrives();
});

test('a disruption budget that is not met', async () => {
  await stage.client.create(policyType, {
    metadata: { namespace: stage.namespace, name: 'two' },
    spec: { minAvailable: 2, selector: {} },
  } as never);
  await setStatus(policyType, 'two', {
    ...{ observedGeneration: 1, currentHealthy: 1, desiredHealthy: 2, disruptionsAllowed: 0, expectedPods: 2 },
  });
  await follow();

  await waits('Preflight', 'PodDisruptionBudget two wants 2 healthy pods, and there are 1');
});

describe('the version of the data', () => {
  const job = {
    spec: {
      template: {
        spec: { restartPolicy: 'Never', containers: [{ name: 'read', image: 'example.com/shell', command: ['cat'] }] },
      },
    },
  };
  const jobName = 'web-1-data-version';

  test('is read by a Job, and what the new version does not take is not touched', async () => {
    await follow({ dataVersion: { job, accepts: '{major}.x' } });
    await waits('Preflight', 'the version of the data is being read');
    await stage.until(async () => expect(await stage.client.find(jobs, { ...web(), name: jobName })).toBeDefined());

    await endJob('0.9.4\n');

    await waits('Preflight', 'the data is of version 0.9.4, and the new version takes 1.x');
    expect(await tag()).toBe('1.0.0');
  });

  test('that the new version takes lets it begin', async () => {
    await follow({ dataVersion: { job, accepts: '{major}.x' } });
    await stage.until(async () => expect(await stage.client.find(jobs, { ...web(), name: jobName })).toBeDefined());

    await endJob('1\n');

    await arrives();
  });

  /** Plays the controllers of Jobs and pods. */
  async function endJob(message: string): Promise<void> {
    const found = await stage.client.get<KubeObject>(jobs, { ...web(), name: jobName });
    const podType: ResourceType = { group: '', version: 'v1', plural: 'pods', kind: 'Pod', namespaced: true };
    await stage.client.create(podType, {
      metadata: { namespace: stage.namespace, name: jobName, labels: { 'batch.kubernetes.io/job-name': jobName } },
      spec: { containers: [{ name: 'read', image: 'example.com/shell' }] },
    } as never);
    const terminated = { exitCode: 0, message, reason: 'Completed' };
    await setStatus(podType, jobName, {
      containerStatuses: [
        { name: 'read', image: 'x', imageID: 'x', ready: false, restartCount: 0, state: { terminated } },
      ],
    });
    const now = new Date().toISOString();
    await setStatus(jobs, jobName, {
      startTime: found.metadata.creationTimestamp,
      completionTime: now,
      succeeded: 1,
      conditions: [
        { type: 'SuccessCriteriaMet', status: 'True', lastTransitionTime: now },
        { type: 'Complete', status: 'True', lastTransitionTime: now },
      ],
    });
  }
});
