/** Apps whose chart has a source: new versions of it, good ones and bad ones, on a real API server with the real Helm. */
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test, vi } from 'vitest';
import { pushImage } from '../../../scripts/oci/push.ts';
import { installByHand, revisionsOf, webTemplate } from '../../../test/helm/by-hand.ts';
import { type ChartText, packChart, settingsTemplate } from '../../../test/helm/charts.ts';
import type { ConfigMap } from '../../../test/kube/server-fixtures.ts';
import { completeRollouts, openRuntimeStage, type RuntimeStage } from '../../../test/runtime-stage.ts';
import { makeHelmArtifact } from '../../../test/servers/artifact.ts';
import { type ChartRepository, startChartRepository } from '../../../test/servers/chart-repository.ts';
import { type RunningRegistry, startRegistry } from '../../../test/servers/registry.ts';
import { apps, type ProductObject, rejections } from '../../adapters/cluster/kinds.ts';
import { rollBack } from '../../engine/update/roll-back.ts';
import type { KubeObject } from '../../kube/objects.ts';
import { configMaps, secrets } from '../../kube/resource-types.ts';
import type { AppSpecWire } from '../../resources/app/app.ts';
import type { UpdateObjectWire } from '../../resources/update/decode-update.ts';

// Several Updates one after the other, each with a helm of its own.
vi.setConfig({ testTimeout: 90_000 });

type HelmWire = NonNullable<AppSpecWire['deploy']['helm']>;

let repository: ChartRepository;
let registry: RunningRegistry;
let stage: RuntimeStage;
let rollouts: AbortController;

beforeAll(async () => {
  registry = await startRegistry();
});

afterAll(() => registry.stop());

beforeEach(async () => {
  repository = await startChartRepository();
  stage = await openRuntimeStage(inject('kubeconfig'));
  rollouts = new AbortController();
  completeRollouts(stage, rollouts.signal);
});

afterEach(async () => {
  rollouts.abort();
  await stage.stop();
  await repository.stop();
});

const values = 'color: blue\nimage: { repository: localhost/web, tag: "1" }\n';

async function publish(version: string, files: ChartText['files'] = {}): Promise<Buffer> {
  const all = { 'templates/settings.yaml': settingsTemplate, 'templates/web.yaml': webTemplate, ...files };
  const archive = await packChart({ version, files: all, values });
  repository.add({ name: 'demo', version, archive });
  return archive;
}

async function putApp(helm: Partial<HelmWire> = {}, chart: object = {}, fields: object = {}): Promise<void> {
  const spec = {
    interval: '1m',
    sources: [{ name: 'demo', chart: { repository: repository.url, name: 'demo', insecure: true, ...chart } }],
    deploy: { helm: { chart: { source: 'demo' }, ...helm } },
    health: { timeout: '5m', stableFor: '1s' },
    ...fields,
  };
  await stage.client.create<ProductObject>(apps, { metadata: { namespace: stage.namespace, name: 'web' }, spec });
}

async function untilEnded(count: number): Promise<readonly UpdateObjectWire[]> {
  let found: readonly UpdateObjectWire[] = [];
  await stage.until(async () => {
    found = (await stage.updatesOf('web')).filter(({ status }) => status?.finishedAt !== undefined);
    expect(found).toHaveLength(count);
  });
  return found.toSorted((left, right) => left.spec.sequence - right.spec.sequence);
}

async function settings() {
  const key = { namespace: stage.namespace, name: 'web-settings' };
  return (await stage.client.find<ConfigMap>(configMaps, key))?.data;
}

const nextInterval = () => stage.pass(61_000, 'web');

test('installs, follows new versions, and goes back from a bad one, which is not tried again', async () => {
  await publish('1.0.0');
  await putApp({ values: { color: 'green' } }, {}, { gates: { preflight: { checks: ['Health'] } } });
  const [first] = await untilEnded(1);
  expect(first?.status).toMatchObject({ phase: 'Succeeded', helm: { before: 0, revision: 1 } });
  expect(await settings()).toEqual({ color: 'green', version: '1.0.0' });

  await publish('1.1.0');
  await nextInterval();
  const [, second] = await untilEnded(2);
  expect(second?.status).toMatchObject({ phase: 'Succeeded', versions: 'demo 1.0.0 -> 1.1.0' });

  await publish('1.2.0', { 'templates/bad.yaml': 'apiVersion: v1\nkind: Service\nmetadata: { name: Not_A_Name }\n' });
  await nextInterval();
  const [, , third] = await untilEnded(3);
  expect(third?.status).toMatchObject({ phase: 'RolledBack', failure: { reason: 'HelmFailed', blamesVersion: true } });
  expect(await settings()).toEqual({ color: 'green', version: '1.1.0' });
  expect((await stage.app('web')).status).toMatchObject({ current: '1.1.0', waiting: { reason: 'VersionRejected' } });
  await nextInterval();
  expect(await stage.updatesOf('web')).toHaveLength(3);

  await publish('1.3.0');
  await nextInterval();
  await untilEnded(4);
  expect(await settings()).toEqual({ color: 'green', version: '1.3.0' });
});

test('adopts a release of the same version, and of an older one takes the newer', async () => {
  const archive = await publish('1.0.0');
  await installByHand(inject('kubeconfig'), {
    namespace: stage.namespace,
    release: 'web',
    archive,
    values: { color: 'red' },
  });

  await putApp({ values: { color: 'red' } });

  const [update] = await untilEnded(1);
  expect(update?.status).toMatchObject({ phase: 'Succeeded', helm: { before: 1, restore: 1, revision: 2 } });
  expect(await revisionsOf(stage, 'web')).toEqual(['2 deployed', '1 superseded']);
  await nextInterval();
  expect(await stage.updatesOf('web')).toHaveLength(1);
});

test.each([
  { onInstallFailure: 'Uninstall' as const, phase: 'RolledBack', revisions: [] },
  { onInstallFailure: 'Keep' as const, phase: 'Failed', revisions: ['1 failed'] },
])('a first installation that is bad: $onInstallFailure', async ({ onInstallFailure, phase, revisions }) => {
  await publish('1.0.0', { 'templates/bad.yaml': 'apiVersion: v1\nkind: Service\nmetadata: { name: Not_A_Name }\n' });

  await putApp({ onInstallFailure });

  const [update] = await untilEnded(1);
  expect(update?.status?.phase).toBe(phase);
  expect(await revisionsOf(stage, 'web')).toEqual(revisions);
  const { items } = await stage.client.list<ProductObject>(rejections, { namespace: stage.namespace });
  expect(items).toHaveLength(1);
  await nextInterval();
  expect(await stage.updatesOf('web')).toHaveLength(1);
});

test('a person goes back to the version before', async () => {
  await publish('1.0.0');
  await putApp();
  await untilEnded(1);
  await publish('1.1.0');
  await nextInterval();
  await untilEnded(2);

  const request = { namespace: stage.namespace, app: 'web', to: undefined, by: 'me', reason: 'too new' };
  await rollBack({ records: stage.runtime.records, clock: stage.clock }, request, AbortSignal.timeout(10_000));

  const [, , third] = await untilEnded(3);
  expect(third?.status).toMatchObject({ phase: 'Succeeded', helm: { goTo: 1, revision: 3 } });
  expect(await settings()).toMatchObject({ version: '1.0.0' });
  await nextInterval();
  expect(await stage.updatesOf('web')).toHaveLength(3);
  expect((await stage.app('web')).status).toMatchObject({ current: '1.0.0', waiting: { reason: 'VersionRejected' } });
});

test('a chart in a registry', async () => {
  const files = { 'templates/settings.yaml': settingsTemplate };
  const archive = await packChart({ version: '2.0.0', files, values });
  const about = { name: 'demo', version: '2.0.0', apiVersion: 'v2' };
  const target = { host: registry.host, repository: 'charts/demo', tag: '2.0.0', insecure: true };
  await pushImage(makeHelmArtifact(about, archive), target);

  await putApp({}, { repository: `oci://${registry.host}/charts/demo`, name: undefined });

  const [update] = await untilEnded(1);
  expect(update?.status?.phase).toBe('Succeeded');
  expect(await settings()).toEqual({ color: 'blue', version: '2.0.0' });
});

test('what Helm said and the record has no room for is kept whole beside it, without what came from Secrets', async () => {
  const data = { 'values.yaml': Buffer.from('password: hunter2\n').toString('base64') };
  const metadata = { namespace: stage.namespace, name: 'values' };
  await stage.client.create<KubeObject & { data: object }>(secrets, { metadata, data });
  const notes = '{{ range until 2000 }}line {{ . }} of the notes\n{{ end }}the password is {{ .Values.password }}\n';
  await publish('1.0.0', { 'templates/NOTES.txt': notes });
  await putApp({ valuesFrom: [{ kind: 'Secret', name: 'values' }] });
  const [first] = await untilEnded(1);
  const name = `${first?.metadata.name}.apply.log`;
  expect(first?.status?.steps?.find((step) => step.name === 'Apply')?.message).toContain(
    `all that Helm said: ConfigMap ${name}`,
  );
  const kept = await stage.client.get<ConfigMap>(configMaps, { namespace: stage.namespace, name });
  expect(kept.data?.['log']).toMatch(/line 0 of the notes\n.*line 1999 of the notes\nthe password is \*\*\*$/s);
});

describe('an archive that is not what it should be changes nothing', () => {
  test.each([
    { name: 'another digest than the index says', archive: undefined, digest: '0'.repeat(64), says: /digest/ },
    {
      name: 'no chart',
      archive: gzipSync('not a tar'.padEnd(2_048, '\0')),
      digest: undefined,
      says: /cut off|cannot be read|no Chart.yaml/,
    },
  ])('$name', async ({ archive, digest, says }) => {
    await publish('1.0.0');
    await putApp();
    await untilEnded(1);
    const good = await packChart({ version: '1.1.0', files: { 'templates/settings.yaml': settingsTemplate }, values });
    const said = digest === undefined ? {} : { digest };
    repository.add({ name: 'demo', version: '1.1.0', archive: archive ?? good, ...said });

    await nextInterval();

    await stage.until(async () => {
      const updates = await stage.updatesOf('web');
      const told = [
        ...updates.map(({ status }) => status?.failure?.message),
        (await stage.app('web')).status?.waiting?.message,
      ];
      expect(told.join('\n')).toMatch(says);
    });
    expect(await revisionsOf(stage, 'web')).toEqual(['1 deployed']);
    expect(await settings()).toMatchObject({ version: '1.0.0' });
  });
});
