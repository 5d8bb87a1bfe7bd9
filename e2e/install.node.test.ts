/** Headgate as Helm installs it: upgraded while an Update waits, kept up to date by itself, taken away without a trace in what it looked after. */
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { type ProductObject, updates } from '../src/adapters/cluster/kinds.ts';
import type { KubeObject } from '../src/kube/objects.ts';
import { customResourceDefinitions, deployments, namespaces } from '../src/kube/resource-types.ts';
import { definitionsVersionKey } from '../src/resources/metadata.ts';
import { outputOf } from '../test/cluster/run-command.ts';
import { headgate } from '../test/headgate/command-line.ts';
import { appSpec, type DeploymentObject, putApp, runWeb, sourceOf } from '../test/headgate/objects.ts';
import { headgateImages } from '../test/headgate/own-images.ts';
import {
  imagesOf,
  outcomesIn,
  podsIn,
  rejectionsIn,
  untilApp,
  untilObject,
  untilUpdate,
  updatesIn,
} from '../test/headgate/sight.ts';
import { openStage, type Stage } from '../test/headgate/stage.ts';

const chart = fileURLToPath(new URL('../chart', import.meta.url));
const former = fileURLToPath(new URL('../test/releases/headgate-0.1.0-alpha.1.tgz', import.meta.url));
const deadlineMs = 240_000;

test('helm upgrade while an Update waits loses nothing, and helm uninstall leaves all of it', {
  timeout: 1_800_000,
}, async (context) => {
  const stage = await openStage(context, 'release');
  const images = await headgateImages(stage);
  const release = await openRelease(stage, [stage.namespace]);
  await images.push('1.0.0', { behaviour: 'good' });
  await stage.push({ tag: '1.0.0' });
  await stage.push({ tag: '1.1.0' });
  await runWeb(stage, { image: `${stage.repository()}:1.0.0` });
  await release.helm('install', former, ['image.tag=1.0.0']);
  await putApp(stage, appSpec(stage, { gates: { approvals: { required: 1 } } }));
  await untilAsked(stage, 'web-1');
  const [waiting] = await updatesIn(stage);

  await release.helm('upgrade', chart, ['image.tag=1.0.0']);

  const definition = await stage.client.get<KubeObject>(customResourceDefinitions, {
    namespace: '',
    name: 'updates.headgate.dev',
  });
  expect(definition.metadata.annotations?.[definitionsVersionKey]).toMatch(/^\d/);
  expect(await release.helm('test')).toMatch(/Phase:\s+Succeeded/);
  const [kept, ...others] = await updatesIn(stage);
  expect([kept?.metadata.uid, others]).toEqual([waiting?.metadata.uid, []]);
  expect(await headgate(stage, 'approve', 'web-1')).toMatchObject({ code: 0 });
  await untilUpdate(stage, 'web-1', { phases: ['Succeeded'], deadlineMs });
  expect(await imagesOf(stage)).toEqual({ web: expect.stringContaining(`${stage.repository()}:1.1.0@sha256:`) });

  await stage.push({ tag: '1.2.0', behaviour: 'crash' });
  await untilAsked(stage, 'web-2');
  expect(await headgate(stage, 'approve', 'web-2')).toMatchObject({ code: 0 });
  await untilUpdate(stage, 'web-2', { phases: ['RolledBack'], deadlineMs });
  expect(await rejectionsIn(stage)).toHaveLength(1);
  const before = (await podsIn(stage)).map(({ metadata }) => metadata.uid);

  await release.helm('uninstall');

  expect((await podsIn(stage)).map(({ metadata }) => metadata.uid)).toEqual(before);
  expect(await imagesOf(stage)).toEqual({ web: expect.stringContaining(`${stage.repository()}:1.1.0@sha256:`) });
  expect(await outcomesIn(stage)).toEqual(['web-1 Succeeded', 'web-2 RolledBack']);
  expect(await rejectionsIn(stage)).toHaveLength(1);
});

test('it updates itself, and comes back from a version of itself that is broken', {
  timeout: 1_800_000,
}, async (context) => {
  const stage = await openStage(context, 'itself');
  const home = { ...stage, namespace: `${stage.namespace}-home` };
  const images = await headgateImages(stage);
  const release = await openRelease(stage, [stage.namespace, home.namespace]);
  await images.push('1.0.0', { behaviour: 'good' });
  await release.helm('install', chart, ['image.tag=1.0.0', 'minReadySeconds=20']);
  await putApp(
    home,
    appSpec(stage, {
      sources: [sourceOf(stage.repository('headgate'), { name: 'headgate' })],
      deploy: { workloads: { targets: [{ kind: 'Deployment', name: 'headgate' }] } },
      health: { timeout: '180s', stableFor: '5s' },
    }),
    'headgate',
  );
  await untilApp(home, { name: 'headgate', reason: 'UpToDate', deadlineMs });

  const digest = await images.push('1.0.1', { behaviour: 'good' });
  await untilUpdate(home, 'headgate-1', { phases: ['Succeeded'], deadlineMs });
  const good = `${stage.repository('headgate')}:1.0.1@${digest}`;
  expect(await imagesOf(home, deployments, 'headgate')).toEqual({ headgate: good });
  await settled(home, good);

  // The one that cannot start; then one that starts, is ready, takes part in the work, and dies of it.
  for (const [version, behaviour, update] of [
    ['1.0.2', 'crash', 'headgate-2'],
    ['1.0.3', 'die', 'headgate-3'],
  ] as const) {
    await images.push(version, { behaviour });
    const undone = await untilUpdate(home, update, { phases: ['RolledBack'], deadlineMs });
    expect(undone.status?.failure).toMatchObject({ blamesVersion: true });
    await settled(home, good);
  }
  expect((await rejectionsIn(home)).map(({ tag }) => tag).toSorted()).toEqual(['1.0.2', '1.0.3']);

  // What came back works: it takes the next one, of itself and of others.
  await stage.push({ tag: '1.0.0' });
  await stage.push({ tag: '1.1.0' });
  await runWeb(stage, { image: `${stage.repository()}:1.0.0` });
  await putApp(stage);
  await untilUpdate(stage, 'web-1', { phases: ['Succeeded'], deadlineMs });
  await images.push('1.0.4', { behaviour: 'good' });
  await untilUpdate(home, 'headgate-4', { phases: ['Succeeded'], deadlineMs });
});

async function untilAsked(stage: Stage, name: string): Promise<void> {
  await untilObject<ProductObject>(stage, updates, {
    what: `Update ${name} waits for a person`,
    name,
    matches: ({ status }) => JSON.stringify(status ?? {}).includes('"ApprovalRequired"'),
    deadlineMs,
  });
}

/** The Deployment runs that image and nothing else. */
async function settled(home: Stage, image: string): Promise<void> {
  await untilObject<DeploymentObject>(home, deployments, {
    what: `Headgate runs ${image}`,
    name: 'headgate',
    matches: ({ spec, status, metadata }) =>
      spec.template.spec.containers[0]?.image === image &&
      status?.observedGeneration === metadata.generation &&
      status?.availableReplicas === 1 &&
      status.updatedReplicas === 1,
    deadlineMs,
  });
}

interface Release {
  helm(verb: 'install' | 'upgrade', chart: string, set: readonly string[]): Promise<string>;
  helm(verb: 'test' | 'uninstall'): Promise<string>;
}

/** The release `headgate` in a namespace of its own, looking after some others; it ends with the test. */
async function openRelease(stage: Stage, watched: readonly string[]): Promise<Release> {
  const { client, namespace, kubeconfigPath, programs } = stage;
  const home = `${namespace}-home`;
  await client.create(namespaces, { metadata: { name: home } });
  stage.atEnd(() => client.delete(namespaces, { namespace: '', name: home }));
  const target = ['--namespace', home, '--kubeconfig', kubeconfigPath];
  const helm = async (verb: string, path?: string, set: readonly string[] = []) => {
    const values = [
      `image.repository=${stage.repository('headgate')}`,
      `watchNamespaces={${watched.join(',')}}`,
      ...set,
    ];
    const install =
      path === undefined
        ? ['--timeout', '400s']
        : [path, '--skip-crds', '--wait', '--timeout', '400s', ...values.flatMap((value) => ['--set', value])];
    return await outputOf(programs.helm, [verb, 'headgate', ...install, ...target], 420_000);
  };
  stage.atEnd(async () => {
    await helm('uninstall').catch(() => undefined);
  });
  return { helm };
}
