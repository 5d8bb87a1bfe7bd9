/**
 * Checkpoints by Velero and the way back, on a real API server with Velero's real definitions (1.18). Velero's server itself is not
 * run: it takes most of an hour to compile. What it writes into its objects is played, as its source has it, and so is the binding of
 * claims to volumes.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { installPublished } from '../../../test/crds/published-definitions.ts';
import {
  completeRollouts,
  createDeployment,
  openRuntimeStage,
  pushVersions,
  type RuntimeStage,
} from '../../../test/runtime-stage.ts';
import { type RunningRegistry, startRegistry } from '../../../test/servers/registry.ts';
import {
  boundClaim,
  type PlayedVelero,
  playBinding,
  playVelero,
  restoreClaim,
} from '../../../test/velero/play-velero.ts';
import { createAccessReviews } from '../../adapters/cluster/access-reviews.ts';
import { ClusterVelero } from '../../adapters/cluster/cluster-velero.ts';
import { apps, type ProductObject } from '../../adapters/cluster/kinds.ts';
import { createDirectRecords } from '../../adapters/cluster/records.ts';
import { backups, deleteRequests, restores } from '../../adapters/cluster/velero-objects.ts';
import { type ClaimObject, claims, type VolumeObject, volumes } from '../../adapters/cluster/volume-objects.ts';
import { restoreApp } from '../../engine/update/restore-app.ts';
import type { KubeObject } from '../../kube/objects.ts';
import { deployments, pods } from '../../kube/resource-types.ts';
import type { AppSpecWire } from '../../resources/app/app.ts';

let registry: RunningRegistry;
let stage: RuntimeStage;
let velero: PlayedVelero;
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

const repository = () => `${registry.host}/velero-${round}/web`;
const volumeOf = (what: string) => `${stage.namespace}-${what}`;

interface DeploymentObject extends KubeObject {
  readonly spec: {
    readonly replicas: number;
    readonly template: { readonly spec: { readonly containers: readonly [{ readonly image: string }] } };
  };
}

/** Web 1.0.0 runs and mounts the claim data, 1.1.0 is there. */
async function follow(
  asked: object = {},
  {
    data = 'Never',
    stableFor = '30s',
    ...backup
  }: Partial<NonNullable<AppSpecWire['backup']>> & {
    readonly data?: 'Never' | 'OnFailure';
    readonly stableFor?: string;
  } = {},
): Promise<void> {
  const place = 'namespace' in asked ? {} : { namespace: velero.namespace };
  completeRollouts(stage, stop.signal);
  await pushVersions(registry.host, `velero-${round}/web`, ['1.0.0', '1.1.0']);
  await createDeployment(stage, 'web', `${repository()}:1.0.0`);
  const mounted = [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }];
  const body = { spec: { template: { spec: { volumes: mounted } } } };
  await stage.client.patch(deployments, { namespace: stage.namespace, name: 'web' }, { kind: 'merge', body });
  const image = { repository: repository(), insecure: true, policy: { semver: { range: '1.x' } } };
  await stage.client.create<ProductObject>(apps, {
    metadata: { namespace: stage.namespace, name: 'web' },
    spec: {
      sources: [{ name: 'web', image }],
      deploy: { workloads: { targets: [{ kind: 'Deployment', name: 'web' }] } },
      health: { timeout: '30m', stableFor },
      backup: { velero: { ...place, ...asked }, ...backup },
      rollback: { data },
    },
  });
}

const claim = (name: string, labels?: Readonly<Record<string, string>>, source?: object) =>
  boundClaim(
    stage.client,
    { namespace: stage.namespace, name, volume: volumeOf(name), ...(labels && { labels }) },
    source,
  );
const claimNamed = (name: string) => stage.client.find<ClaimObject>(claims, { namespace: stage.namespace, name });
const until = (check: () => unknown) =>
  stage.until(async () => {
    await playBinding(stage.client, stage.namespace);
    await check();
  });

const web = () => stage.client.get<DeploymentObject>(deployments, { namespace: stage.namespace, name: 'web' });
const tagOfWeb = async () => /:(\d+\.\d+\.\d+)/.exec((await web()).spec.template.spec.containers[0].image)?.[1];
const replicasOfWeb = async () => (await web()).spec.replicas;
const update = async () => (await stage.updatesOf('web')).at(-1);
const endsAs = (phase: string) => until(async () => expect((await update())?.status).toMatchObject({ phase }));

/** The Update has ended, nothing of the App was changed, and the record says why. */
async function refuses(message: RegExp | string): Promise<void> {
  await endsAs('Failed');
  expect((await update())?.status?.failure).toMatchObject({
    reason: 'CheckpointFailed',
    message: typeof message === 'string' ? expect.stringContaining(message) : expect.stringMatching(message),
    blamesVersion: false,
  });
  expect([await tagOfWeb(), await replicasOfWeb()]).toEqual(['1.0.0', 1]);
}

const backupIsThere = () => until(async () => expect(await velero.backup()).toBeDefined());

test('where Velero is not installed nothing is touched, and the remedy is said', async () => {
  await claim('data');
  await follow({ namespace: 'velero' });

  await refuses('Velero is not installed: the cluster does not know its kinds');
});

describe('with Velero', () => {
  beforeEach(async () => {
    await installPublished(stage.client, 'velero-1.18.0');
    velero = await playVelero(stage.client);
  });

  describe('a Backup', () => {
    test('that is Completed opens the gate, and nothing before that does', async () => {
      await claim('data', { app: 'web' });
      await claim('other');
      await follow({ matchLabels: { app: 'web' }, ttl: '720h' }, { timeout: '20m' });
      await backupIsThere();
      const made = await velero.backup();
      expect(made?.metadata.name.length).toBeLessThanOrEqual(63);
      expect(made).toMatchObject({
        metadata: { annotations: { 'headgate.dev/app': `${stage.namespace}/web` } },
        spec: {
          includedNamespaces: [stage.namespace],
          includedResources: ['persistentvolumeclaims', 'persistentvolumes'],
          labelSelector: { matchLabels: { app: 'web' } },
          ...{
            ttl: '2592000s',
            itemOperationTimeout: '1200s',
            defaultVolumesToFsBackup: false,
            snapshotMoveData: false,
          },
        },
      });
      for (const phase of ['New', 'Queued', 'InProgress', 'WaitingForPluginOperations', 'Finalizing']) {
        await velero.setBackup({ phase });
        await until(async () =>
          expect((await update())?.status?.waiting?.message).toContain(phase === 'New' ? 'new' : phase),
        );
        expect(await tagOfWeb()).toBe('1.0.0');
      }

      await velero.setBackup({ phase: 'Completed', csiVolumeSnapshotsCompleted: 1, warnings: 2 });

      await until(async () => expect(await tagOfWeb()).toBe('1.1.0'));
      expect((await update())?.status?.checkpoint).toMatchObject({
        ...{ kind: 'Velero', state: 'Completed', message: expect.stringContaining('Velero warns of 2 things') },
        velero: { namespace: velero.namespace, backup: made?.metadata.name, claims: ['data'], covers: 1 },
        durationSeconds: expect.any(Number),
      });
    });

    test('whose data is moved counts by claim, and tells its size', async () => {
      await claim('data');
      await follow({ snapshotMoveData: true });
      await backupIsThere();
      await velero.upload(['data'], stage.namespace);

      await velero.setBackup({ phase: 'Completed' });

      await until(async () => expect(await tagOfWeb()).toBe('1.1.0'));
      expect((await update())?.status?.checkpoint).toMatchObject({ state: 'Completed', sizeBytes: 4_096 });
    });

    test.each([
      ['PartiallyFailed', { errors: 3 }, /is PartiallyFailed, with 3 errors: a part of it is missing/],
      ['Failed', { failureReason: 'bucket is full' }, /is Failed: bucket is full/],
      ['FailedValidation', { validationErrors: ['no such location'] }, /did nothing: no such location/],
      ['Deleting', {}, /is being deleted by somebody/],
      ['Completed', {}, /is Completed, but holds 0 of 1 volumes: Velero had no way to keep the others/],
    ])('that is %s ends the Update with nothing changed, and its data is asked to go', async (phase, rest, message) => {
      await claim('data');
      await follow();
      await backupIsThere();

      await velero.setBackup({ phase, ...rest });

      await refuses(message);
      const backup = await velero.backup();
      const { namespace, name } = backup?.metadata ?? { namespace: '', name: '' };
      expect(await stage.client.find(deleteRequests, { namespace: namespace ?? '', name })).toMatchObject({
        metadata: { labels: { 'velero.io/backup-name': name, 'velero.io/backup-uid': backup?.metadata.uid } },
        spec: { backupName: name },
      });
    });

    test('without the data of one claim is refused by its name', async () => {
      await claim('data');
      await claim('more');
      await follow({ snapshotMoveData: true, claims: ['data', 'more'] });
      await backupIsThere();
      await velero.upload(['data'], stage.namespace);

      await velero.setBackup({ phase: 'Completed' });

      await refuses(/holds 1 of 2 volumes, and nothing of more/);
    });

    test('that does not end in time is given up, with what Velero said last', async () => {
      await claim('data');
      await follow({}, { timeout: '10m' });
      await backupIsThere();
      await velero.setBackup({ phase: 'InProgress' });

      await stage.clock.advance(11 * 60_000);

      await refuses(/it is not complete after 10m/);
    });

    test.each<readonly [string, () => Promise<void>, object, RegExp]>([
      [
        'a storage location that is Unavailable',
        () => velero.setLocation({ status: { phase: 'Unavailable', message: 'no such bucket' } }),
        {},
        /BackupStorageLocation .*\/main is Unavailable: no such bucket/,
      ],
      [
        'a storage location that is ReadOnly',
        () => velero.setLocation({ spec: { accessMode: 'ReadOnly' } }),
        {},
        /is ReadOnly, so that no Backup can be written to it/,
      ],
      [
        'no such storage location',
        async () => undefined,
        { storageLocation: 'moon' },
        /no BackupStorageLocation moon .* there are: main/,
      ],
      [
        'a namespace without Velero',
        async () => undefined,
        { namespace: 'default' },
        /there are: none, so that .* may be another/,
      ],
      [
        'a claim without the labels',
        async () => undefined,
        { matchLabels: { app: 'x' } },
        /has not the labels .*\(app=x\)/,
      ],
      [
        'claims of others in the Backup, as nothing chooses among them',
        () => claim('other'),
        {},
        /claims of namespace .* that are not the App's \(other\), .* name labels in spec\.backup\.velero\.matchLabels/,
      ],
      [
        'claims of others that have the labels too',
        async () => {
          await claim('other', { team: 'a' });
          await claim('left-out', { team: 'a', 'velero.io/exclude-from-backup': 'true' });
          const body = { metadata: { labels: { team: 'a' } } };
          await stage.client.patch(claims, { namespace: stage.namespace, name: 'data' }, { kind: 'merge', body });
        },
        { matchLabels: { team: 'a' } },
        /that are not the App's \(other\), and the way back would make them anew/,
      ],
      [
        'a claim that Velero leaves out',
        async () => {
          const body = { metadata: { labels: { 'velero.io/exclude-from-backup': 'true' } } };
          await stage.client.patch(claims, { namespace: stage.namespace, name: 'data' }, { kind: 'merge', body });
        },
        {},
        /has the label velero\.io\/exclude-from-backup/,
      ],
    ])('is not begun with %s', async (_, change, asked, message) => {
      await claim('data');
      await change();

      await follow(asked);

      await refuses(message);
      expect(await velero.backup()).toBeUndefined();
    });

    test('is not begun without rights in the namespace of Velero; the chart value is said', async () => {
      const nobody = new ClusterVelero(stage.client.actAs('system:serviceaccount:default:nobody'));
      const asked = { namespace: velero.namespace, storageLocation: undefined, matchLabels: undefined, claims: [] };

      await expect(nobody.survey(stage.namespace, asked, stop.signal)).rejects.toMatchObject({
        code: 'VELERO_UNUSABLE',
        message: expect.stringContaining(`install its chart with veleroNamespace: ${velero.namespace}`),
      });
    });

    test('is not begun of a volume that is not of a CSI driver', async () => {
      await claim('data', {}, { hostPath: { path: '/data' } });

      await follow();

      await refuses(/is not of a CSI driver: .* keep it by spec\.backup\.job/);
    });

    test('goes by a request to Velero when it is one too many, and the newest stays', async () => {
      await claim('data');
      await follow({}, { keep: 1, stableFor: '0s' });
      await backupIsThere();
      const first = (await velero.backup())?.metadata.name ?? '';
      await velero.setBackup({ phase: 'Completed', csiVolumeSnapshotsCompleted: 1 });
      await until(async () => expect(await tagOfWeb()).toBe('1.1.0'));
      await endsAs('Succeeded');
      const requests = async () =>
        (await stage.client.list<KubeObject>(deleteRequests, { namespace: velero.namespace })).items.map(
          ({ metadata }) => metadata.name,
        );
      expect(await requests()).toEqual([]);

      await pushVersions(registry.host, `velero-${round}/web`, ['1.2.0']);
      await stage.clock.advance(6 * 60_000);
      const all = async () => (await stage.client.list<KubeObject>(backups, { namespace: velero.namespace })).items;
      await until(async () => expect(await all()).toHaveLength(2));
      const second = (await all()).find(({ metadata }) => metadata.name !== first)?.metadata.name ?? '';
      const body = { status: { phase: 'Completed', csiVolumeSnapshotsCompleted: 1 } };
      await stage.client.patch(backups, { namespace: velero.namespace, name: second }, { kind: 'merge', body });

      await until(async () => expect(await tagOfWeb()).toBe('1.2.0'));
      await until(async () => expect(await requests()).toEqual([first]));
    });
  });

  describe('a version that was at work and is bad', () => {
    /** 1.1.0 was at work and crashes; the App is scaled to zero, and nothing of it runs any more. */
    async function crash(asked: object = {}): Promise<void> {
      await claim('data', { app: 'web' });
      await follow(asked, { data: 'OnFailure', timeout: '20m' });
      await backupIsThere();
      await velero.setBackup({ phase: 'Completed', csiVolumeSnapshotsCompleted: 1 });
      await until(async () => expect(await tagOfWeb()).toBe('1.1.0'));
      const { image } = (await web()).spec.template.spec.containers[0];
      const key = { namespace: stage.namespace, name: 'web-new' };
      const spec = { containers: [{ name: 'web', image }] };
      await stage.client.create<KubeObject & { readonly spec: object }>(pods, {
        metadata: { ...key, labels: { app: 'web' } },
        spec,
      });
      const ended = { terminated: { exitCode: 1, reason: 'Error', startedAt: null, finishedAt: null } };
      const state = { waiting: { reason: 'CrashLoopBackOff', message: 'back-off' } };
      const container = { name: 'web', image, imageID: '', ready: false, restartCount: 3, state, lastState: ended };
      const body = { status: { containerStatuses: [container] } };
      await stage.client.patch(pods, key, { kind: 'merge', body }, { subresource: 'status' });
    }

    async function stopped(): Promise<void> {
      await until(async () => expect(await replicasOfWeb()).toBe(0));
      const key = { namespace: stage.namespace, name: 'web-new' };
      await stage.client.delete(pods, key, { gracePeriodSeconds: 0 });
    }

    async function restoring(attempt = 1): Promise<string> {
      await until(async () => expect(await velero.restoreNames()).toHaveLength(attempt));
      return (await velero.restoreNames()).find((name) => name.includes(`restore-${attempt}`)) ?? '';
    }

    const broken = async () => (await update())?.status?.dataRestore?.moved?.[0]?.brokenClaim ?? '';
    const policyOf = async (name: string) =>
      (await stage.client.get<VolumeObject>(volumes, { namespace: '', name })).spec.persistentVolumeReclaimPolicy;
    const restored = (restore: string, what = 'restored') =>
      restoreClaim(stage.client, { namespace: stage.namespace, name: 'data', volume: volumeOf(what), restore });

    test('goes back with the data: the broken volume is moved away before Velero restores, and kept', async () => {
      await crash();
      await stopped();
      const restore = await restoring();
      expect(await velero.restore()).toMatchObject({
        spec: { backupName: (await velero.backup())?.metadata.name, includedNamespaces: [stage.namespace] },
      });
      // Velero skips a claim that is there.
      expect(await claimNamed('data')).toBeUndefined();
      expect(await claimNamed(await broken())).toMatchObject({
        metadata: { labels: { app: 'web', 'velero.io/exclude-from-backup': 'true' } },
        spec: { volumeName: volumeOf('data') },
      });
      expect(await policyOf(volumeOf('data'))).toBe('Retain');
      expect([await tagOfWeb(), await replicasOfWeb()]).toEqual(['1.1.0', 0]);
      await velero.setRestore({ phase: 'WaitingForPluginOperations' });
      await until(async () =>
        expect((await update())?.status?.waiting).toMatchObject({
          ...{ reason: 'RestoringData', message: expect.stringContaining('the data of the volumes is on its way') },
        }),
      );

      await restored(restore);
      await velero.setRestore({ phase: 'Completed' });

      await endsAs('RolledBack');
      expect([await tagOfWeb(), await replicasOfWeb()]).toEqual(['1.0.0', 1]);
      expect((await claimNamed('data'))?.spec.volumeName).toBe(volumeOf('restored'));
      expect((await claimNamed(await broken()))?.status?.phase).toBe('Bound');
      expect(await policyOf(volumeOf('data'))).toBe('Delete');
      expect((await update())?.status?.dataRestore).toMatchObject({
        ...{ state: 'Done', veleroRestore: restore, message: expect.stringContaining(await broken()) },
      });
    });

    test('is restored again after a Restore that was only a part; what that made goes first', async () => {
      await crash();
      await stopped();
      await restored(await restoring(), 'half');
      await velero.setRestore({ phase: 'PartiallyFailed', errors: 1 });

      const second = await restoring(2);

      expect(await claimNamed('data')).toBeUndefined();
      expect((await claimNamed(await broken()))?.spec.volumeName).toBe(volumeOf('data'));
      await restored(second);
      await velero.setRestore({ phase: 'Completed' });
      await endsAs('RolledBack');
      expect((await claimNamed('data'))?.spec.volumeName).toBe(volumeOf('restored'));
    });

    /** The end of every way in which it fails: the App stands still, the broken volume is kept, and the record names all of it. */
    async function failsAndKeepsAll(message: RegExp): Promise<void> {
      await endsAs('Failed');
      const { dataRestore } = (await update())?.status ?? {};
      expect(dataRestore).toMatchObject({ state: 'Failed', message: expect.stringMatching(message) });
      expect(dataRestore?.message).toMatch(/Deployment\/web \(had 1\) stay scaled to zero/);
      expect(dataRestore?.message).toContain(
        `data: PersistentVolume ${volumeOf('data')}, under the claim ${await broken()}`,
      );
      expect(dataRestore?.message).toContain('headgate restore web --to web-1');
      expect([await tagOfWeb(), await replicasOfWeb()]).toEqual(['1.1.0', 0]);
      expect(await stage.client.find(volumes, { namespace: '', name: volumeOf('data') })).toBeDefined();
      expect(await velero.backup()).toMatchObject({ status: { phase: 'Completed' } });
    }

    test.each<readonly [string, object, (restore: string) => Promise<void>, RegExp]>([
      [
        'is FailedValidation',
        { phase: 'FailedValidation', validationErrors: ['the location is gone'] },
        async () => undefined,
        /FailedValidation, so that Velero did nothing: the location is gone/,
      ],
      [
        'is Completed and has made no claim',
        { phase: 'Completed' },
        async () => undefined,
        /is Completed, and has not made it: the Backup does not hold it/,
      ],
      [
        'is Completed beside a claim of somebody else',
        { phase: 'Completed' },
        () => boundClaim(stage.client, { namespace: stage.namespace, name: 'data', volume: volumeOf('foreign') }),
        /the claim is of somebody else, so that Velero skipped it/,
      ],
    ])('whose Restore %s: nothing is lost, and it is said what is where', async (_, status, before, message) => {
      await crash();
      await stopped();
      await before(await restoring());

      await velero.setRestore(status);

      await failsAndKeepsAll(message);
    });

    test('whose Restore fails three times can be brought back by hand later', async () => {
      await crash();
      await stopped();
      for (const attempt of [1, 2, 3]) {
        await restoring(attempt);
        await velero.setRestore({ phase: 'Failed', failureReason: 'no space' });
      }
      await failsAndKeepsAll(/after 3 attempts: Restore .* is Failed: no space/);

      const clock = { now: () => stage.clock.now() };
      const context = {
        ...{ records: createDirectRecords(stage.client, clock), reviews: createAccessReviews(stage.client), clock },
      };
      const asked = {
        namespace: stage.namespace,
        app: 'web',
        to: 'web-1',
        keepData: false,
        by: 'ann',
        reason: 'mended',
      };
      await restoreApp(context, asked, new AbortController().signal);
      await until(async () => expect(await velero.restoreNames()).toHaveLength(4));
      const name = (await velero.restoreNames()).find((one) => one.includes('web-2')) ?? '';
      await restored(name);
      await stage.client.patch(
        restores,
        { namespace: velero.namespace, name },
        { kind: 'merge', body: { status: { phase: 'Completed' } } },
      );

      await until(async () => expect([await tagOfWeb(), await replicasOfWeb()]).toEqual(['1.0.0', 1]));
      expect((await claimNamed('data'))?.spec.volumeName).toBe(volumeOf('restored'));
      expect(await stage.client.find(volumes, { namespace: '', name: volumeOf('data') })).toBeDefined();
    });

    test('whose Restore does not end in time', async () => {
      await crash();
      await stopped();
      await restoring();
      await velero.setRestore({ phase: 'InProgress' });

      await stage.clock.advance(21 * 60_000);

      await failsAndKeepsAll(/it is not back after 20m .*: Restore .* is InProgress/);
    });

    test.each<readonly [string, (backup: string) => Promise<unknown>, RegExp]>([
      [
        'is gone',
        (name) => stage.client.delete(backups, { namespace: velero.namespace, name }),
        /Backup .* is gone: .*nothing was stopped/,
      ],
      [
        'is being deleted',
        () => velero.setBackup({ phase: 'Deleting' }),
        /is Deleting, and only one that is Completed/,
      ],
      [
        'is of another namespace',
        (name) => {
          const body = { spec: { includedNamespaces: ['kube-system'] } };
          return stage.client.patch(backups, { namespace: velero.namespace, name }, { kind: 'merge', body });
        },
        /is not of namespace .* alone/,
      ],
      [
        'lies where Velero cannot read',
        () => velero.setLocation({ status: { phase: 'Unavailable', message: 'no route' } }),
        /main is Unavailable: no route/,
      ],
    ])('whose Backup %s: nothing is stopped, and the claim is as it was', async (_, spoil, message) => {
      await claim('data', { app: 'web' });
      await follow({}, { data: 'OnFailure', stableFor: '0s' });
      await backupIsThere();
      await velero.setBackup({ phase: 'Completed', csiVolumeSnapshotsCompleted: 1 });
      await until(async () => expect(await tagOfWeb()).toBe('1.1.0'));
      const backup = (await velero.backup())?.metadata.name ?? '';
      await spoil(backup);
      const clock = { now: () => stage.clock.now() };
      const context = {
        ...{ records: createDirectRecords(stage.client, clock), reviews: createAccessReviews(stage.client), clock },
      };
      await endsAs('Succeeded');

      const asked = { namespace: stage.namespace, app: 'web', to: 'web-1', keepData: false, by: 'ann', reason: 'test' };
      await restoreApp(context, asked, new AbortController().signal);

      const second = async () => (await stage.updatesOf('web')).find(({ metadata }) => metadata.name === 'web-2');
      await until(async () =>
        expect((await second())?.status?.dataRestore).toMatchObject({
          ...{ state: 'Failed', message: expect.stringMatching(message) },
        }),
      );
      expect((await second())?.status?.dataRestore?.message).toContain('nothing was stopped');
      expect(await replicasOfWeb()).toBe(1);
      expect((await claimNamed('data'))?.spec.volumeName).toBe(volumeOf('data'));
    });
  });
});
