/** Apps that are made of Helm releases with a `keel:` block in their values: a real API server, the real Helm, a real registry. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, test, vi } from 'vitest';
import { locateTools } from '../../../test/cluster/binaries.ts';
import { outputOf } from '../../../test/cluster/run-command.ts';
import { installByHand, revisionsOf, webTemplate } from '../../../test/helm/by-hand.ts';
import { hookTemplate, packChart } from '../../../test/helm/charts.ts';
import { completeRollouts, openRuntimeStage, pushVersions, type RuntimeStage } from '../../../test/runtime-stage.ts';
import { type RunningRegistry, startRegistry } from '../../../test/servers/registry.ts';
import { apps, type ProductObject } from '../../adapters/cluster/kinds.ts';
import { type AppObjectWire, decodeApp } from '../../resources/app/decode-app.ts';

vi.setConfig({ testTimeout: 90_000 });

let registry: RunningRegistry;
let stage: RuntimeStage;
let rollouts: AbortController;
let repository: string;
let sequence = 0;

beforeAll(async () => {
  registry = await startRegistry();
  await locateTools(['helm', 'kubectl']);
});

afterAll(() => registry.stop());

beforeEach(async () => {
  sequence += 1;
  repository = `web-${sequence}`;
  await pushVersions(registry.host, repository, ['1.0.0']);
  const keel = { defaultSchedule: '@every 1m' };
  const insecureRegistries = [registry.host];
  stage = await openRuntimeStage(inject('kubeconfig'), {
    adoption: { systems: ['keel'], followsReleases: true, keel, insecureRegistries },
  });
  rollouts = new AbortController();
  completeRollouts(stage, rollouts.signal);
});

afterEach(async () => {
  rollouts.abort();
  await stage.stop();
});

const block = {
  policy: 'minor',
  trigger: 'poll',
  pollSchedule: '@every 1m',
  images: [{ repository: 'image.repository', tag: 'image.tag' }],
};

test('an App is made, upgrades nothing while nothing is newer, and the release once something is', async () => {
  await install({ keel: block });
  await stage.until(async () => {
    expect(await madeApp()).toMatchObject({
      metadata: { labels: { 'headgate.dev/adopted-from': 'keel' } },
      spec: { schedule: { cron: '@every 1m' }, deploy: { helm: { chart: { fromRelease: true }, releaseName: 'web' } } },
    });
  });
  await stage.pass(3 * 60_000, 'web');
  expect(await revisionsOf(stage, 'web')).toEqual(['1 deployed']);
  expect(await stage.updatesOf('web')).toEqual([]);

  await pushVersions(registry.host, repository, ['1.1.0', '2.0.0']);
  await stage.pass(2 * 60_000, 'web');
  await stage.until(async () => {
    await stage.clock.advance(5_000);
    const [update] = await stage.updatesOf('web');
    expect(update?.status?.phase).toBe('Succeeded');
    expect(update?.spec.changes.map(({ source, to }) => [source, to.tag])).toEqual([[repository, '1.1.0']]);
  });
  expect(await revisionsOf(stage, 'web')).toEqual(['2 deployed', '1 superseded']);

  await stage.pass(3 * 60_000, 'web');
  expect(await revisionsOf(stage, 'web')).toEqual(['2 deployed', '1 superseded']);
});

test('at rest nobody is asked, and the App goes with the block, and with the release', async () => {
  await install({ keel: block });
  await stage.until(async () => expect(await madeApp()).toBeDefined());
  // It is looked at at Keel's times, the first of which comes within a minute or two.
  await stage.until(async () => {
    await stage.clock.advance(5_000);
    expect((await madeApp())?.status?.waiting?.reason).toBe('UpToDate');
  });
  await stage.pass(60_000, 'web');
  const before = stage.asked().length;
  await stage.pass(5 * 60_000, 'web');
  expect(stage.asked(before)).toEqual([]);

  await install({ keel: { ...block, policy: 'never' } });
  await stage.until(async () => expect(await madeApp()).toBeUndefined());
  await install({ keel: block });
  await stage.until(async () => expect(await madeApp()).toBeDefined());
  await uninstall();
  await stage.until(async () => expect(await madeApp()).toBeUndefined());
});

test('a release without the block is left alone, and one whose block is malformed says so', async () => {
  await install({});
  await stage.clock.advance(60_000);
  expect(await madeApp()).toBeUndefined();

  await install({ keel: { policy: 'minro', images: [{ repository: 'image.name' }] } });
  await stage.until(async () => {
    expect((await madeApp())?.status?.waiting).toMatchObject({
      reason: 'InvalidSpec',
      message: expect.stringMatching(/keel\.policy: "minro" is no policy of Keel.*there is no text at "image.name"/),
    });
  });
  expect(await revisionsOf(stage, 'web')).toEqual(['2 deployed', '1 superseded']);
});

test("a person's App of the release keeps it, under any name", async () => {
  const spec = {
    suspend: true,
    sources: [
      { name: 'web', image: { repository: `${registry.host}/${repository}`, insecure: true, policy: { step: 'all' } } },
    ],
    deploy: {
      helm: { chart: { fromRelease: true }, releaseName: 'web', images: [{ source: 'web', tagPath: 'image.tag' }] },
    },
  };
  const metadata = { namespace: stage.namespace, name: 'mine' };
  await stage.client.create<ProductObject>(apps, { metadata, spec });
  await install({ keel: block });
  await stage.pass(60_000, 'mine');
  expect(await madeApp()).toBeUndefined();

  await stage.client.delete(apps, { namespace: stage.namespace, name: 'mine' });
  await stage.until(async () => expect(await madeApp()).toBeDefined());
});

/** With a hook that no controller runs to its end: an upgrade that nobody asked for would hang. */
async function install(values: Readonly<Record<string, unknown>>): Promise<void> {
  const files = {
    'templates/web.yaml': webTemplate,
    'templates/hook.yaml': hookTemplate('pre-upgrade', '.Values.hooked'),
  };
  const archive = await packChart({ version: '1.0.0', files });
  const image = { repository: `${registry.host}/${repository}`, tag: '1.0.0' };
  const release = { namespace: stage.namespace, release: 'web', archive, values: { image, ...values } };
  await installByHand(inject('kubeconfig'), release);
}

async function uninstall(): Promise<void> {
  const { helm } = await locateTools(['helm']);
  const place = ['--kubeconfig', inject('kubeconfig'), '--namespace', stage.namespace];
  await outputOf(helm, ['uninstall', 'web', '--wait=hookOnly', ...place], 30_000);
}

async function madeApp(): Promise<AppObjectWire | undefined> {
  const found = await stage.client.find<ProductObject>(apps, { namespace: stage.namespace, name: 'web' });
  return found && decodeApp(found, 'App web');
}
