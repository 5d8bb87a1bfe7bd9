/** The other paths of a candidate, in scratch namespaces of a real API server: clean install, and upgrade from older Releases. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test, vi } from 'vitest';
import { openPathGround, type PathGround } from '../../../test/channels/path-ground.ts';
import { completeJob, type JobObject, jobsFor } from '../../../test/jobs/play-jobs.ts';
import type { ConfigMap } from '../../../test/kube/server-fixtures.ts';
import { type RunningRegistry, startRegistry } from '../../../test/servers/registry.ts';
import { channels, type ProductObject, rejections } from '../../adapters/cluster/kinds.ts';
import type { Statement } from '../../core/channel/evidence.ts';
import type { KubeObject } from '../../kube/objects.ts';
import { configMaps, namespaces, secrets } from '../../kube/resource-types.ts';

// One candidate takes many Updates, on machines that may be busy.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 });

let registry: RunningRegistry;
let hub: PathGround;

beforeAll(async () => {
  registry = await startRegistry();
});

afterAll(() => registry.stop());

beforeEach(async () => {
  hub = await openPathGround(inject('kubeconfig'), registry);
});

afterEach(() => hub.stop());

const last = async () => (await hub.channel()).status?.candidates?.[0];

async function statementsOf(release: string): Promise<readonly Statement[]> {
  const found = (await hub.releases()).find(({ metadata }) => metadata.name === release);
  const evidence = found?.spec.targets?.find(({ kind }) => kind === 'Evidence');
  const file = `${evidence?.sha256}.${release}.evidence.json`;
  const text = await readFile(join(hub.folder, 'stable', 'targets', 'releases', file), 'utf8');
  const envelopes = JSON.parse(text) as readonly { payload: string }[];
  return envelopes.map(({ payload }) => JSON.parse(Buffer.from(payload, 'base64').toString('utf8')) as Statement);
}

const told = (statements: readonly Statement[]) =>
  statements.map(({ predicate }) => [
    predicate.configuration.find(({ name }) => name === 'path')?.annotations,
    predicate.passedTests,
  ]);

describe('a clean install', () => {
  test('passes in a namespace of its own, which goes again, and the evidence tells of it', async () => {
    await hub.begin(['api', 'web'], { tryOn: { cleanInstall: true } });
    await hub.published('stable-1');
    await hub.push({ web: '2.0.0' });
    await hub.published('stable-2');

    expect(told(await statementsOf('stable-2'))).toEqual([
      [{ path: 'upgrade', from: 'stable-1' }, ['api/own', 'web/own', 'together']],
      [{ path: 'install' }, ['api/own', 'web/own', 'together']],
    ]);
    const there = hub.probes.filter(({ isScratch, versions }) => isScratch && versions['api'] && versions['web']);
    expect(there.at(-1)).toMatchObject({
      namespace: hub.scratch,
      versions: { api: '1.0.0', web: '2.0.0' },
      from: { api: '', web: '' },
    });
    await hub.until(async () => expect(await hub.scratchSpace()).toBeUndefined());
  });

  test('that fails alone rejects the one to blame, by halves, names the path, and the rest is released', async () => {
    hub.isGood = ({ isScratch, versions }) => !(isScratch && versions['api'] === '2.0.0' && versions['web']);
    await hub.begin(['api', 'database', 'web'], { tryOn: { cleanInstall: true } });
    await hub.published('stable-1');
    await hub.push({ api: '2.0.0', database: '2.0.0' });
    await hub.published('stable-2');

    const [, second] = await hub.releases();
    expect(second?.spec.apps.map(({ name, versions }) => [name, versions[0]?.tag])).toEqual([
      ['api', '1.0.0'],
      ['database', '2.0.0'],
      ['web', '1.0.0'],
    ]);
    expect((await last())?.faults).toEqual([
      { apps: ['api'], reason: expect.stringMatching(/^clean install: test together: answered 500/) },
    ]);
    const { client, namespace } = hub.stage;
    const { items } = await client.list<ProductObject>(rejections, { namespace });
    expect(items.map(({ spec }) => spec)).toEqual([expect.objectContaining({ app: 'api', tag: '2.0.0' })]);
  });

  test('is one of a Helm release too, beside an App of manifests', async () => {
    await hub.begin(['api', 'web'], { tryOn: { cleanInstall: true, upgradeFrom: { newest: 1 } } }, ['web']);
    await hub.published('stable-1');
    await hub.push({ web: '2.0.0' });
    await hub.published('stable-2');
    hub.isGood = ({ isScratch, versions, from }) => !(isScratch && versions['web'] === '3.0.0' && from['web'] === '');
    await hub.push({ web: '3.0.0' });
    await hub.until(async () => expect((await last())?.outcome).toBe('Rejected'));

    expect((await last())?.message).toMatch(/^web: clean install: test together: answered 500/);
    expect(told(await statementsOf('stable-2')).map(([path]) => path)).toEqual([
      { path: 'upgrade', from: 'stable-1' },
      { path: 'install' },
    ]);
    // In the test cluster the release is as it was.
    const { client, namespace } = hub.stage;
    const map = await client.find<ConfigMap>(configMaps, { namespace, name: 'web' });
    expect(map?.data).toEqual({ version: '2.0.0' });
    await hub.until(async () => expect(await hub.scratchSpace()).toBeUndefined());
  });

  test('gets what is to be copied, and the tests of Apps are made there', async () => {
    const { client, namespace } = hub.stage;
    await client.create(secrets, { metadata: { namespace, name: 'login' }, stringData: { token: 'x' } } as never);
    const copied: unknown[] = [];
    hub.isGood = () => true;
    await hub.begin(['web'], { tryOn: { cleanInstall: true, copy: { secrets: ['login'] } } });
    await hub.until(async () => {
      const found = await client.find<KubeObject>(secrets, { namespace: hub.scratch, name: 'login' });
      copied.push(...(found ? [found] : []));
      expect((await hub.channel()).status?.release).toBe('stable-1');
    });
    expect(copied[0]).toMatchObject({ data: { token: Buffer.from('x').toString('base64') } });
    expect(hub.probes.filter(({ isScratch, versions }) => isScratch && versions['web'])).not.toHaveLength(0);
  });
});

test('a Job of the Channel runs where its Apps are, and goes with the namespace', async () => {
  const template = { spec: { template: { spec: { containers: [{ name: 'check', image: 'checks:1' }] } } } };
  await hub.begin(['web'], { tests: [{ name: 'rows', job: { template } }], tryOn: { cleanInstall: true } });
  const ended = new Map<string, JobObject>();
  await hub.until(async () => {
    for (const namespace of [hub.stage.namespace, hub.scratch]) {
      for (const job of await jobsFor(hub.stage.client, namespace, 'test')) {
        await (ended.has(namespace)
          ? undefined
          : completeJob(hub.stage.client, { namespace, name: job.metadata.name }));
        ended.set(namespace, job);
      }
    }
    expect((await hub.channel()).status?.release).toBe('stable-1');
  });
  const job = ended.get(hub.scratch);
  expect(job?.metadata).toMatchObject({ annotations: { 'headgate.dev/for': 'Channel stable' } });
  expect(job?.metadata.ownerReferences).toBeUndefined();
  expect(job?.spec.template.spec.containers[0]?.env).toContainEqual({ name: 'HEADGATE_NAMESPACE', value: hub.scratch });
});

test('an upgrade from an older Release begins with that Release, and one that fails is rejected with its path', async () => {
  await hub.begin(['web'], { tryOn: { upgradeFrom: { newest: 1 } } });
  await hub.published('stable-1');
  await hub.push({ web: '2.0.0' });
  await hub.published('stable-2');
  hub.isGood = ({ versions, from }) => !(versions['web'] === '3.0.0' && from['web'] === '1.0.0');
  await hub.push({ web: '3.0.0' });
  await hub.until(async () => expect((await last())?.outcome).toBe('Rejected'));
  expect((await last())?.message).toMatch(/^web: upgrade from stable-1: test together: answered 500/);

  await hub.push({ web: '3.0.1' });
  await hub.published('stable-3');
  expect(told(await statementsOf('stable-3'))).toEqual([
    [{ path: 'upgrade', from: 'stable-2' }, ['web/own', 'together']],
    [{ path: 'upgrade', from: 'stable-1' }, ['web/own', 'together']],
  ]);
  expect(
    hub.probes.filter(({ isScratch }) => isScratch).map(({ versions, from }) => [from['web'], versions['web']]),
  ).toEqual(
    expect.arrayContaining([
      // The App's own test on the older Release, then on the set; then that of the Channel.
      [undefined, '1.0.0'],
      [undefined, '3.0.1'],
      ['1.0.0', '3.0.1'],
    ]),
  );
});

test('the outcome is the same where Headgate is ended again and again, and nothing is left', async () => {
  hub.isGood = ({ isScratch, versions }) => !(isScratch && versions['api'] === '2.0.0' && versions['web']);
  await hub.begin(['api', 'web'], { tryOn: { cleanInstall: true } });
  await hub.published('stable-1');
  await hub.push({ api: '2.0.0', web: '2.0.0' });
  const seen = new Set<string>();
  while (!seen.has('released')) {
    await hub.until(async () => {
      const { status } = await hub.channel();
      const trial = status?.candidate?.trials.at(-1);
      const stage = [trial?.path, trial?.arrivedAt, trial?.testedAt, trial?.result, trial?.clearedAt].map(Boolean);
      const space = (await hub.scratchSpace())?.metadata;
      const now =
        status?.release === 'stable-2'
          ? 'released'
          : [
              status?.candidate?.trials.length,
              ...stage,
              space !== undefined,
              space?.deletionTimestamp !== undefined,
            ].join();
      expect(seen.has(now)).toBe(false);
      seen.add(now);
    });
    await hub.restart();
  }
  expect(seen.size).toBeGreaterThan(8);
  const [, second] = await hub.releases();
  expect(second?.spec.apps.map(({ versions }) => versions[0]?.tag)).toEqual(['1.0.0', '2.0.0']);
  await hub.until(async () => expect(await hub.scratchSpace()).toBeUndefined());
});

test('an upgrade in a scratch namespace ends the same where Headgate is killed after one write, two, up to five, again and again', async () => {
  await hub.begin(['web'], { tryOn: { upgradeFrom: { newest: 1 } } });
  await hub.published('stable-1');
  await hub.push({ web: '2.0.0' });
  await hub.published('stable-2');
  const deaths = new Set<string>();
  for (let round = 0; round < 4; round += 1) {
    const [tag, release] = [`${round + 3}.0.0`, `stable-${round + 3}`];
    const isReleased = async () => (await hub.channel()).status?.release === release;
    await hub.push({ web: tag });
    // One write is the least by which a process can get on; where several belong to one step, a later one is given more.
    for (let life = round; !(await isReleased()); life += 1) {
      hub.stage.dieAfter((life % 5) + 1);
      await hub.until(async () => expect(hub.stage.death().isDead || (await isReleased())).toBe(true));
      deaths.add(hub.stage.death().last);
      await hub.restart();
    }
    await hub.until(async () => expect(await hub.scratchSpace()).toBeUndefined());
    expect(told(await statementsOf(release)), release).toEqual([
      [{ path: 'upgrade', from: `stable-${round + 2}` }, ['web/own', 'together']],
      [{ path: 'upgrade', from: `stable-${round + 1}` }, ['web/own', 'together']],
    ]);
  }
  const { client, namespace } = hub.stage;
  expect((await hub.releases()).map(({ spec }) => spec.apps[0]?.versions[0]?.tag)).toEqual(
    [1, 2, 3, 4, 5, 6].map((version) => `${version}.0.0`),
  );
  expect((await client.list<ProductObject>(rejections, { namespace })).items).toEqual([]);
  expect((await client.find<ConfigMap>(configMaps, { namespace, name: 'web' }))?.data).toEqual({ version: '6.0.0' });
  // What it had written last when it was killed: of each kind of step.
  expect([...deaths]).toEqual(
    expect.arrayContaining([
      ...['PUT channels/status', 'PUT updates/status', 'PUT apps/status', 'PATCH apps', 'PATCH configmaps'],
      ...['PATCH secrets', 'DELETE apps', 'DELETE namespaces'],
    ]),
  );
});

describe('a scratch namespace that is left over goes', () => {
  test('with its Channel', async () => {
    hub.isGood = ({ isScratch }) => !isScratch;
    await hub.begin(['web'], { tests: [], tryOn: { cleanInstall: true } });
    await hub.until(async () => expect(await hub.scratchSpace()).toBeDefined());
    const { client, namespace } = hub.stage;
    await client.delete(channels, { namespace, name: 'stable' });
    await hub.until(async () => expect(await hub.scratchSpace()).toBeUndefined());
  });

  test('once it has expired, though its Channel is suspended', async () => {
    await hub.begin(['web'], { tryOn: { cleanInstall: true } });
    await hub.until(async () => expect(await hub.scratchSpace()).toBeDefined());
    const { client, namespace, clock } = hub.stage;
    const body = { spec: { suspend: true } };
    await client.patch(channels, { namespace, name: 'stable' }, { kind: 'merge', body });
    const expires = (await hub.scratchSpace())?.metadata.annotations?.['headgate.dev/expires-at'] ?? '';
    await clock.advance(Date.parse(expires) - clock.now().getTime());
    await hub.until(async () => expect(await hub.scratchSpace()).toBeUndefined());
  });
});

describe('a scratch namespace that does not go', () => {
  const held = /namespace .*-try-stable is being removed and is not gone yet: Some resources are remaining: configmaps/;

  test('holds up a Release for ten minutes and no more, says what keeps it, and the next set is not tried among what is left', async () => {
    await hub.begin(['web'], { tryOn: { cleanInstall: true } });
    hub.isHanging = true;
    await hub.until(async () => expect((await hub.channel()).status?.waiting?.message).toMatch(held));
    expect((await hub.channel()).status?.release).toBeUndefined();
    await hub.stage.clock.advance(600_000);
    await hub.published('stable-1');

    await hub.push({ web: '2.0.0' });
    await hub.until(async () =>
      expect((await hub.channel()).status?.waiting?.message).toMatch(/^clean install: namespace .*: Some resources/),
    );
    await hub.stage.clock.advance(600_000);
    await hub.until(async () => expect((await last())?.outcome).toBe('Unclear'));
    expect((await last())?.message).toMatch(held);
    expect(await hub.releases()).toHaveLength(1);
    const found = (await hub.channel()).status?.conditions?.find(({ type }) => type === 'Reconciling');
    expect(found?.message).toMatch(held);

    // Somebody lets it go; what could not be judged is tried again within an hour.
    hub.isHanging = false;
    await hub.until(async () => expect(await hub.scratchSpace()).toBeUndefined());
    await hub.stage.clock.advance(3_600_000);
    await hub.published('stable-2');
  });
});

describe('what cannot be tried is said', () => {
  const says = (reason: string, message: RegExp) =>
    hub.until(async () => {
      const { status } = await hub.channel();
      expect(status?.waiting).toMatchObject({ reason, message: expect.stringMatching(message) });
    });

  test('a namespace that is somebody else’s is left alone', async () => {
    const { client } = hub.stage;
    await client.create<KubeObject>(namespaces, { metadata: { name: hub.scratch } });
    await hub.begin(['web'], { tryOn: { cleanInstall: true } });
    await says('PublishFailed', /^spec\.tryOn: there is a namespace ".*-try-stable" that is not of Channel/);
    expect((await hub.scratchSpace())?.metadata.deletionTimestamp).toBeUndefined();
  });

  test.each([
    { what: 'no such Release', tryOn: { upgradeFrom: { releases: ['stable-7'] } }, message: /has no Release stable-7/ },
    {
      what: 'a namespace that is not looked after',
      tryOn: { cleanInstall: true, namespace: 'elsewhere' },
      message: /looks after some namespaces alone; add "elsewhere"/,
    },
    { what: 'a timeout too short', tryOn: { cleanInstall: true, timeout: '1s' }, message: /spec\.tryOn\.timeout/ },
  ])('$what', async ({ tryOn, message }) => {
    await hub.begin(['web'], { tryOn });
    await says('InvalidSpec', message);
  });
});
