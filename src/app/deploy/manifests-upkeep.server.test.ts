/** What is done for an App made of manifests between its Updates, and where it goes back to after several that did not prove themselves. */
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import { completeJob, jobsFor } from '../../../test/jobs/play-jobs.ts';
import { configMap, deploymentOf, type FolderApps, openFolderApps } from '../../../test/manifests/folder-apps.ts';
import { allow, roles } from '../../../test/manifests/stage.ts';
import { completeRollouts, pushVersions } from '../../../test/runtime-stage.ts';
import { startRegistry } from '../../../test/servers/registry.ts';
import type { KubeObject } from '../../kube/objects.ts';
import { configMaps, deployments } from '../../kube/resource-types.ts';

let play: FolderApps;
let rollouts: AbortController;

beforeEach(async () => {
  play = await openFolderApps(inject('kubeconfig'));
  rollouts = new AbortController();
});

afterEach(async () => {
  rollouts.abort();
  await play.stop();
});

const find = async (type: typeof configMaps, name: string) =>
  await play.stage.client.find<KubeObject>(type, { namespace: play.stage.namespace, name });

const untilSaid = async (reason: string, message: RegExp) =>
  await play.stage.until(async () => {
    const { status } = await play.stage.app('web');
    expect(status?.waiting).toMatchObject({ reason, message: expect.stringMatching(message) });
  });

test('an object that could not be deleted when it left the files is deleted as soon as that is allowed', async () => {
  const { client, namespace } = play.stage;
  const rule = { apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'list', 'watch', 'create', 'patch'] };
  await allow(play.stage, 'shop', [rule]);
  await play.write('web', { 'a.yaml': configMap('a', {}), 'b.yaml': configMap('b', {}) });
  await play.create('web', { deploy: { manifests: { serviceAccountName: 'shop' } } });
  await play.untilPhase('web', 1, 'Succeeded');

  await play.write('web', { 'a.yaml': configMap('a', {}) });
  await play.untilPhase('web', 2, 'Succeeded', /could not be pruned, and is tried again: ConfigMap .*\/b/);
  await untilSaid('Drifted', /could not be pruned.*ConfigMap .*\/b: .*403/);
  expect(await find(configMaps, 'b')).toBeDefined();

  const body = { rules: [{ ...rule, verbs: ['*'] }] };
  await client.patch(roles, { namespace, name: 'shop' }, { kind: 'merge', body });
  await play.stage.until(async () => {
    await play.stage.clock.advance(6_000);
    expect(await find(configMaps, 'b')).toBeUndefined();
  });
  await untilSaid('UpToDate', /^/);
  await play.stage.pass(6_000, 'web');
  await play.stage.pass(6_000, 'web');
  const mark = play.stage.asked().length;
  await play.stage.pass(6_000, 'web');
  expect(play.stage.asked(mark)).toEqual([]);
});

test('an object that another App applies is not taken from it; once it has left its files, it may be', async () => {
  const { namespace } = play.stage;
  await play.write('web', { 'a.yaml': configMap('shared', { from: 'web' }), 'b.yaml': configMap('own', {}) });
  await play.create('web');
  await play.untilPhase('web', 1, 'Succeeded');

  await play.write('shop', { 'a.yaml': configMap('shared', { from: 'shop' }), 'c.yaml': configMap('shop', {}) });
  await play.create('shop');
  const said = `another App applies ConfigMap ${namespace}/shared of App ${namespace}/web.*"TargetConflict"`;
  await play.untilPhase('shop', 1, 'Pending', new RegExp(said));
  expect(await find(configMaps, 'shop')).toBeUndefined();
  expect(await find(configMaps, 'shared')).toMatchObject({ data: { from: 'web' } });

  await play.write('web', { 'b.yaml': configMap('own', {}) });
  await play.untilPhase('web', 2, 'Succeeded');
  await play.stage.clock.advance(61_000);
  await play.untilPhase('shop', 1, 'Succeeded');
  expect(await find(configMaps, 'shared')).toMatchObject({ data: { from: 'shop' } });
});

test('two Apps that came to apply one object do not put it right against each other', async () => {
  const { client, namespace } = play.stage;
  const backup = { job: { template: jobTemplate('dump:1') } };
  // Planned while nobody has the object, and held up by its backup until somebody does.
  await play.write('shop', { 'a.yaml': configMap('shared', { from: 'shop' }) });
  await play.create('shop', { backup });
  await play.untilPhase('shop', 1, 'BackingUp');
  await play.write('web', { 'a.yaml': configMap('shared', { from: 'web' }) });
  await play.create('web');
  await play.untilPhase('web', 1, 'Succeeded');
  await completeBackup();
  await play.untilPhase('shop', 1, 'Succeeded');

  await untilSaid('Drifted', new RegExp(`App ${namespace}/shop applies some of it too`));
  const body = { data: { from: 'a person' } };
  await client.patch(configMaps, { namespace, name: 'shared' }, { kind: 'merge', body }, { fieldManager: 'person' });
  await play.stage.until(async () =>
    expect(await find(configMaps, 'shared')).toMatchObject({ data: { from: 'shop' } }),
  );
  await play.stage.pass(6_000, 'web');
  await play.stage.pass(6_000, 'shop');
  expect(await find(configMaps, 'shared')).toMatchObject({ data: { from: 'shop' } });
});

async function completeBackup(): Promise<void> {
  const { client, namespace, until } = play.stage;
  await until(async () => expect(await jobsFor(client, namespace, 'backup')).toHaveLength(1));
  for (const { metadata } of await jobsFor(client, namespace, 'backup')) {
    await completeJob(client, { namespace, name: metadata.name });
  }
}

function jobTemplate(image: string) {
  return { spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'main', image }] } } } };
}

test.each([
  { what: 'a label', change: { labels: { app: 'other' } } },
  { what: 'an annotation', change: { annotations: { team: 'other' } } },
  { what: 'a label taken away', change: { labels: { app: null } } },
])('$what of ours that somebody changes is put back, also where it makes no other generation', async ({ change }) => {
  const { client, namespace } = play.stage;
  completeRollouts(play.stage, rollouts.signal);
  await play.write('web', { 'web.yaml': deploymentOf('web:1') });
  await play.create('web');
  await play.untilPhase('web', 1, 'Succeeded');

  await client.patch(
    deployments,
    { namespace, name: 'web' },
    { kind: 'merge', body: { metadata: change } },
    { fieldManager: 'kubectl-label' },
  );

  await play.stage.until(async () => {
    const { metadata } = (await find(deployments, 'web')) ?? {};
    expect(metadata).toMatchObject({ labels: { app: 'web' }, annotations: { team: 'shop' } });
  });
  expect(await play.stage.updatesOf('web')).toHaveLength(1);
});

test('labels and annotations of others are nothing to ask about again', async () => {
  const { client, namespace } = play.stage;
  completeRollouts(play.stage, rollouts.signal);
  await play.write('web', { 'web.yaml': deploymentOf('web:1') });
  await play.create('web');
  await play.untilPhase('web', 1, 'Succeeded');
  const body = { metadata: { annotations: { 'deployment.kubernetes.io/revision': '1', theirs: 'yes' } } };
  await client.patch(deployments, { namespace, name: 'web' }, { kind: 'merge', body });
  await play.stage.pass(6_000, 'web');

  const mark = play.stage.asked().length;
  await play.stage.pass(6_000, 'web');

  expect(play.stage.asked(mark)).toEqual([]);
  expect(await play.stage.app('web')).toMatchObject({ status: { waiting: { reason: 'UpToDate' } } });
});

test('after a version that was superseded, and one that was so before it could begin, the way back leads to the last that proved itself', async () => {
  completeRollouts(play.stage, rollouts.signal);
  await play.write('web', { 'web.yaml': deploymentOf('web:1') });
  await play.create('web');
  await play.untilPhase('web', 1, 'Succeeded');
  rollouts.abort();
  await play.write('web', { 'web.yaml': deploymentOf('web:2') });
  await play.untilPhase('web', 2, 'Watching');

  await play.change('web', { gates: { approvals: { required: 1 } } });
  await play.write('web', { 'web.yaml': deploymentOf('web:3') });
  await play.untilPhase('web', 2, 'Superseded');
  await play.untilPhase('web', 3, 'Pending', /ApprovalRequired/);
  await play.write('web', { 'web.yaml': deploymentOf('web:4') });
  await play.untilPhase('web', 3, 'Cancelled');
  await play.change('web', { gates: null });
  await play.untilPhase('web', 4, 'Watching');
  await play.stage.pass(0, 'web');
  await play.stage.clock.advance(61_000);
  await play.untilPhase('web', 4, 'VerifyingRollback');
  rollouts = new AbortController();
  completeRollouts(play.stage, rollouts.signal);
  await play.untilPhase('web', 4, 'RolledBack');

  expect(await find(deployments, 'web')).toMatchObject({
    spec: { template: { spec: { containers: [{ image: 'web:1' }] } } },
  });
});

test('replicas that an autoscaler sets are its own where the App ignores them, also with the next version', async () => {
  const { client, namespace } = play.stage;
  completeRollouts(play.stage, rollouts.signal);
  await play.write('web', { 'web.yaml': deploymentOf('web:1') });
  await play.create('web', {
    deploy: { manifests: { ignore: [{ kind: 'Deployment', paths: ['/spec/replicas'] }] } },
  });
  await play.untilPhase('web', 1, 'Succeeded');
  const scale = { kind: 'merge', body: { spec: { replicas: 3 } } } as const;
  await client.patch(deployments, { namespace, name: 'web' }, scale, {
    subresource: 'scale',
    fieldManager: 'autoscaler',
  });
  await play.stage.pass(6_000, 'web');
  expect(await find(deployments, 'web')).toMatchObject({ spec: { replicas: 3 } });
  await untilSaid('UpToDate', /^/);

  await play.write('web', { 'web.yaml': deploymentOf('web:2') });
  await play.untilPhase('web', 2, 'Succeeded');

  expect(await find(deployments, 'web')).toMatchObject({
    spec: { replicas: 3, template: { spec: { containers: [{ image: 'web:2' }] } } },
  });
});

test('versions of image sources are set in the manifests, and a bad one of them goes back alone', async () => {
  completeRollouts(play.stage, rollouts.signal);
  const registry = await startRegistry();
  try {
    await pushVersions(registry.host, 'web', ['1.0.0']);
    const image = { repository: `${registry.host}/web`, insecure: true, policy: { semver: { range: '1.x' } } };
    await play.write('web', { 'web.yaml': deploymentOf(`${registry.host}/web:0.0.0`) });
    await play.create('web', {
      sources: [
        { name: 'files', folder: { path: 'web' } },
        { name: 'web', image },
      ],
    });
    await play.untilPhase('web', 1, 'Succeeded');
    const imageNow = async () => JSON.stringify(await find(deployments, 'web')).match(/web:\d\.\d\.\d@sha256:/)?.[0];
    expect(await imageNow()).toBe('web:1.0.0@sha256:');

    rollouts.abort();
    await pushVersions(registry.host, 'web', ['1.1.0']);
    await play.stage.clock.advance(6_000);
    await play.untilPhase('web', 2, 'Watching');
    expect(await imageNow()).toBe('web:1.1.0@sha256:');
    await play.stage.pass(0, 'web');
    await play.stage.clock.advance(61_000);
    await play.untilPhase('web', 2, 'VerifyingRollback');
    rollouts = new AbortController();
    completeRollouts(play.stage, rollouts.signal);
    await play.untilPhase('web', 2, 'RolledBack');
    expect(await imageNow()).toBe('web:1.0.0@sha256:');
  } finally {
    await registry.stop();
  }
});
