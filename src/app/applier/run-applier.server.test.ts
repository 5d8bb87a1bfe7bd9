/** `headgate apply` on a real API server and a real git work tree. */
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, inject, test, vi } from 'vitest';
import { freePort } from '../../../test/cluster/ports.ts';
import { outputOf } from '../../../test/cluster/run-command.ts';
import { type ConfigMap, connectTo, createNamespace } from '../../../test/kube/server-fixtures.ts';
import type { KubeClient } from '../../kube/client.ts';
import { configMaps } from '../../kube/resource-types.ts';
import { applierVariables, readApplierSettings } from './applier-settings.ts';
import { applyOnce, listApplierFiles, runApplier } from './run-applier.ts';

let client: KubeClient;
let namespace: string;
let folder: string;
const signal = new AbortController().signal;
const connection = { kubeconfig: inject('kubeconfig') };

beforeEach(async () => {
  client = await connectTo(inject('kubeconfig'));
  namespace = await createNamespace(client);
  folder = await mkdtemp(join(tmpdir(), 'repository-'));
});

afterEach(async () => {
  await Promise.all([client.close(), rm(folder, { recursive: true, force: true })]);
});

const git = async (...words: readonly string[]) =>
  await outputOf('git', ['-C', folder, '-c', 'user.name=test', '-c', 'user.email=test@example.org', ...words]);

async function write(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
}

async function commit(files: Readonly<Record<string, string>>): Promise<void> {
  await write(files);
  await git('add', '-A');
  await git('commit', '--quiet', '-m', 'change');
}

const map = (name: string, value: string) =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}, namespace: ${namespace}}\ndata: {value: "${value}"}\n`;

const settingsOf = (more: Readonly<Record<string, string>> = {}) => {
  const unset = Object.fromEntries(applierVariables.map((name) => [name, undefined]));
  return readApplierSettings({ ...unset, REPO_PATH: folder, ...more } as Parameters<typeof readApplierSettings>[0]);
};

const dataOf = async (name: string) => (await client.find<ConfigMap>(configMaps, { namespace, name }))?.data?.['value'];

describe('the files', () => {
  test('of a repository are those that git tracks, less the lists', async () => {
    await git('init', '--quiet');
    await commit({ 'a.json': '{}', 'b.jpg': '', 'a/b.yaml': '', 'c/d.yml': '', 'e.yaml': '', 'ü ö.yaml': '' });
    await write({ 'untracked.yaml': '', black: '# never\ne.yaml\n' });

    expect(await listApplierFiles(settingsOf({ BLACKLIST_PATH: join(folder, 'black') }), signal)).toEqual([
      'a.json',
      'a/b.yaml',
      'ü ö.yaml',
    ]);
  });

  test('of a folder in a repository are those below it', async () => {
    await git('init', '--quiet');
    await commit({ 'other.yaml': '', 'cluster/a.yaml': '' });

    expect(await listApplierFiles({ ...settingsOf(), repositoryPath: join(folder, 'cluster') }, signal)).toEqual([
      'a.yaml',
    ]);
  });

  test('of a folder without history are all', async () => {
    await write({ 'a.yaml': '', 'b/c.json': '', 'd.txt': '' });

    expect(await listApplierFiles(settingsOf(), signal)).toEqual(['a.yaml', 'b/c.json']);
  });

  test('a list that is not there is an error that names it', async () => {
    await expect(listApplierFiles(settingsOf({ WHITELIST_PATH: '/nowhere/list' }), signal)).rejects.toMatchObject({
      code: 'FILE_UNUSABLE',
      message: expect.stringContaining('/nowhere/list'),
    });
  });
});

describe('one run', () => {
  test('applies what it can, and says of each file what came of it', async () => {
    await write({
      'a.yaml': map('a', '1'),
      'b-broken.yaml': 'kind: [',
      'c.yaml': `${map('c', '1')}---\n${map('d', '1')}`,
      'd-twice.yaml': map('a', '2'),
      'e-unknown.yaml': 'apiVersion: nowhere.example/v1\nkind: Thing\nmetadata: {name: x}\n',
      'f-refused.yaml': map('f', '1').replace('\ndata:', '\ndota:'),
    });
    await symlink('/etc/hostname', join(folder, 'g-link.yaml'));
    await git('init', '--quiet');
    await git('add', '-A');

    const run = await applyOnce(settingsOf(), connection, signal);

    expect(run?.files.map(({ path, success }) => `${path} ${success}`)).toEqual([
      'a.yaml true',
      'b-broken.yaml false',
      'c.yaml true',
      'd-twice.yaml false',
      'e-unknown.yaml false',
      'f-refused.yaml false',
      'g-link.yaml false',
    ]);
    const output = (path: string) => run?.files.find((file) => file.path === path)?.output.join('\n');
    expect(output('a.yaml')).toBe(`ConfigMap ${namespace}/a created`);
    expect(output('b-broken.yaml')).toMatch(/b-broken.yaml.*line/);
    expect(output('d-twice.yaml')).toContain('stands in a.yaml already');
    expect(output('e-unknown.yaml')).toContain('nowhere.example/v1');
    expect(output('f-refused.yaml')).toContain('dota');
    expect(output('g-link.yaml')).toContain('leads out of the repository');
    expect(await Promise.all(['a', 'c', 'd'].map(dataOf))).toEqual(['1', '1', '1']);
    expect(run).toMatchObject({ type: 'FullRun', commit: undefined });
  });
});

describe('at work', () => {
  async function started() {
    const stopping = new AbortController();
    const port = await freePort('0.0.0.0');
    const settings = settingsOf({
      LISTEN_PORT: String(port),
      POLL_INTERVAL_SECONDS: '1',
      FULL_RUN_INTERVAL_SECONDS: '3600',
      LOG_LEVEL: 'error',
    });
    const ended = runApplier(settings, connection, stopping.signal);
    const page = async (path = '/', init: RequestInit = {}) =>
      await (await fetch(`http://127.0.0.1:${port}${path}`, init)).text();
    const stop = async () => {
      stopping.abort();
      await ended;
    };
    return { page, stop };
  }

  const until = (check: () => unknown) => vi.waitFor(check, { timeout: 20_000, interval: 100 });

  test('a new commit brings its files at once, a forced run brings all back, and the page shows it', async () => {
    await git('init', '--quiet');
    await commit({ 'a.yaml': map('a', '1'), 'b.yaml': map('b', '1') });
    const { page, stop } = await started();
    try {
      await until(async () => expect(await dataOf('b')).toBe('1'));
      await client.patch(configMaps, { namespace, name: 'a' }, { kind: 'merge', body: { data: { value: 'drift' } } });

      await commit({ 'b.yaml': map('b', '2') });
      await until(async () => expect(await dataOf('b')).toBe('2'));
      expect(await dataOf('a')).toBe('drift');
      await until(async () => expect(await page()).toContain('QuickRun, success'));

      expect(await page('/api/v1/forceRun', { method: 'POST' })).toContain('"result":"success"');
      await until(async () => expect(await dataOf('a')).toBe('1'));

      await until(async () => {
        const metrics = await page('/metrics');
        expect(metrics).toContain(`file_apply_count{file="${folder}/a.yaml",success="true"} 2`);
        expect(metrics).toContain(`file_apply_count{file="${folder}/b.yaml",success="true"} 3`);
        expect(metrics).toContain('run_latency_seconds_count{success="true",run_type="FullRun"} 2');
        expect(metrics).toContain('run_latency_seconds_count{success="true",run_type="QuickRun"} 1');
      });
      const html = await page();
      expect(html).toContain(`ConfigMap ${namespace}/b configured`);
      expect(html).toContain('M\tb.yaml');
    } finally {
      await stop();
    }
  });

  test('a list that cannot be read stops nothing for ever, and the page says it', async () => {
    await write({ 'a.yaml': map('a', '1') });
    const stopping = new AbortController();
    const port = await freePort('0.0.0.0');
    const list = join(folder, 'white');
    const settings = settingsOf({
      LISTEN_PORT: String(port),
      WHITELIST_PATH: list,
      POLL_INTERVAL_SECONDS: '1',
      LOG_LEVEL: 'error',
    });
    const ended = runApplier(settings, connection, stopping.signal);
    try {
      await until(async () => {
        expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toContain('could not run');
      });
      await writeFile(list, 'a.yaml\n');
      await until(async () => expect(await dataOf('a')).toBe('1'));
    } finally {
      stopping.abort();
      await ended;
    }
  });
});
