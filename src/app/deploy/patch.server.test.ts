/**
 * Deploy kind `patch` on a real API server with the kinds of Flux, Argo CD and the system-upgrade-controller. Their controllers are not
 * there: each test writes the status that they would write.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { applications, helmReleases, installForeignKinds, plans } from '../../../test/crds/foreign-kinds.ts';
import { connectTo } from '../../../test/kube/server-fixtures.ts';
import { openRuntimeStage, pushVersions, type RuntimeStage } from '../../../test/runtime-stage.ts';
import { type RunningRegistry, startRegistry } from '../../../test/servers/registry.ts';
import { apps, type ProductObject, rejections } from '../../adapters/cluster/kinds.ts';
import type { ResourceType } from '../../kube/objects.ts';

let registry: RunningRegistry;
let stage: RuntimeStage;

beforeAll(async () => {
  registry = await startRegistry();
  await pushVersions(registry.host, 'web', ['1.0.0', '1.1.0']);
  const client = await connectTo(inject('kubeconfig'));
  await installForeignKinds(client);
  await client.close();
});

afterAll(() => registry.stop());

beforeEach(async () => {
  stage = await openRuntimeStage(inject('kubeconfig'));
});

afterEach(() => stage.stop());

interface Foreign extends ProductObject {
  readonly spec: Readonly<Record<string, unknown>>;
}

const helmRelease = {
  type: helmReleases,
  spec: { interval: '5m', chart: { spec: { chart: 'web', version: '1.0.0' } } },
  target: { apiVersion: 'helm.toolkit.fluxcd.io/v2', kind: 'HelmRelease', path: 'spec.chart.spec.version' },
};

const plan = {
  type: plans,
  spec: { concurrency: 1, channel: 'https://update.example.org/stable', upgrade: { image: 'rancher/k3s-upgrade' } },
  target: { apiVersion: 'upgrade.cattle.io/v1', kind: 'Plan', path: 'spec.version', template: 'v{tag}+k3s1' },
};

const chartSource = { repoURL: 'https://charts.example.org', chart: 'web', targetRevision: '1.0.0' };
const application = {
  type: applications,
  spec: {
    project: 'default',
    sources: [{ repoURL: 'https://git.example.org/x.git' }, chartSource],
    syncPolicy: { automated: {} },
  },
  target: { apiVersion: 'argoproj.io/v1alpha1', kind: 'Application', path: 'spec.sources[chart=web].targetRevision' },
};

async function create(type: ResourceType, spec: object): Promise<void> {
  await stage.client.create<Foreign>(type, {
    metadata: { namespace: stage.namespace, name: 'web' },
    spec: { ...spec },
  });
}

async function putApp(target: object, deploy: object = {}): Promise<void> {
  const image = { repository: `${registry.host}/web`, insecure: true, policy: { semver: { range: '1.x' } } };
  const spec = {
    interval: '1m',
    sources: [{ name: 'web', image }],
    deploy: { patch: { targets: [{ name: 'web', source: 'web', ...target }], ...deploy } },
    health: { timeout: '1m', stableFor: '1s' },
  };
  await stage.client.create<ProductObject>(apps, { metadata: { namespace: stage.namespace, name: 'web' }, spec });
}

async function read(type: ResourceType): Promise<Foreign> {
  return await stage.client.get<Foreign>(type, { namespace: stage.namespace, name: 'web' });
}

async function writeStatus(type: ResourceType, status: object): Promise<void> {
  const { metadata } = await read(type);
  const body = {
    status: { ...status, ...(type === helmReleases && { observedGeneration: metadata['generation' as never] }) },
  };
  const subresource = type === applications ? {} : { subresource: 'status' as const };
  await stage.client.patch(type, { namespace: stage.namespace, name: 'web' }, { kind: 'merge', body }, subresource);
}

async function untilPhase(phase: string): Promise<void> {
  await stage.until(async () => {
    const [update] = await stage.updatesOf('web');
    expect(update?.status?.phase).toBe(phase);
  });
}

async function pass(seconds: number): Promise<void> {
  await stage.pass(seconds * 1_000, 'web');
}

const ready = { conditions: [{ type: 'Ready', status: 'True', reason: 'UpgradeSucceeded', message: '' }] };
const stalled = {
  conditions: [
    { type: 'Stalled', status: 'True', reason: 'RetriesExceeded', message: 'upgrade retries exhausted' },
    { type: 'Ready', status: 'False', reason: 'UpgradeFailed', message: 'timed out' },
  ],
};

describe('HelmRelease of Flux', () => {
  test('gets the version, is waited for, and is done once its controller says so', async () => {
    await create(helmRelease.type, helmRelease.spec);
    await putApp(helmRelease.target);

    await untilPhase('Watching');
    expect((await read(helmReleases)).spec).toEqual({
      interval: '5m',
      chart: { spec: { chart: 'web', version: '1.1.0' } },
    });
    await writeStatus(helmReleases, ready);
    await untilPhase('Succeeded');

    const app = await stage.app('web');
    expect(app.status).toMatchObject({ current: '1.1.0', workloads: ['HelmRelease/web'] });
    const [update] = await stage.updatesOf('web');
    expect(update?.status?.patch?.fields).toMatchObject([
      { path: 'spec.chart.spec.version', before: '1.0.0', after: '1.1.0', restore: '1.0.0' },
    ]);
  });

  test('that its controller cannot upgrade gets the former version back, and the new one never again', async () => {
    await create(helmRelease.type, helmRelease.spec);
    await putApp(helmRelease.target);
    await untilPhase('Watching');

    await writeStatus(helmReleases, stalled);
    await untilPhase('VerifyingRollback');
    expect((await read(helmReleases)).spec).toEqual(helmRelease.spec);
    await writeStatus(helmReleases, ready);
    await untilPhase('RolledBack');
    await pass(300);

    const [update] = await stage.updatesOf('web');
    expect(update?.status?.failure).toMatchObject({
      reason: 'ObjectFailed',
      message: expect.stringContaining('retries exhausted'),
    });
    const { items } = await stage.client.list<ProductObject>(rejections, { namespace: stage.namespace });
    expect(items).toMatchObject([{ spec: { tag: '1.1.0', update: update?.metadata.name } }]);
    expect((await stage.app('web')).status?.waiting?.reason).toBe('VersionRejected');
    expect(await stage.updatesOf('web')).toHaveLength(1);
    expect((await read(helmReleases)).spec).toEqual(helmRelease.spec);
  });

  test('that somebody else sets meanwhile is left alone, and nothing is rejected', async () => {
    await create(helmRelease.type, helmRelease.spec);
    await putApp(helmRelease.target);
    await untilPhase('Watching');

    const body = { spec: { chart: { spec: { version: '0.9.0' } } } };
    await stage.client.patch(helmReleases, { namespace: stage.namespace, name: 'web' }, { kind: 'merge', body });
    await stage.until(async () => {
      const [update] = await stage.updatesOf('web');
      expect(update?.status?.failure).toMatchObject({
        reason: 'ChangedByOther',
        message: expect.stringContaining('spec.chart.spec.version of HelmRelease/web'),
      });
    });

    expect((await read(helmReleases)).spec).toMatchObject(body.spec);
    const { items } = await stage.client.list(rejections, { namespace: stage.namespace });
    expect(items).toEqual([]);
  });

  test('costs no request at rest', async () => {
    await create(helmRelease.type, { ...helmRelease.spec, chart: { spec: { chart: 'web', version: '1.1.0' } } });
    await putApp(helmRelease.target);
    await stage.until(async () => expect((await stage.app('web')).status?.waiting?.reason).toBe('UpToDate'));
    await pass(1);

    const mark = stage.asked().length;
    await pass(90);

    expect(stage.asked(mark)).toEqual([]);
  });
});

describe('Application of Argo CD', () => {
  const compared = (targetRevision: string) => ({
    sources: [{ repoURL: 'https://git.example.org/x.git' }, { ...chartSource, targetRevision }],
  });

  test('is believed only once Argo CD has compared with the new revision', async () => {
    await create(application.type, application.spec);
    await writeStatus(applications, {
      sync: { status: 'Synced', comparedTo: compared('1.0.0') },
      health: { status: 'Healthy' },
    });
    await putApp(application.target);
    await untilPhase('Watching');

    await stage.until(async () => {
      const [update] = await stage.updatesOf('web');
      expect(update?.status?.waiting?.message).toContain('NotCompared: Argo CD has not looked at this source yet');
    });
    await writeStatus(applications, {
      sync: { status: 'Synced', comparedTo: compared('1.1.0') },
      health: { status: 'Healthy' },
    });
    await untilPhase('Succeeded');

    expect((await read(applications)).spec).toMatchObject({ sources: [{}, { targetRevision: '1.1.0' }] });
  });

  test('whose sync fails gets the former revision back', async () => {
    await create(application.type, application.spec);
    await putApp(application.target);
    await untilPhase('Watching');

    await writeStatus(applications, {
      sync: { status: 'OutOfSync', comparedTo: compared('1.1.0') },
      operationState: {
        phase: 'Failed',
        message: 'one or more objects failed to apply',
        syncResult: compared('1.1.0'),
      },
    });
    await untilPhase('VerifyingRollback');

    expect((await read(applications)).spec).toEqual(application.spec);
  });
});

describe('Plan of the system-upgrade-controller', () => {
  const complete = { conditions: [{ type: 'Complete', status: 'True' }], latestVersion: 'v1.1.0-k3s1', applying: [] };
  const jobFailed = {
    conditions: [{ type: 'Complete', status: 'False', reason: 'JobFailed', message: 'job failed on node a' }],
    latestVersion: 'v1.1.0-k3s1',
  };

  test('that follows a channel gets a version, and is done when it is complete on every node', async () => {
    await create(plan.type, plan.spec);
    await putApp(plan.target);
    await untilPhase('Watching');

    expect((await read(plans)).spec).toEqual({ ...plan.spec, version: 'v1.1.0+k3s1' });
    await writeStatus(plans, { ...complete, latestVersion: 'v1.0.0-k3s1' });
    await writeStatus(plans, complete);
    await untilPhase('Succeeded');

    expect((await stage.app('web')).status?.current).toBe('1.1.0');
  });

  test('whose Job fails loses the version that it did not have before', async () => {
    await create(plan.type, plan.spec);
    await putApp(plan.target);
    await untilPhase('Watching');

    await writeStatus(plans, jobFailed);
    await untilPhase('VerifyingRollback');

    expect((await read(plans)).spec).toEqual(plan.spec);
  });
});

describe('what keeps an App from its objects is said', () => {
  test.each([
    { name: 'no such object', target: helmRelease.target, message: 'there is no HelmRelease/web; create it' },
    { name: 'no such kind', target: { ...helmRelease.target, kind: 'Nothing' }, message: 'has no such kind' },
    {
      name: 'a kind of the whole cluster',
      target: { apiVersion: 'v1', kind: 'Node', path: 'spec.x' },
      message: 'it is of the whole cluster',
    },
  ])('$name', async ({ target, message }) => {
    await putApp(target);

    await stage.until(async () => {
      expect((await stage.app('web')).status?.waiting).toMatchObject({
        reason: 'TargetNotFound',
        message: expect.stringContaining(message),
      });
    });
  });

  test.each([
    { path: 'spec.chart.nothing.version', message: 'it has no spec.chart.nothing; correct the path' },
    { path: 'spec.chart', message: 'spec.chart of HelmRelease/web holds no text' },
  ])('path $path', async ({ path, message }) => {
    await create(helmRelease.type, helmRelease.spec);
    await putApp({ ...helmRelease.target, path });

    await stage.until(async () => {
      expect((await stage.app('web')).status?.waiting?.message).toContain(message);
    });
  });

  test('a ServiceAccount without rights', async () => {
    await create(helmRelease.type, helmRelease.spec);
    await putApp(helmRelease.target, { serviceAccountName: 'nobody' });

    await stage.until(async () => {
      expect((await stage.app('web')).status?.waiting?.message).toContain(
        `User "system:serviceaccount:${stage.namespace}:nobody" cannot list`,
      );
    });
    expect((await read(helmReleases)).spec).toEqual(helmRelease.spec);
  });
});
