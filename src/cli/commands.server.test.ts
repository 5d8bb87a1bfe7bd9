/** The commands against real objects, without a node: what they print, in both forms, and how they end. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, onTestFinished, test, vi } from 'vitest';
import { freePort } from '../../test/cluster/ports.ts';
import { digest, journal, later, startOfTest } from '../../test/fixtures.ts';
import { connectTo, createNamespace } from '../../test/kube/server-fixtures.ts';
import { completeRollouts, createDeployment, pushVersions } from '../../test/runtime-stage.ts';
import { type RunningRegistry, startRegistry } from '../../test/servers/registry.ts';
import { apps, type ProductObject, rejections, updates } from '../adapters/cluster/kinds.ts';
import { createDirectRecords } from '../adapters/cluster/records.ts';
import type { Journal } from '../core/update/journal.ts';
import type { KubeClient } from '../kube/client.ts';
import type { KubeObject } from '../kube/objects.ts';
import type { AppSpecWire } from '../resources/app/app.ts';
import { type AppObjectWire, decodeApp } from '../resources/app/decode-app.ts';
import { runProgram } from './program.ts';

let client: KubeClient;
let registry: RunningRegistry;
let namespace: string;
const never = new AbortController().signal;

beforeAll(async () => {
  client = await connectTo(inject('kubeconfig'));
  registry = await startRegistry();
  await pushVersions(registry.host, 'web', ['1.0.0', '1.1.0']);
});

beforeEach(async () => {
  namespace = await createNamespace(client);
  vi.stubEnv('USER', 'ann');
});

afterAll(async () => {
  vi.unstubAllEnvs();
  await Promise.all([client.close(), registry.stop()]);
});

async function headgate(...words: readonly string[]) {
  let out = '';
  let error = '';
  const code = await runProgram([...words, '--kubeconfig', inject('kubeconfig'), '-n', namespace], {
    out: (text) => {
      out += text;
    },
    error: (text) => {
      error += text;
    },
    signal: never,
  });
  return { code, out, error };
}

async function json(...words: readonly string[]): Promise<unknown> {
  const { code, out, error } = await headgate(...words, '--output', 'json');
  expect({ code, error }).toEqual({ code: 0, error: '' });
  return JSON.parse(out);
}

function specOn(repository: string): AppSpecWire {
  return {
    interval: '1m',
    sources: [{ name: 'web', image: { repository, insecure: true, policy: { semver: { range: '1.x' } } } }],
    deploy: { workloads: { targets: [{ kind: 'Deployment', name: 'web' }] } },
    health: { stableFor: '1s' },
  };
}

async function putApp(spec = specOn('ghcr.io/org/web'), status?: AppObjectWire['status']): Promise<AppObjectWire> {
  const made = await client.create<ProductObject>(apps, { metadata: { namespace, name: 'web' }, spec });
  const object = status === undefined ? made : await client.replaceStatus<ProductObject>(apps, { ...made, status });
  return decodeApp(object, 'App');
}

/** An Update from 1.<n-1>.0 to 1.<n>.0 as it stands in the cluster after it ended, or in the middle of it. */
async function putUpdate(app: AppObjectWire, sequence: number, fields: Partial<Journal>): Promise<void> {
  const records = createDirectRecords(client, { now: () => startOfTest });
  const version = (minor: number) => ({ tag: `1.${minor}.0`, digest: digest(String(minor)) });
  const made = await records.createUpdate(
    app,
    {
      app: 'web',
      sequence,
      trigger: { kind: 'Source', by: 'headgate', reason: 'newer' },
      changes: [{ source: 'web', repository: 'ghcr.io/org/web', from: version(sequence - 1), to: version(sequence) }],
    },
    never,
  );
  await records.writeJournal(made, journal({ startedAt: later(sequence * 3_600_000), ...fields }), never);
}

const succeeded = (sequence: number): Partial<Journal> => ({
  phase: 'Succeeded',
  finishedAt: later(sequence * 3_600_000 + 95_000),
});

const stuck = 'went back, but is not healthy since';

test('drill refuses an App without a checkpoint, and asks for nothing', async () => {
  const image = { repository: 'registry.test/web', policy: { semver: { range: '1.x' } } };
  const deploy = { workloads: { targets: [{ kind: 'Deployment', name: 'web' }] } };
  const spec = { sources: [{ name: 'web', image }], deploy, backup: {} };
  await client.create<ProductObject>(apps, { metadata: { namespace, name: 'web' }, spec });

  expect(await headgate('drill', 'web')).toMatchObject({
    ...{ code: 2, out: '' },
    error: expect.stringMatching(/drill .*\/web: it has no complete checkpoint; one is made before its next Update/),
  });

  expect((await client.get<KubeObject>(apps, { namespace, name: 'web' })).metadata.annotations).toBeUndefined();
  expect(await headgate('drill', 'nobody')).toMatchObject({ code: 2 });
  expect(await headgate('drill', 'web', '--timeout', 'soon')).toMatchObject({ code: 2 });
});

describe('status', () => {
  test('prints one line an App', async () => {
    await putApp(specOn('ghcr.io/org/web'), {
      conditions: [
        { type: 'Ready', status: 'True', reason: 'UpToDate', message: 'x', lastTransitionTime: '2026-05-04T12:00:00Z' },
      ],
      current: '1.0.0',
      available: '1.1.0',
      waiting: { reason: 'RegistryUnavailable', message: 'refused', until: '2026-05-04T12:05:00Z' },
    });

    const { code, out } = await headgate('status');

    expect(code).toBe(0);
    expect(out.split('\n').map((line) => line.split(/ {3,}/))).toEqual([
      ['NAMESPACE', 'APP', 'READY', 'CURRENT', 'AVAILABLE', 'WAITING', 'UNTIL', 'MESSAGE'],
      [namespace, 'web', 'True', '1.0.0', '1.1.0', 'RegistryUnavailable', '2026-05-04T12:05:00Z', 'refused'],
      [''],
    ]);
  });

  test('prints of one App what is newer and not taken, with the reasons', async () => {
    const passedOver = [
      { tag: '1.3.0', reason: 'MinimumAge', message: 'is not 72h old yet' },
      { tag: '2.0.0', reason: 'OutsideRange', message: 'is outside 1.x' },
    ] as const;
    await putApp(specOn('ghcr.io/org/web'), {
      sources: [{ name: 'web', passedOver: [...passedOver], passedOverCount: 14 }],
    });

    const { code, out } = await headgate('status', 'web');

    expect(code).toBe(0);
    expect(
      out
        .split('\n\n')
        .at(-1)
        ?.split('\n')
        .map((line) => line.split(/ {2,}/)),
    ).toEqual([
      ['SOURCE', 'NOT TAKEN', 'REASON', 'MESSAGE'],
      ['web', '1.3.0', 'MinimumAge', 'is not 72h old yet'],
      ['web', '2.0.0', 'OutsideRange', 'is outside 1.x'],
      ['web', '...', 'and 12 more'],
      [''],
    ]);
    expect(await headgate('status', 'other')).toMatchObject({
      code: 2,
      error: expect.stringContaining('there is no App "other"'),
    });
  });

  test('prints the whole status as JSON', async () => {
    const { status } = await putApp(specOn('ghcr.io/org/web'), { current: '1.0.0', update: 'web-7' });

    expect(await json('status')).toEqual([{ namespace, name: 'web', ...status }]);
  });

  test('of a namespace without Apps is a heading, and an empty list', async () => {
    expect((await headgate('status')).out).toMatch(/^NAMESPACE.*\n$/);
    expect(await json('status')).toEqual([]);
  });

  test('shows what a message would do to the terminal', async () => {
    const message = 'one\u001b[2J\u009b31m\ntwo\u202e';
    await putApp(specOn('ghcr.io/org/web'), { waiting: { reason: 'RegistryUnavailable', message } });

    const { out } = await headgate('status');

    expect(out).toContain('one\\x1b[2J\\x9b31m\\x0atwo\\u202e');
    expect(out.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Bidi_Control}]/u);
    expect(await json('status')).toMatchObject([{ waiting: { message } }]);
  });
});

describe('history', () => {
  test('prints Updates oldest first, with what moved, how long it took and why it ended so', async () => {
    const app = await putApp();
    const failure = { reason: 'CrashLoop', message: 'container web: exit code 1', blamesVersion: true } as const;
    await putUpdate(app, 2, { phase: 'RolledBack', finishedAt: later(2 * 3_600_000 + 20_000), failure });
    await putUpdate(app, 1, succeeded(1));
    await putUpdate(app, 10, {});

    const { out } = await headgate('history', 'web');

    const by = ['headgate'];
    expect(
      out
        .trimEnd()
        .split('\n')
        .map((line) => line.split(/ {3,}/)),
    ).toEqual([
      ['UPDATE', 'CHANGE', 'OUTCOME', 'STARTED', 'TOOK', 'BY', 'WHY'],
      [`${namespace}/web-1`, 'web 1.0.0 -> 1.1.0', 'Succeeded', '2026-05-04T13:00:00Z', '1m35s', ...by, 'newer'],
      [`${namespace}/web-2`, 'web 1.1.0 -> 1.2.0', 'RolledBack', '2026-05-04T14:00:00Z', '20s', ...by, failure.message],
      [`${namespace}/web-10`, 'web 1.9.0 -> 1.10.0', 'Watching', '2026-05-04T22:00:00Z', ...by, 'newer'],
    ]);
  });

  test('prints the whole record as JSON, only of the App that is asked for', async () => {
    await putUpdate(await putApp(), 1, succeeded(1));

    expect(await json('history', 'web')).toMatchObject([
      { namespace, name: 'web-1', app: 'web', sequence: 1, phase: 'Succeeded', steps: [{ name: 'Plan' }, {}, {}] },
    ]);
    expect(await json('history')).toHaveLength(1);
    expect(await json('history', 'other')).toEqual([]);
  });
});

describe('rejections', () => {
  test('prints what is rejected, by whom and until when', async () => {
    const spec = { digest: digest('1'), reason: 'CrashLoop', author: 'Update web-1' };
    const put = (name: string, fields: object) =>
      client.create<ProductObject>(rejections, { metadata: { namespace, name }, spec: { ...spec, ...fields } });
    await put('a', { app: 'web', tag: '1.1.0', expiresAt: '2030-01-01T00:00:00Z' });
    await put('b', {});

    const { out } = await headgate('rejections');

    expect(
      out
        .trimEnd()
        .split('\n')
        .map((line) => line.split(/ {3,}/)),
    ).toEqual([
      ['NAMESPACE', 'REJECTION', 'APP', 'TAG', 'DIGEST', 'BY', 'EXPIRES', 'REASON'],
      [namespace, 'a', 'web', '1.1.0', digest('1'), 'Update web-1', '2030-01-01T00:00:00.000Z', 'CrashLoop'],
      [namespace, 'b', '(all)', digest('1'), 'Update web-1', 'never', 'CrashLoop'],
    ]);
    expect(await json('rejections')).toMatchObject([
      { name: 'a', app: 'web', expiresAt: '2030-01-01T00:00:00.000Z' },
      { name: 'b', digest: digest('1') },
    ]);
  });
});

describe('rollback', () => {
  test('makes an Update back and a Rejection, and says both', async () => {
    const app = await putApp();
    await putUpdate(app, 1, succeeded(1));
    await putUpdate(app, 2, succeeded(2));

    const { code, out } = await headgate('rollback', 'web', '--reason', 'too slow');

    expect({ code, out }).toEqual({ code: 0, out: 'Update web-3 goes back; rejected: 1.2.0\n' });
    const { spec } = await client.get<ProductObject>(updates, { namespace, name: 'web-3' });
    expect(spec).toMatchObject({
      trigger: { kind: 'Rollback', by: 'ann', reason: 'too slow' },
      changes: [{ from: { tag: '1.2.0' }, to: { tag: '1.1.0' } }],
      restore: { update: 'web-2', state: 'Before' },
    });
    expect(await json('rejections')).toMatchObject([{ app: 'web', tag: '1.2.0', author: 'ann', reason: 'too slow' }]);
  });

  test('to an earlier Update leaves all that came after, and says so as JSON', async () => {
    const app = await putApp();
    for (const sequence of [1, 2, 3]) {
      await putUpdate(app, sequence, succeeded(sequence));
    }

    expect(await json('rollback', 'web', '--to', 'web-1')).toMatchObject({
      kind: 'Started',
      update: 'web-4',
      rejected: expect.arrayContaining(['1.3.0', '1.2.0']),
    });
  });

  test('of an Update under way stops it', async () => {
    await putUpdate(await putApp(), 1, {});

    expect((await headgate('rollback', 'web')).out).toBe('Update web-1 is stopped and goes back; rejected: 1.1.0\n');
  });

  test.each<{ name: string; put: () => Promise<unknown>; words: readonly string[]; says: string }>([
    { name: 'an App that is not there', put: async () => undefined, words: ['wbe'], says: 'there is no such App' },
    { name: 'an App without history', put: () => putApp(), words: ['web'], says: 'no Update has succeeded yet' },
    {
      name: 'an Update that is not there',
      put: async () => await putUpdate(await putApp(), 1, succeeded(1)),
      words: ['web', '--to', 'web-9'],
      says: 'to web-9',
    },
  ])('of $name is wrong use and changes nothing', async ({ put, words, says }) => {
    await put();
    const before = await client.list(updates, { namespace });

    const { code, out, error } = await headgate('rollback', ...words);

    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(error).toContain(`headgate: roll back ${namespace}/`);
    expect(error).toContain(says);
    expect((await client.list(updates, { namespace })).items).toEqual(before.items);
    expect(await json('rejections')).toEqual([]);
  });
});

describe('run --once', () => {
  async function deploy(): Promise<void> {
    await createDeployment({ client, namespace }, 'web', `${registry.host}/web:1.0.0`);
  }

  test('with nothing to look after ends with 0', async () => {
    expect(await headgate('run', '--once')).toMatchObject({ code: 0, error: '' });
  });

  test('takes an Update to its end and ends with 0', async () => {
    const stop = new AbortController();
    completeRollouts({ client, namespace }, stop.signal);
    await deploy();
    await putApp(specOn(`${registry.host}/web`));

    const { code, out } = await headgate('run', '--once', '--output', 'json');

    stop.abort();
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      timedOut: false,
      apps: [{ metadata: { name: 'web' }, status: { current: '1.1.0', waiting: { reason: 'UpToDate' } } }],
      updates: [{ metadata: { name: 'web-1' }, status: { phase: 'Succeeded' } }],
    });
  });

  test('ends with 1 when an App is wrong, and says why', async () => {
    await putApp(specOn(`${registry.host}/web`));

    const { code, out } = await headgate('run', '--once');

    expect(code).toBe(1);
    expect(out).toContain('Deployment "web" matches no workload; create it or correct the target');
  });

  test('ends with 1 when the time is up', async () => {
    await deploy();
    await putApp(specOn(`${registry.host}/web`));

    const { code } = await headgate('run', '--once', '--timeout', '2s');

    expect(code).toBe(1);
  });

  test('ends with 3 when something waits for a person', async () => {
    await createDeployment({ client, namespace }, 'web', `${registry.host}/web:1.1.0`);
    const app = await putApp(specOn(`${registry.host}/web`));
    const failure = { reason: 'CrashLoop', message: stuck, blamesVersion: true } as const;
    await putUpdate(app, 1, { phase: 'Failed', failure, finishedAt: later(3_700_000) });
    await client.create<ProductObject>(rejections, {
      metadata: { namespace, name: 'all' },
      spec: { digest: await digestOf('1.1.0'), reason: 'CrashLoop', author: 'Update web-1' },
    });

    const { code, out } = await headgate('run', '--once');

    expect(out).toMatch(/False .* Person .*Update web-1/);
    expect(code).toBe(3);
  });

  test('does not wait for an App that is being deleted', async () => {
    const spec = specOn(`${registry.host}/web`);
    await client.create<ProductObject>(apps, {
      metadata: { namespace, name: 'web', finalizers: ['test/never'] },
      spec: { ...spec, suspend: true },
    });
    await client.delete(apps, { namespace, name: 'web' });

    expect(await headgate('run', '--once', '--timeout', '10s')).toMatchObject({ code: 0 });
  });
});

async function digestOf(tag: string): Promise<string> {
  const accept = 'application/vnd.oci.image.manifest.v1+json';
  const response = await fetch(`http://${registry.host}/v2/web/manifests/${tag}`, {
    method: 'HEAD',
    headers: { accept },
  });
  return response.headers.get('docker-content-digest') ?? '';
}

/** The program as a process of its own. */
async function spawnHeadgate(...words: readonly string[]) {
  const child = spawn(process.execPath, ['src/main.ts', ...words], { stdio: ['ignore', 'pipe', 'pipe'] });
  const said = { out: '', error: '' };
  child.stdout.on('data', (chunk: Buffer) => {
    said.out += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    said.error += chunk.toString();
  });
  const [code] = (await once(child, 'close')) as [number];
  return { code, ...said };
}

describe('as a process', () => {
  test('run --once prints its report alone on standard output, and its log, as JSON, on the other', async () => {
    await putApp(specOn('registry.invalid/web'));
    await createDeployment({ client, namespace }, 'web', 'registry.invalid/web:1.0.0');
    const words = ['run', '--once', '--output', 'json', '--log-level', 'debug', '-n', namespace];

    const { code, out, error } = await spawnHeadgate(...words, '--kubeconfig', inject('kubeconfig'));

    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({ apps: [{ status: { waiting: { reason: 'RegistryUnavailable' } } }] });
    const lines = error.split('\n').filter((line) => line !== '');
    expect(lines.map((line) => typeof JSON.parse(line).msg)).toEqual(lines.map(() => 'string'));
  });

  test('a cluster that is not there ends at once with 1 and the reason, once', async () => {
    const kubeconfig = await unreachableCluster();

    for (const words of [['status'], ['run', '--once']]) {
      const { code, out, error } = await spawnHeadgate(...words, '--kubeconfig', kubeconfig);

      expect({ code, out }).toEqual({ code: 1, out: '' });
      expect(error).toMatch(/^headgate: list App.*ECONNREFUSED.*\n$/);
      expect(error.match(/ECONNREFUSED/g)).toHaveLength(1);
    }
  });
});

async function unreachableCluster(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'headgate-cli-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, 'config');
  const server = `https://127.0.0.1:${await freePort('127.0.0.1')}`;
  await writeFile(
    path,
    JSON.stringify({
      'current-context': 'x',
      clusters: [{ name: 'x', cluster: { server } }],
      contexts: [{ name: 'x', context: { cluster: 'x' } }],
    }),
  );
  return path;
}
