/** Checkpoints and going back with the data, on a real API server and registry; Jobs, pods and rollouts are played. */
import { gunzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { completeJob, failJob, jobsFor } from '../../../test/jobs/play-jobs.ts';
import {
  completeRollouts,
  createDeployment,
  openRuntimeStage,
  pushVersions,
  type RuntimeStage,
} from '../../../test/runtime-stage.ts';
import { type RunningRegistry, startRegistry } from '../../../test/servers/registry.ts';
import { createAccessReviews } from '../../adapters/cluster/access-reviews.ts';
import { apps, type ProductObject } from '../../adapters/cluster/kinds.ts';
import { createDirectRecords } from '../../adapters/cluster/records.ts';
import { type ClaimObject, claims } from '../../adapters/cluster/volume-objects.ts';
import { restoreApp } from '../../engine/update/restore-app.ts';
import type { KubeObject } from '../../kube/objects.ts';
import { configMaps, deployments, pods, secrets, services } from '../../kube/resource-types.ts';
import type { AppSpecWire } from '../../resources/app/app.ts';

let registry: RunningRegistry;
let stage: RuntimeStage;
let stop: AbortController;
let round = 0;

beforeAll(async () => {
  registry = await startRegistry();
});

afterAll(() => registry.stop());

beforeEach(async () => {
  stop = new AbortController();
  stage = await openRuntimeStage(inject('kubeconfig'));
  round += 1;
});

afterEach(async () => {
  stop.abort();
  await stage.stop();
});

const repository = () => `${registry.host}/checkpoint-${round}/web`;

const jobTemplate = (image: string) => ({
  spec: { template: { spec: { containers: [{ name: 'main', image }] } } },
});

const backup = { job: { template: jobTemplate('dump:1'), restore: jobTemplate('restore:1') } };

interface DeploymentObject extends KubeObject {
  readonly spec: {
    readonly replicas: number;
    readonly template: { readonly spec: { readonly containers: readonly [{ readonly image: string }] } };
  };
}

async function claim(name: string): Promise<void> {
  const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
  await stage.client.create<ClaimObject>(claims, { metadata: { namespace: stage.namespace, name }, spec });
}

/** Web 1.0.0 runs, 1.1.0 is there. */
async function follow(
  spec: Partial<AppSpecWire>,
  { volumes = [], runs = '1.0.0' }: { readonly volumes?: readonly object[]; readonly runs?: string } = {},
): Promise<void> {
  completeRollouts(stage, stop.signal);
  await pushVersions(registry.host, `checkpoint-${round}/web`, ['1.0.0', '1.1.0']);
  await createDeployment(stage, 'web', `${repository()}:${runs}`);
  const mounting = { spec: { template: { spec: { volumes } } } };
  const key = { namespace: stage.namespace, name: 'web' };
  await stage.client.patch(deployments, key, { kind: 'merge', body: mounting });
  const image = { repository: repository(), insecure: true, policy: { semver: { range: '1.x' } } };
  await stage.client.create<ProductObject>(apps, {
    metadata: { namespace: stage.namespace, name: 'web' },
    spec: {
      sources: [{ name: 'web', image }],
      deploy: { workloads: { targets: [{ kind: 'Deployment', name: 'web' }] } },
      health: { timeout: '30m', stableFor: '30s' },
      ...spec,
    },
  });
}

const web = () => stage.client.get<DeploymentObject>(deployments, { namespace: stage.namespace, name: 'web' });
const tagOfWeb = async () => /:(\d+\.\d+\.\d+)/.exec((await web()).spec.template.spec.containers[0].image)?.[1];
const replicasOfWeb = async () => (await web()).spec.replicas;
const update = async () => (await stage.updatesOf('web')).at(-1);

async function jobFor(purpose: string, count = 1) {
  await stage.until(async () => expect(await jobsFor(stage.client, stage.namespace, purpose)).toHaveLength(count));
  const all = await jobsFor(stage.client, stage.namespace, purpose);
  const job = all.find(({ metadata }) => metadata.name.includes(purpose === 'restore' ? `restore-${count}` : purpose));
  const env = job?.spec.template.spec.containers[0]?.env ?? [];
  return {
    place: { namespace: stage.namespace, name: job?.metadata.name ?? '' },
    env: Object.fromEntries(env.map(({ name, value }) => [name, value])),
  };
}

/** A pod of the new version whose container has run and ended again and again. */
async function crashingPod(state: object): Promise<void> {
  const { image } = (await web()).spec.template.spec.containers[0];
  const metadata = { namespace: stage.namespace, name: 'web-new', labels: { app: 'web' } };
  const spec = { containers: [{ name: 'web', image }] };
  await stage.client.create<KubeObject & { readonly spec: object }>(pods, { metadata, spec });
  const common = { name: 'web', image, imageID: '', ready: false, restartCount: 0 };
  const status = { containerStatuses: [{ ...common, ...state }] };
  const patch = { kind: 'merge', body: { status } } as const;
  await stage.client.patch(pods, metadata, patch, { subresource: 'status' });
}

const crashes = {
  restartCount: 3,
  state: { waiting: { reason: 'CrashLoopBackOff', message: 'back-off' } },
  lastState: { terminated: { exitCode: 1, reason: 'Error', startedAt: null, finishedAt: null } },
};
const cannotBePulled = { state: { waiting: { reason: 'ImagePullBackOff', message: 'not found' } } };

const removePod = () =>
  stage.client.delete(pods, { namespace: stage.namespace, name: 'web-new' }, { gracePeriodSeconds: 0 });

const endsAs = (phase: string) => stage.until(async () => expect((await update())?.status).toMatchObject({ phase }));

describe('a checkpoint', () => {
  test('is complete before anything is changed, and says what it is', async () => {
    await follow({ backup: { ...backup, maxAge: '24h' } });
    const { place, env } = await jobFor('backup');
    expect(env).toMatchObject({
      HEADGATE_APP: 'web',
      HEADGATE_UPDATE: 'web-1',
      HEADGATE_CHECKPOINT: 'web-1',
      HEADGATE_KEEP: 'web-1',
      HEADGATE_FROM_VERSION: '1.0.0',
      HEADGATE_TO_VERSION: '1.1.0',
    });
    await stage.until(async () =>
      expect((await update())?.status).toMatchObject({ phase: 'BackingUp', waiting: { reason: 'BackingUp' } }),
    );
    expect(await tagOfWeb()).toBe('1.0.0');

    await completeJob(stage.client, place, 'size=4096');

    await stage.until(async () => expect((await update())?.status?.phase).toBe('Watching'));
    expect(await tagOfWeb()).toBe('1.1.0');
    const status = (await update())?.status;
    expect(status?.checkpoint).toMatchObject({
      ...{ id: 'web-1', kind: 'Job', state: 'Completed', sizeBytes: 4096, job: place.name },
      ...{ objects: 'headgate-checkpoint-web-1', expiresAt: expect.any(String), durationSeconds: expect.any(Number) },
    });
    expect(status?.steps?.map(({ name }) => name)).toEqual(['Plan', 'Backup', 'Apply', 'Watch']);
    const metrics = await stage.metrics.registry.metrics();
    const of = `{namespace="${stage.namespace}",app="web"}`;
    expect(metrics).toContain(`headgate_checkpoint_size_bytes${of} 4096`);
    const finishedAt = Date.parse(status?.checkpoint?.finishedAt ?? '') / 1_000;
    expect(metrics).toContain(`headgate_checkpoint_timestamp_seconds${of} ${finishedAt}`);
    const name = 'headgate-checkpoint-web-1';
    const secret = await stage.client.get<KubeObject & { readonly data: Record<string, string> }>(secrets, {
      ...{ namespace: stage.namespace, name },
    });
    const packed = Buffer.from(secret.data['objects.json.gz'] ?? '', 'base64');
    expect(JSON.parse(gunzipSync(packed).toString())).toMatchObject([
      {
        kind: 'Deployment',
        metadata: { name: 'web' },
        spec: { template: { spec: { containers: [{ image: `${repository()}:1.0.0` }] } } },
      },
    ]);
  });

  test.each([
    ['fails', (job: { namespace: string; name: string }) => failJob(stage.client, job), /BackoffLimitExceeded/],
    [
      'does not end in time',
      (job: { namespace: string; name: string }) => failJob(stage.client, job, 'DeadlineExceeded'),
      /did not end in time/,
    ],
  ])('that %s ends the Update with nothing changed', async (_, end, message) => {
    await follow({ backup });

    await end((await jobFor('backup')).place);

    await endsAs('Failed');
    const status = (await update())?.status;
    expect(status).toMatchObject({
      failure: { reason: 'CheckpointFailed', message: expect.stringMatching(message), blamesVersion: false },
      checkpoint: { state: 'Failed' },
    });
    expect(await tagOfWeb()).toBe('1.0.0');
    await stage.until(async () =>
      expect((await stage.app('web')).status?.waiting?.reason).toBe('PreviousAttemptFailed'),
    );
  });

  test('of an App that is to stand still meanwhile: it runs again once the new version is set', async () => {
    await follow({ backup: { ...backup, scaleDown: true } });
    const { place } = await jobFor('backup');
    expect(await replicasOfWeb()).toBe(0);
    expect((await update())?.status?.stopped).toMatchObject([{ kind: 'Deployment', name: 'web', replicas: 1 }]);

    await completeJob(stage.client, place);

    await stage.until(async () => expect([await tagOfWeb(), await replicasOfWeb()]).toEqual(['1.1.0', 1]));
    await stage.until(async () => expect((await update())?.status?.stopped).toBeUndefined());
  });

  test('that fails lets the App run again', async () => {
    await follow({ backup: { ...backup, scaleDown: true } });

    await failJob(stage.client, (await jobFor('backup')).place);

    await endsAs('Failed');
    expect([await tagOfWeb(), await replicasOfWeb()]).toEqual(['1.0.0', 1]);
  });
});

test('the claims that the workloads mount are among the objects', async () => {
  await claim('web-data');
  await follow({ backup: {} }, { volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'web-data' } }] });

  await stage.until(async () => expect((await update())?.status?.checkpoint?.state).toBe('Completed'));

  const name = (await update())?.status?.checkpoint?.objects ?? '';
  const secret = await stage.client.get<KubeObject & { readonly data: Record<string, string> }>(secrets, {
    ...{ namespace: stage.namespace, name },
  });
  const packed = Buffer.from(secret.data['objects.json.gz'] ?? '', 'base64');
  expect(JSON.parse(gunzipSync(packed).toString())).toMatchObject([
    { kind: 'Deployment', metadata: { name: 'web' } },
    {
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'web-data' },
      spec: { resources: { requests: { storage: '1Gi' } } },
    },
  ]);
});

test('what the pods name, and the Services that lead to them, are among the objects; one that stands still is kept as it ran', async () => {
  const { client, namespace } = stage;
  const named = (name: string) => ({ metadata: { namespace, name } });
  await client.create<KubeObject & { readonly data: object }>(configMaps, { ...named('settings'), data: { a: 'b' } });
  await client.create<KubeObject>(secrets, named('password'));
  await client.create<KubeObject>(secrets, named('of-somebody-else'));
  for (const app of ['web', 'other']) {
    const spec = { selector: { app }, ports: [{ port: 80 }] };
    await client.create<KubeObject & { readonly spec: object }>(services, { ...named(app), spec });
  }
  const volumes = [
    { name: 'settings', configMap: { name: 'settings' } },
    { name: 'password', secret: { secretName: 'password' } },
  ];
  await follow({ backup: { scaleDown: true } }, { volumes });

  await stage.until(async () => expect((await update())?.status?.checkpoint?.state).toBe('Completed'));

  const name = (await update())?.status?.checkpoint?.objects ?? '';
  const secret = await client.get<KubeObject & { readonly data: Record<string, string> }>(secrets, { namespace, name });
  const packed = Buffer.from(secret.data['objects.json.gz'] ?? '', 'base64');
  expect(JSON.parse(gunzipSync(packed).toString())).toMatchObject([
    { kind: 'Deployment', metadata: { name: 'web' }, spec: { replicas: 1 } },
    { kind: 'ConfigMap', metadata: { name: 'settings' }, data: { a: 'b' } },
    { kind: 'Secret', metadata: { name: 'password' } },
    { kind: 'Service', metadata: { name: 'web' } },
  ]);
});

test('snapshots of an App that mounts no claims: nothing is touched', async () => {
  await follow({ backup: { snapshots: {}, scaleDown: true } });

  await endsAs('Failed');

  expect((await update())?.status?.failure).toMatchObject({
    reason: 'CheckpointFailed',
    message: expect.stringContaining('its workloads mount no claims, so that spec.backup.snapshots keeps nothing'),
    blamesVersion: false,
  });
  expect([await tagOfWeb(), await replicasOfWeb()]).toEqual(['1.0.0', 1]);
});

test('a claim that has no volume yet cannot be kept', async () => {
  await claim('web-data');
  await follow({ backup: { snapshots: { claims: ['web-data'] } } });

  await endsAs('Failed');

  expect((await update())?.status?.failure?.message).toMatch(
    /PersistentVolumeClaim .*\/web-data: it is Pending, and only one that is Bound has data/,
  );
});

test('as many checkpoints are kept as asked for; the backup is told which', async () => {
  await follow({ backup: { ...backup, keep: 1 }, health: { timeout: '30m', stableFor: '0s' } });
  await completeJob(stage.client, (await jobFor('backup')).place);
  await endsAs('Succeeded');
  const objects = (name: string) => stage.client.find(secrets, { namespace: stage.namespace, name });
  expect(await objects('headgate-checkpoint-web-1')).toBeDefined();

  await pushVersions(registry.host, `checkpoint-${round}/web`, ['1.2.0']);
  await stage.clock.advance(6 * 60_000);
  await stage.until(async () => expect(await jobsFor(stage.client, stage.namespace, 'backup')).toHaveLength(2));
  const second = (await jobsFor(stage.client, stage.namespace, 'backup')).find(({ metadata }) =>
    metadata.name.startsWith('web-2-'),
  );
  expect(second?.spec.template.spec.containers[0]?.env).toContainEqual({ name: 'HEADGATE_KEEP', value: 'web-2' });
  await completeJob(stage.client, { namespace: stage.namespace, name: second?.metadata.name ?? '' });

  const states = async () =>
    (await stage.updatesOf('web'))
      .toSorted((one, other) => one.spec.sequence - other.spec.sequence)
      .map(({ status }) => `${status?.phase} ${status?.checkpoint?.state}`);
  await stage.until(async () => expect(await states()).toEqual(['Succeeded Dropped', 'Succeeded Completed']));
  expect(await objects('headgate-checkpoint-web-1')).toBeUndefined();
  expect(await objects('headgate-checkpoint-web-2')).toBeDefined();
});

test('an Update that takes over from one that had not proved itself goes back to the data from before that one', async () => {
  await follow({ backup, rollback: { data: 'OnFailure' }, health: { timeout: '60m', stableFor: '30m' } });
  await completeJob(stage.client, (await jobFor('backup')).place);
  await stage.until(async () => expect(await tagOfWeb()).toBe('1.1.0'));
  await crashingPod({ ready: true, state: { running: { startedAt: null } } });
  await stage.until(async () => expect((await update())?.status?.ran).toBe(true));

  await pushVersions(registry.host, `checkpoint-${round}/web`, ['1.2.0']);
  await stage.clock.advance(6 * 60_000);

  const second = async () => (await stage.updatesOf('web')).find(({ metadata }) => metadata.name === 'web-2');
  await stage.until(async () => expect(await tagOfWeb()).toBe('1.2.0'));
  await stage.until(async () =>
    expect((await second())?.status).toMatchObject({ checkpoint: { id: 'web-1', state: 'Completed' }, ran: true }),
  );
  expect(await jobsFor(stage.client, stage.namespace, 'backup')).toHaveLength(1);
});

describe('a version that was at work and is bad', () => {
  async function arrive(policy: 'Never' | 'OnFailure' | 'Ask'): Promise<void> {
    await follow({ backup, rollback: { data: policy } });
    await completeJob(stage.client, (await jobFor('backup')).place);
    await stage.until(async () => expect(await tagOfWeb()).toBe('1.1.0'));
  }

  test('goes back with the data: stopped, restored, and only then started', async () => {
    await arrive('OnFailure');
    await crashingPod(crashes);
    await stage.until(async () => expect(await replicasOfWeb()).toBe(0));
    await stage.until(async () =>
      expect((await update())?.status?.waiting?.message).toContain('Deployment/web (1 pods)'),
    );
    expect(await jobsFor(stage.client, stage.namespace, 'restore')).toEqual([]);

    await removePod();
    const { place, env } = await jobFor('restore');
    expect(env).toMatchObject({ HEADGATE_CHECKPOINT: 'web-1' });
    expect([await tagOfWeb(), await replicasOfWeb()]).toEqual(['1.1.0', 0]);
    await completeJob(stage.client, place, '3 tables');

    await endsAs('RolledBack');
    expect([await tagOfWeb(), await replicasOfWeb()]).toEqual(['1.0.0', 1]);
    const status = (await update())?.status;
    expect(status).toMatchObject({ dataRestore: { state: 'Done', update: 'web-1', message: '3 tables' } });
    expect(status?.stopped).toBeUndefined();
  });

  test('goes back without the data where spec.rollback.data is Never', async () => {
    await arrive('Never');

    await crashingPod(crashes);

    await endsAs('RolledBack');
    expect([await tagOfWeb(), await replicasOfWeb()]).toEqual(['1.0.0', 1]);
    const { status } = (await update()) ?? {};
    expect(status).toMatchObject({
      checkpoint: { state: 'Completed' },
      dataRestore: { state: 'NotNeeded', message: 'spec.rollback.data is Never' },
    });
    expect(await jobsFor(stage.client, stage.namespace, 'restore')).toEqual([]);
  });

  test('keeps the data where it was never at work', async () => {
    await arrive('OnFailure');

    await crashingPod(cannotBePulled);

    await endsAs('RolledBack');
    expect((await update())?.status?.dataRestore).toMatchObject({
      state: 'NotNeeded',
      message: expect.stringContaining('never at work'),
    });
    expect(await jobsFor(stage.client, stage.namespace, 'restore')).toEqual([]);
  });

  test('that cannot be undone in the data leaves the App stopped, and says what is where', async () => {
    await arrive('OnFailure');
    await crashingPod(crashes);
    await stage.until(async () => expect(await replicasOfWeb()).toBe(0));
    await removePod();

    for (const attempt of [1, 2, 3]) {
      await failJob(stage.client, (await jobFor('restore', attempt)).place);
    }

    await endsAs('Failed');
    expect([await tagOfWeb(), await replicasOfWeb()]).toEqual(['1.1.0', 0]);
    const said = (await update())?.status?.steps?.at(-1)?.message;
    expect(said).toMatch(
      /data of checkpoint web-1 is not back: after 3 attempts: .*Deployment\/web \(had 1\) stay scaled to zero/,
    );
    expect(said).toContain('headgate restore web --to web-1');
  });
});

describe('a person', () => {
  const restore = (fields: { readonly to?: string; readonly keepData?: boolean } = {}) => {
    const clock = { now: () => stage.clock.now() };
    const context = {
      ...{ records: createDirectRecords(stage.client, clock), reviews: createAccessReviews(stage.client), clock },
    };
    const request = {
      namespace: stage.namespace,
      app: 'web',
      to: undefined,
      keepData: false,
      by: 'ann',
      reason: 'asked',
    };
    return restoreApp(context, { ...request, ...fields }, new AbortController().signal);
  };

  test.each([
    [true, ['RolledBack', 'NotNeeded'], 0],
    [false, ['RolledBack', 'Done'], 1],
  ])('is asked whether the data goes back; keep it: %s', async (keepData, end, jobs) => {
    await follow({ backup, rollback: { data: 'Ask' } });
    await completeJob(stage.client, (await jobFor('backup')).place);
    await stage.until(async () => expect(await tagOfWeb()).toBe('1.1.0'));
    await crashingPod(crashes);
    await stage.until(async () => expect((await update())?.status?.waiting?.reason).toBe('RestoreApproval'));
    expect([await tagOfWeb(), await replicasOfWeb()]).toEqual(['1.1.0', 1]);

    expect(await restore({ keepData })).toEqual({ kind: 'Answered', update: 'web-1', data: !keepData });

    if (!keepData) {
      await stage.until(async () => expect(await replicasOfWeb()).toBe(0));
      await removePod();
      await completeJob(stage.client, (await jobFor('restore')).place);
    }
    await stage.until(async () => {
      const { status } = (await update()) ?? {};
      expect([status?.phase, status?.dataRestore?.state]).toEqual(end);
    });
    expect(await jobsFor(stage.client, stage.namespace, 'restore')).toHaveLength(jobs);
    expect([await tagOfWeb(), await replicasOfWeb()]).toEqual(['1.0.0', 1]);
  });

  test('brings back what a restore that failed could not, and nothing newer begins before', async () => {
    await follow({ backup, rollback: { data: 'OnFailure' } });
    await completeJob(stage.client, (await jobFor('backup')).place);
    await stage.until(async () => expect(await tagOfWeb()).toBe('1.1.0'));
    await crashingPod(crashes);
    await stage.until(async () => expect(await replicasOfWeb()).toBe(0));
    await removePod();
    for (const attempt of [1, 2, 3]) {
      await failJob(stage.client, (await jobFor('restore', attempt)).place);
    }
    await endsAs('Failed');
    await pushVersions(registry.host, `checkpoint-${round}/web`, ['1.2.0']);
    await stage.clock.advance(6 * 60_000);
    await stage.until(async () =>
      expect((await stage.app('web')).status).toMatchObject({
        waiting: { reason: 'Person', message: expect.stringContaining('stay scaled to zero') },
        sources: [{ available: { tag: '1.2.0' } }],
      }),
    );
    expect(await stage.updatesOf('web')).toHaveLength(1);

    expect(await restore({ to: 'web-1' })).toMatchObject({ kind: 'Started', update: 'web-2', to: 'web-1' });
    await stage.until(async () => expect(await jobsFor(stage.client, stage.namespace, 'restore')).toHaveLength(4));
    const job = (await jobsFor(stage.client, stage.namespace, 'restore')).find(({ metadata }) =>
      metadata.name.startsWith('web-2-'),
    );
    await completeJob(stage.client, { namespace: stage.namespace, name: job?.metadata.name ?? '' });

    await stage.until(async () => expect([await tagOfWeb(), await replicasOfWeb()]).toEqual(['1.0.0', 1]));
    await stage.until(async () =>
      expect((await stage.updatesOf('web')).find(({ metadata }) => metadata.name === 'web-2')?.status).toMatchObject({
        dataRestore: { state: 'Done', update: 'web-1', by: 'ann' },
      }),
    );
  });

  test('cannot bring back what was never kept', async () => {
    await follow({ health: { timeout: '30m', stableFor: '0s' } });
    await endsAs('Succeeded');

    await expect(restore()).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining('there is no complete checkpoint'),
    });
  });
});

test('an Update that could not be undone exactly does not begin where spec.rollback.required is set', async () => {
  // No pod runs, and the registry has no such tag: nothing tells which bits are to come back.
  await follow({ backup, rollback: { required: true } }, { runs: '0.9.0' });

  await endsAs('Failed');

  expect((await update())?.status?.steps?.at(-1)?.message).toMatch(
    /^spec\.rollback\.required is set, and it could not be undone: Deployment\/web: no pod and no registry tells which digest runs/,
  );
  expect(await tagOfWeb()).toBe('0.9.0');
  expect(await jobsFor(stage.client, stage.namespace, 'backup')).toEqual([]);
});

test('an App whose data is to come back needs a way to bring it back', async () => {
  await follow({ backup: { job: { template: jobTemplate('dump:1') } }, rollback: { data: 'OnFailure' } });

  await stage.until(async () =>
    expect((await stage.app('web')).status?.waiting).toMatchObject({
      reason: 'InvalidSpec',
      message: expect.stringContaining('spec.rollback.data: "OnFailure" needs a way to bring the data back'),
    }),
  );
});
