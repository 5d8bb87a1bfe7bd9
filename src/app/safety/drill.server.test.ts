/** Restore drills on a real API server with the real kinds of external-snapshotter; its controller, Jobs and rollouts are played. */
import { setTimeout as delay } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { createAuthority } from '../../../test/cluster/certificates.ts';
import { installPublished } from '../../../test/crds/published-definitions.ts';
import { completeJob, failJob, jobsFor } from '../../../test/jobs/play-jobs.ts';
import { connectTo } from '../../../test/kube/server-fixtures.ts';
import { completeRollouts, openRuntimeStage, type RuntimeStage } from '../../../test/runtime-stage.ts';
import { startHttpServer } from '../../../test/servers/http-server.ts';
import { shareSecret } from '../../../test/tested-app.ts';
import { ClusterDrillGround } from '../../adapters/cluster/cluster-drill-ground.ts';
import { ClusterJobs } from '../../adapters/cluster/jobs.ts';
import { apps, type ProductObject, updates } from '../../adapters/cluster/kinds.ts';
import { createDirectRecords } from '../../adapters/cluster/records.ts';
import {
  type ClaimObject,
  claims,
  type SnapshotContentObject,
  type SnapshotObject,
  snapshotContents,
  snapshots,
  type VolumeObject,
  volumes,
} from '../../adapters/cluster/volume-objects.ts';
import { type DrillControllerContext, reconcileDrills } from '../../controllers/drill-controller.ts';
import { ended } from '../../engine/app-test/test-runner.ts';
import type { DrillGround } from '../../engine/ports/drill-ground.ts';
import { createKubeClient, type KubeClient } from '../../kube/client.ts';
import type { KubeObject, ResourceType } from '../../kube/objects.ts';
import { deployments, namespaces, secrets, services } from '../../kube/resource-types.ts';
import type { AppSpecWire } from '../../resources/app/app.ts';
import type { AppObjectWire } from '../../resources/app/decode-app.ts';
import type { DrillStatusWire } from '../../resources/checkpoint/drill.ts';
import { drillKey, encodeDrillRequest } from '../../resources/checkpoint/drill-codec.ts';
import { parseOutboundAllowance } from '../outbound-setup.ts';

let stage: RuntimeStage;
let stop: AbortController;

beforeAll(async () => {
  const client = await connectTo(inject('kubeconfig'));
  await installPublished(client, 'external-snapshotter-8.7.0');
  await client.close();
});

beforeEach(async () => {
  stop = new AbortController();
  stage = await openRuntimeStage(inject('kubeconfig'), {
    outbound: { allowance: parseOutboundAllowance(['127.0.0.0/8']), proxy: undefined },
  });
});

afterEach(async () => {
  stop.abort();
  await stage.stop();
});

interface Anything extends KubeObject {
  readonly spec?: unknown;
  readonly data?: unknown;
  readonly type?: string;
}

const jobTemplate = (image: string, spec: object = {}) => ({
  spec: { template: { spec: { containers: [{ name: 'main', image }], ...spec } } },
});
const mounting = { volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }] };
const jobs = { template: jobTemplate('dump:1'), restore: jobTemplate('restore:1', mounting) };
const rowsTest = { name: 'rows', job: { template: jobTemplate('rows:1') } };

const claimSpec = {
  ...{ accessModes: ['ReadWriteOnce'], storageClassName: 'fast', volumeMode: 'Filesystem' },
  resources: { requests: { storage: '1Gi' } },
};
const labels = { app: 'shop' };
const workload = (volume: object = { persistentVolumeClaim: { claimName: 'data' } }) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'shop', namespace: 'x', annotations: { 'keel.sh/policy': 'all' } },
  spec: {
    replicas: 1,
    selector: { matchLabels: labels },
    template: {
      metadata: { labels },
      spec: {
        containers: [{ name: 'main', image: 'shop:1', volumeMounts: [{ name: 'data', mountPath: '/data' }] }],
        volumes: [{ name: 'data', ...volume }],
      },
    },
  },
});
const kept = (first: object = workload()) => [
  first,
  {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'data' },
    spec: { ...claimSpec, volumeName: 'pv' },
  },
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'shop' },
    spec: { type: 'LoadBalancer', selector: labels, ports: [{ port: 80, nodePort: 30_555 }] },
  },
  { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', metadata: { name: 'shop' }, spec: {} },
];

const handle = () => `handle-of-${stage.namespace}`;
const contentName = () => `snapcontent-${stage.namespace}`;
const of = (name: string) => ({ namespace: stage.namespace, name });
const whole = (name: string) => ({ namespace: '', name });

async function setStatus<T extends KubeObject>(type: ResourceType, key: ReturnType<typeof of>, status: object) {
  await stage.client.patch<T>(type, key, { kind: 'merge', body: { status } }, { subresource: 'status' });
}

/** The App, what it runs, and an Update whose checkpoint is complete. */
async function haveCheckpoint(
  spec: Partial<AppSpecWire> = {},
  { objects = kept(), kind = 'Snapshots' }: { readonly objects?: readonly object[]; readonly kind?: string } = {},
): Promise<void> {
  const { client, namespace } = stage;
  const metadata = { namespace, name: 'shop' };
  const live = workload();
  await client.create<Anything>(deployments, { ...live, metadata });
  await client.create<Anything>(services, {
    metadata,
    spec: { selector: labels, ports: [{ port: 80 }] },
  });
  await client.create<ClaimObject>(claims, { metadata: of('data'), spec: claimSpec });
  await client.create<ProductObject>(apps, {
    metadata,
    spec: {
      suspend: true,
      sources: [{ name: 'shop', image: { repository: 'registry.test/shop', policy: { semver: { range: '1.x' } } } }],
      deploy: { workloads: { targets: [{ kind: 'Deployment', name: 'shop' }] } },
      tests: [rowsTest],
      backup: { snapshots: {} },
      ...spec,
    },
  });
  await client.create<Anything>(secrets, {
    metadata: of('headgate-checkpoint-shop-1'),
    type: 'headgate.dev/checkpoint',
    data: { 'objects.json.gz': gzipSync(JSON.stringify(objects)).toString('base64') },
  });
  await haveSnapshot();
  const version = (tag: string) => ({ tag, digest: `sha256:${'0'.repeat(64)}` });
  await client.create<ProductObject>(updates, {
    metadata: of('shop-1'),
    spec: {
      ...{ app: 'shop', sequence: 1, trigger: { kind: 'Source', by: 'headgate', reason: 'new' } },
      changes: [{ source: 'shop', repository: 'registry.test/shop', from: version('1.0.0'), to: version('1.1.0') }],
    },
  });
  const at = new Date(stage.clock.now().getTime() - 60_000).toISOString();
  await setStatus(updates, of('shop-1'), {
    ...{ phase: 'Succeeded', startedAt: at, finishedAt: at, steps: [] },
    checkpoint: {
      ...{ id: 'shop-1', kind, state: 'Completed', startedAt: at, finishedAt: at },
      objects: 'headgate-checkpoint-shop-1',
      ...(kind === 'Snapshots' && { volumes: [{ claim: 'data', snapshot: 'data-shop-1', sizeBytes: 2 ** 30 }] }),
    },
  });
  await stage.until(() => expect(stage.runtime.records.findUpdate(namespace, 'shop-1')?.status).toBeDefined());
}

/** As snapshot-controller and csi-snapshotter leave one behind. */
async function haveSnapshot(): Promise<void> {
  const { client, namespace } = stage;
  const source = { persistentVolumeClaimName: 'data' };
  await client.create<SnapshotObject>(snapshots, { metadata: of('data-shop-1'), spec: { source } });
  await client.create<SnapshotContentObject>(snapshotContents, {
    metadata: { name: contentName() },
    spec: {
      ...{ deletionPolicy: 'Delete', driver: 'folders.csi.test', sourceVolumeMode: 'Filesystem' },
      source: { volumeHandle: 'volume' },
      volumeSnapshotRef: { namespace, name: 'data-shop-1' },
    },
  });
  await setStatus(snapshotContents, whole(contentName()), { snapshotHandle: handle(), readyToUse: true });
  await setStatus(snapshots, of('data-shop-1'), {
    ...{ readyToUse: true, boundVolumeSnapshotContentName: contentName(), restoreSize: '1Gi' },
  });
}

let asked = 0;
async function ask(options: { readonly keep?: boolean; readonly timeout?: string } = {}): Promise<void> {
  asked += 1;
  const at = new Date(Date.UTC(2026, 0, 1, 0, 0, asked));
  const request = encodeDrillRequest({ at, by: 'ada', keep: options.keep ?? false, timeout: options.timeout });
  await stage.client.patch(apps, of('shop'), {
    ...{ kind: 'merge', body: { metadata: { annotations: { [drillKey]: request } } } },
  });
}

const drill = async () => (await stage.app('shop')).status?.drill;
const reaches = (step: string) => stage.until(async () => expect((await drill())?.step).toBe(step));
const ground = async () => (await drill())?.namespace ?? '';
const exists = async (name: string) => {
  const found = await stage.client.find(namespaces, whole(name));
  return found !== undefined && found.metadata.deletionTimestamp === undefined;
};
const namesOf = async (type: ResourceType, namespace: string) =>
  (await stage.client.list<KubeObject>(type, { namespace })).items.map(({ metadata }) => metadata.name);

/** Everything of the App, to be the same before and after. */
async function everything(): Promise<unknown> {
  const { client, namespace } = stage;
  const all = await Promise.all(
    [deployments, services, claims, snapshots, secrets].map(
      async (type) => (await client.list<KubeObject>(type, { namespace })).items,
    ),
  );
  return [all, await client.get(snapshotContents, whole(contentName())), await client.get(updates, of('shop-1'))];
}

async function jobFor(purpose: string) {
  const namespace = await ground();
  await stage.until(async () => expect(await jobsFor(stage.client, namespace, purpose)).toHaveLength(1));
  const [job] = await jobsFor(stage.client, namespace, purpose);
  const env = job?.spec.template.spec.containers[0]?.env ?? [];
  return {
    place: { namespace, name: job?.metadata.name ?? '' },
    env: Object.fromEntries(env.map(({ name, value }) => [name, value])),
  };
}

test('a checkpoint of snapshots is brought back beside the App, tested, and taken away; nothing of the App is touched', async () => {
  await haveCheckpoint();
  const before = await everything();

  await ask();

  await reaches('Start');
  const namespace = await ground();
  expect(namespace).toMatch(/^headgate-drill-shop-[0-9a-f]{10}$/);
  const made = await stage.client.get<KubeObject>(namespaces, whole(namespace));
  expect(made.metadata.labels).toMatchObject({
    'headgate.dev/drill': namespace,
    'pod-security.kubernetes.io/enforce': 'baseline',
  });
  expect(made.metadata.annotations).toMatchObject({ 'headgate.dev/drill-of': `${stage.namespace}/shop` });
  // The snapshot is lent: another content of the same handle, whose deletion deletes nothing.
  const lent = await stage.client.get<SnapshotObject>(snapshots, { namespace, name: 'data-shop-1' });
  const content = await stage.client.get<SnapshotContentObject>(
    snapshotContents,
    whole(lent.spec.source.volumeSnapshotContentName ?? ''),
  );
  expect(content).toMatchObject({
    metadata: { ownerReferences: [{ kind: 'Namespace', name: namespace, uid: made.metadata.uid }] },
    spec: {
      ...{ deletionPolicy: 'Retain', driver: 'folders.csi.test', source: { snapshotHandle: handle() } },
      volumeSnapshotRef: { namespace, name: 'data-shop-1' },
    },
  });
  expect(await stage.client.get<ClaimObject>(claims, { namespace, name: 'data' })).toMatchObject({
    spec: { dataSource: { kind: 'VolumeSnapshot', name: 'data-shop-1' }, storageClassName: 'fast' },
  });
  const service = await stage.client.get<Anything>(services, { namespace, name: 'shop' });
  expect(service.spec).toMatchObject({ type: 'ClusterIP', selector: labels });
  expect(service.spec).not.toHaveProperty('ports.0.nodePort');
  expect(await namesOf(deployments, namespace)).toEqual(['shop']);

  completeRollouts({ client: stage.client, namespace }, stop.signal);
  const { place, env } = await jobFor('test');
  expect(env).toMatchObject({ HEADGATE_NAMESPACE: namespace, HEADGATE_VERSION: '1.0.0', HEADGATE_UPDATE: 'shop-1' });
  await completeJob(stage.client, place, '2200 rows');

  await reaches('Ended');
  expect(await drill()).toMatchObject({
    ...{ outcome: 'Passed', checkpoint: 'shop-1', by: 'ada', tests: [{ name: 'rows', verdict: 'Pass' }] },
    message: 'the copy became healthy, 1 test passed; Ingress/shop is left out',
    ...{ lastPassedAt: expect.any(String), durationSeconds: expect.any(Number) },
  });
  const conditions = (await stage.app('shop')).status?.conditions;
  expect(conditions).toContainEqual(
    expect.objectContaining({ type: 'Drilled', status: 'True', reason: 'DrillPassed' }),
  );
  expect(await exists(namespace)).toBe(false);
  expect(await stage.client.find(snapshotContents, whole(content.metadata.name))).toBeUndefined();
  expect(await everything()).toEqual(before);
  expect(await stage.metrics.registry.metrics()).toContain('headgate_drills_total{outcome="Passed"} 1');
});

test('Secrets that an http test names are those of the App; the copy has none of them', async ({ onTestFinished }) => {
  const [authority, people] = [createAuthority('test'), createAuthority('people')];
  const client = people.issue({ commonName: 'headgate' });
  const server = await startHttpServer((request, response) => void response.end(request.url), {
    ...authority.issue({ commonName: 'web', hosts: ['web.example.com'] }),
    clientAuthority: people.certificate,
  });
  onTestFinished(server.stop);
  await shareSecret(stage, 'ca', { 'ca.crt': authority.certificate });
  await shareSecret(stage, 'client', { 'tls.crt': client.certificate, 'tls.key': client.key });
  const tls = { clientSecretRef: { name: 'client' }, serverName: 'web.example.com' };
  const http = { url: `${server.origin}/{{namespace}}`, caSecretRef: { name: 'ca' }, tls };
  await haveCheckpoint({ tests: [{ name: 'mutual', timeout: '20s', http }] });

  await ask();
  await reaches('Start');
  completeRollouts({ client: stage.client, namespace: await ground() }, stop.signal);

  await reaches('Ended');
  expect(await drill()).toMatchObject({ outcome: 'Passed', tests: [{ name: 'mutual', verdict: 'Pass' }] });
  expect(server.requests).toMatchObject([{ path: `/${await ground()}` }]);
});

describe('what a drill comes to', () => {
  test('a test that fails', async () => {
    await haveCheckpoint();
    await ask();
    await reaches('Start');
    const namespace = await ground();
    completeRollouts({ client: stage.client, namespace }, stop.signal);

    await failJob(stage.client, (await jobFor('test')).place);

    await reaches('Ended');
    expect(await drill()).toMatchObject({ outcome: 'Failed', message: expect.stringMatching(/^test rows: /) });
    expect(await exists(namespace)).toBe(false);
  });

  test('a copy that does not become healthy in time', async () => {
    await haveCheckpoint();
    await ask({ timeout: '2m' });
    await reaches('Start');
    const namespace = await ground();

    await stage.clock.advance(3 * 60_000);

    await reaches('Ended');
    expect(await drill()).toMatchObject({
      outcome: 'Failed',
      message: expect.stringMatching(/^it is not done after 2m: the copy is not healthy: Deployment\/shop: /),
    });
    expect(await exists(namespace)).toBe(false);
  });

  test.each<[string, () => Promise<void>, RegExp]>([
    [
      'no checkpoint',
      async () => {
        await haveCheckpoint();
        await stage.client.delete(updates, of('shop-1'));
        await stage.until(() => expect(stage.runtime.records.findUpdate(stage.namespace, 'shop-1')).toBeUndefined());
      },
      /there is no complete checkpoint of this App/,
    ],
    [
      'a snapshot that somebody deleted',
      async () => {
        await haveCheckpoint();
        await stage.client.delete(snapshots, of('data-shop-1'));
      },
      /VolumeSnapshot .*\/data-shop-1: it is gone/,
    ],
    [
      'pods on a folder of the node',
      () => haveCheckpoint({}, { objects: kept(workload({ hostPath: { path: '/data' } })) }),
      /Deployment\/shop: volume data is of kind hostPath/,
    ],
    [
      'a Job that kept the data, and none to bring it back',
      () => haveCheckpoint({ backup: { job: { template: jobTemplate('dump:1') } } }, { kind: 'Job' }),
      /spec\.backup\.job\.restore, which would bring it back, is not there/,
    ],
    [
      'a Job that nobody says is harmless in another namespace',
      () => haveCheckpoint({ backup: { job: { ...jobs, drills: false } } }, { kind: 'Job' }),
      /may write to where the App works: set spec\.backup\.job\.drills: true where .* HEADGATE_NAMESPACE says/,
    ],
    [
      'a Backup of Velero',
      () => haveCheckpoint({ backup: { velero: {} } }, { kind: 'Velero' }),
      /Velero keeps the data .* a drill cannot bring that into another namespace; velero restore create/,
    ],
  ])('%s: refused, and nothing is left', async (_, arrange, why) => {
    await arrange();

    await ask();

    await reaches('Ended');
    expect(await drill()).toMatchObject({ outcome: 'Refused', message: expect.stringMatching(why) });
    expect(await exists(await ground())).toBe(false);
  });

  test('data that a Job kept is brought back by the restore Job before anything starts', async () => {
    await haveCheckpoint({ backup: { job: { ...jobs, drills: true } }, tests: [] }, { kind: 'Job' });
    await ask();
    await reaches('Restore');
    const { place, env } = await jobFor('restore');
    expect(env).toMatchObject({ HEADGATE_CHECKPOINT: 'shop-1', HEADGATE_DRILL: place.namespace });
    // A script that writes to db.$HEADGATE_NAMESPACE.svc must not find the App's own.
    expect(Object.values(env)).not.toContain(stage.namespace);
    expect(env['HEADGATE_NAMESPACE']).toBe(place.namespace);
    expect(await namesOf(deployments, place.namespace)).toEqual([]);

    await completeJob(stage.client, place);
    await reaches('Start');
    completeRollouts({ client: stage.client, namespace: place.namespace }, stop.signal);

    await reaches('Ended');
    expect(await drill()).toMatchObject({
      outcome: 'Passed',
      message: 'the copy became healthy, no test was run; Ingress/shop is left out',
    });
  });
});

test('a namespace that is to be kept stays, until it has expired', async () => {
  await haveCheckpoint({ tests: [] });
  await ask({ keep: true });
  await reaches('Start');
  completeRollouts({ client: stage.client, namespace: await ground() }, stop.signal);

  await reaches('Ended');
  expect((await drill())?.message).toContain(`Namespace ${await ground()} is kept until `);
  expect(await exists(await ground())).toBe(true);
  await stage.clock.advance(26 * 3_600_000);
  await stage.until(async () => expect(await exists(await ground())).toBe(false));
  await stage.until(async () => expect(await drill()).toMatchObject({ outcome: 'Passed', keep: false }));
});

test('an App that is deleted in the middle of a drill leaves nothing, also where nobody saw it', async () => {
  await haveCheckpoint();
  await ask();
  await reaches('Start');
  const first = await ground();
  await stage.client.delete(apps, of('shop'));
  await stage.until(async () => expect(await exists(first)).toBe(false));

  const left = { namespace: `${first}-2`, app: of('gone'), expiresAt: new Date(0) };
  await new ClusterDrillGround(stage.client).open(left, stop.signal);
  const { namespace } = stage;
  await stage.stop();
  stage = await openRuntimeStage(inject('kubeconfig'), { namespace });
  await stage.until(async () => expect(await exists(left.namespace)).toBe(false));
});

/** Nobody was at work meanwhile: a drill that began while the clock ran on would be over its time. */
async function comeBackAfter(hours: number): Promise<void> {
  const { namespace, clock } = stage;
  await stage.stop();
  const start = new Date(clock.now().getTime() + hours * 3_600_000);
  stage = await openRuntimeStage(inject('kubeconfig'), { namespace, start });
}

test('drills come on their schedule, and one that was missed is made up for once', async () => {
  const drills = { schedule: '0 4 * * *', timeout: '5m' };
  await haveCheckpoint({ suspend: false, tests: [], backup: { snapshots: {}, drill: drills } });
  expect(await drill()).toBeUndefined();

  await comeBackAfter(3 * 24);

  await reaches('Start');
  expect(await drill()).toMatchObject({ by: 'its schedule', checkpoint: 'shop-1' });
  completeRollouts({ client: stage.client, namespace: await ground() }, stop.signal);
  await reaches('Ended');
  const first = (await drill())?.startedAt;
  expect(await drill()).toMatchObject({ outcome: 'Passed' });
  const rows = await stage.metrics.registry.metrics();
  const label = `{namespace="${stage.namespace}",app="shop"}`;
  const seconds = Date.parse((await drill())?.finishedAt ?? '') / 1_000;
  expect(rows).toContain(`headgate_drill_timestamp_seconds${label} ${seconds}`);
  expect(rows).toContain(`headgate_drill_last_success_timestamp_seconds${label} ${seconds}`);

  await ask();
  await stage.until(async () => expect(await drill()).toMatchObject({ step: 'Start', by: 'ada' }));
  completeRollouts({ client: stage.client, namespace: await ground() }, stop.signal);
  await reaches('Ended');
  const request = (await drill())?.request;

  await comeBackAfter(24);
  await stage.until(async () => expect(await drill()).toMatchObject({ step: 'Start', by: 'its schedule' }));
  expect((await drill())?.startedAt).not.toBe(first);
  completeRollouts({ client: stage.client, namespace: await ground() }, stop.signal);
  await reaches('Ended');
  // What was asked for before is not asked for again.
  expect(await drill()).toMatchObject({ by: 'its schedule', request });
});

test('killed before or after any of its calls it goes on, ends, and leaves nothing', { timeout: 300_000 }, async () => {
  await haveCheckpoint({ tests: [] });
  const before = await everything();
  for (let call = 1, died = true; died; call += 1) {
    for (const when of ['before', 'after'] as const) {
      const request = {
        [drillKey]: encodeDrillRequest({
          at: stage.clock.now(),
          by: `${when} ${call}`,
          keep: false,
          timeout: undefined,
        }),
      };
      died = await killedAt({ call, when, request });
      expect(await drill(), `${when} call ${call}`).toMatchObject({
        step: 'Ended',
        outcome: 'Passed',
        by: `${when} ${call}`,
      });
      expect(await exists(await ground())).toBe(false);
      const { items } = await stage.client.list<SnapshotContentObject>(snapshotContents);
      expect(items.filter(({ spec }) => spec.volumeSnapshotRef.namespace?.startsWith('headgate-drill-shop'))).toEqual(
        [],
      );
      expect(await everything()).toEqual(before);
      await stage.clock.advance(1_000);
    }
  }
});

class Killed extends Error {}

interface Death {
  readonly call: number;
  readonly when: 'before' | 'after';
  /** Not in the cluster, where the runtime of the stage would take it up. */
  readonly request: Readonly<Record<string, string>>;
}

/** Passes until the drill has ended; one that dies in the middle is taken up by others. @returns whether it died */
async function killedAt({ call, when, request }: Death): Promise<boolean> {
  const { client, clock, namespace } = stage;
  const asking = (app: AppObjectWire | undefined) =>
    app && { ...app, metadata: { ...app.metadata, annotations: { ...app.metadata.annotations, ...request } } };
  const direct = createDirectRecords(client, clock);
  const read = async () => asking(await direct.readApp(namespace, 'shop', stop.signal));
  const played = new Set<string>();
  let calls = 0;
  let died = false;
  const mortal =
    <A extends readonly unknown[], R>(action: (...given: A) => Promise<R>) =>
    async (...given: A): Promise<R> => {
      calls += 1;
      const dies = !died && calls === call;
      died ||= dies;
      if (dies && when === 'before') {
        throw new Killed();
      }
      const result = await action(...given);
      if (dies) {
        throw new Killed();
      }
      return result;
    };
  const real = new ClusterDrillGround(client);
  for (let seen = await read(); seen && !isDone(seen, request); seen = await read()) {
    const at = seen.status?.drill?.namespace;
    if (at !== undefined && !played.has(at)) {
      played.add(at);
      completeRollouts({ client, namespace: at }, stop.signal);
    }
    const app = seen;
    const context = contextOf({
      records: {
        findApp: () => app,
        readApp: read,
        writeAppStatus: mortal(async (...given: Parameters<typeof direct.writeAppStatus>) => {
          const written = asking(await direct.writeAppStatus(...given));
          return written ?? given[0];
        }),
      },
      ground: {
        readObjects: mortal((...given: Parameters<DrillGround['readObjects']>) => real.readObjects(...given)),
        open: mortal((...given: Parameters<DrillGround['open']>) => real.open(...given)),
        lend: mortal((...given: Parameters<DrillGround['lend']>) => real.lend(...given)),
        put: mortal((...given: Parameters<DrillGround['put']>) => real.put(...given)),
        look: mortal((...given: Parameters<DrillGround['look']>) => real.look(...given)),
        remove: mortal((...given: Parameters<DrillGround['remove']>) => real.remove(...given)),
        list: (signal: AbortSignal) => real.list(signal),
      },
    });
    try {
      await reconcileDrills(context, `${namespace}/shop`, stop.signal);
    } catch (error) {
      if (!(error instanceof Killed)) {
        throw error;
      }
    }
    await clock.advance(1_000);
  }
  return died;
}

interface Given {
  readonly records: Pick<DrillControllerContext['records'], 'findApp' | 'readApp' | 'writeAppStatus'>;
  readonly ground: DrillGround;
}

/** Of passes beside the runtime of the stage. */
function contextOf({ records, ground: at }: Given): DrillControllerContext {
  const { client, clock, namespace, runtime } = stage;
  const nobody = { attempt: async () => ended('Inconclusive', ''), release: () => undefined };
  const quiet = { onChange: () => undefined, onError: () => undefined };
  return {
    ...{ clock, ground: at, namespaces: [namespace], assertLeading: () => undefined, onDrill: () => undefined },
    records: { ...runtime.records, ...records },
    drillJobs: new ClusterJobs({ client, clock, ...quiet, signal: stop.signal }),
    drillProbers: {
      ...{ Http: nobody, Job: nobody, Helm: nobody, Webhook: nobody, Metric: nobody, Web: nobody, Refused: nobody },
    },
  };
}

/** One pass by somebody who reads the checkpoint and does the rest with this client. Nothing of it is written into the cluster. */
async function passWith(client: KubeClient, before?: DrillStatusWire): Promise<DrillStatusWire | undefined> {
  const real = new ClusterDrillGround(stage.client);
  const readObjects: DrillGround['readObjects'] = (...given) => real.readObjects(...given);
  const seen = await stage.app('shop');
  const annotations = { [drillKey]: 'now' };
  let app: AppObjectWire = {
    ...seen,
    metadata: { ...seen.metadata, annotations },
    status: { ...(before && { drill: before }) },
  };
  const context = contextOf({
    records: {
      findApp: () => app,
      readApp: async () => app,
      writeAppStatus: async (_, status) => {
        app = { ...app, status };
        return app;
      },
    },
    ground: Object.assign(new ClusterDrillGround(client), { readObjects }),
  });
  await reconcileDrills(context, `${stage.namespace}/shop`, stop.signal);
  return app.status?.drill;
}

test('without rights it is refused and over at once, and the message names the value of the chart', async () => {
  await haveCheckpoint();

  const drill = await passWith(stage.client.actAs('nobody'));

  expect(drill).toMatchObject({ step: 'Ended', outcome: 'Refused' });
  expect(drill?.message).toMatch(
    /User "nobody" cannot .*; drills need `drills: true` in the values of the chart; Namespace .* is left where it was made: /,
  );
});

test('what cannot be taken away is tried again, and left when it has expired', async () => {
  await haveCheckpoint();
  const nowhere = createKubeClient({ ...stage.apiConfig, server: 'http://127.0.0.1:1' }, { retryBudgetMs: 0 });
  const startedAt = stage.clock.now().toISOString();
  const drill: DrillStatusWire = {
    ...{ step: 'Remove', namespace: 'headgate-drill-shop', namespaceUid: 'u', request: 'now', by: 'ada' },
    ...{ outcome: 'Passed', message: 'all is well', startedAt, until: startedAt },
  };

  await expect(passWith(nowhere, drill)).rejects.toThrow(/127\.0\.0\.1|ECONNREFUSED/);
  await stage.clock.advance(61 * 60_000);
  expect(await passWith(nowhere, drill)).toMatchObject({
    ...{ step: 'Ended', outcome: 'Passed' },
    message: expect.stringMatching(/^all is well; Namespace headgate-drill-shop is left: /),
  });
  await nowhere.close();
});

function isDone({ status }: AppObjectWire, request: Death['request']): boolean {
  return status?.drill?.request === request[drillKey] && status?.drill?.step === 'Ended';
}

test.each([
  { what: 'volumes of a class that retains them go with the drill', isOlder: false, policy: 'Delete' },
  { what: 'a volume that was there before the drill stays', isOlder: true, policy: 'Retain' },
])('$what', async ({ isOlder, policy }) => {
  await haveCheckpoint({ tests: [] });
  const volume = `pv-${stage.namespace}`;
  const spec = {
    ...{ capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], storageClassName: 'fast' },
    ...{ persistentVolumeReclaimPolicy: 'Retain', csi: { driver: 'folders.csi.test', volumeHandle: 'copy' } },
  };
  if (isOlder) {
    await stage.client.create<Anything>(volumes, { metadata: { name: volume }, spec });
    // The API server tells whole seconds.
    await delay(1_100);
  }
  await ask();
  await reaches('Start');
  const namespace = await ground();
  const claim = await stage.client.get<ClaimObject>(claims, { namespace, name: 'data' });
  const claimRef = { namespace, name: 'data', uid: claim.metadata.uid ?? '' };
  if (isOlder) {
    await stage.client.patch(volumes, whole(volume), { kind: 'merge', body: { spec: { claimRef } } });
  } else {
    await stage.client.create<Anything>(volumes, { metadata: { name: volume }, spec: { ...spec, claimRef } });
  }
  const body = { spec: { volumeName: volume } };
  await stage.client.patch(claims, { namespace, name: 'data' }, { kind: 'merge', body });
  completeRollouts({ client: stage.client, namespace }, stop.signal);

  await reaches('Ended');
  const bound = await stage.client.get<VolumeObject>(volumes, whole(volume));
  expect(bound.spec.persistentVolumeReclaimPolicy).toBe(policy);
  await stage.client.delete(volumes, whole(volume));
});

test('a namespace of that name that is not of the drill is left alone', async () => {
  const ground = new ClusterDrillGround(stage.client);
  const name = `headgate-drill-${stage.namespace}`;
  await stage.client.create(namespaces, { metadata: { name } });
  const request = { namespace: name, app: of('shop'), expiresAt: new Date(0) };

  await expect(ground.open(request, stop.signal)).rejects.toThrow('one of that name is there and is not of this drill');
  await expect(ground.remove(name, stop.signal)).rejects.toThrow('it is not of a drill');
  expect(await exists(name)).toBe(true);
});
