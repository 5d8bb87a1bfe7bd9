/** Commands that look at Apps and Updates, over a controller at work: one App, one Update, why, logs, check, in every form. */
import { execFile } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { parse } from 'yaml';
import { locateTools } from '../../test/cluster/binaries.ts';
import {
  completeRollouts,
  createDeployment,
  openRuntimeStage,
  pushVersions,
  type RuntimeStage,
} from '../../test/runtime-stage.ts';
import { type RunningRegistry, startRegistry } from '../../test/servers/registry.ts';
import { apps, type ProductObject } from '../adapters/cluster/kinds.ts';
import type { AppSpecWire } from '../resources/app/app.ts';
import { runProgram } from './program.ts';

let registry: RunningRegistry;
let stage: RuntimeStage;
let stop: AbortController;

beforeAll(async () => {
  registry = await startRegistry();
  stop = new AbortController();
  stage = await openRuntimeStage(inject('kubeconfig'));
  completeRollouts(stage, stop.signal);
  await follow('web', ['1.0.0', '1.1.0'], { gates: { approvals: { required: 1 } } });
  await follow('calm', ['1.0.0'], {});
  await stage.until(async () => expect((await stage.app('web')).status?.update).toBe('web-1'));
  await stage.until(async () => expect((await stage.app('calm')).status?.waiting?.reason).toBe('UpToDate'));
  await stage.until(async () => expect(await text('why', 'web')).toContain('approv'));
});

afterAll(async () => {
  stop.abort();
  await stage.stop();
  await registry.stop();
});

async function follow(name: string, versions: readonly string[], spec: Partial<AppSpecWire>): Promise<void> {
  await pushVersions(registry.host, `look/${name}`, versions);
  await createDeployment(stage, name, `${registry.host}/look/${name}:1.0.0`);
  const image = { repository: `${registry.host}/look/${name}`, insecure: true, policy: { semver: { range: '1.x' } } };
  await stage.client.create<ProductObject>(apps, {
    metadata: { namespace: stage.namespace, name },
    spec: {
      interval: '24h',
      sources: [{ name: 'web', image }],
      deploy: { workloads: { targets: [{ kind: 'Deployment', name }] } },
      health: { timeout: '30m', stableFor: '0s' },
      ...spec,
    },
  });
}

async function headgate(...words: readonly string[]) {
  let [out, error] = ['', ''];
  const code = await runProgram([...words, '--kubeconfig', inject('kubeconfig'), '-n', stage.namespace], {
    out: (more) => {
      out += more;
    },
    error: (more) => {
      error += more;
    },
    signal: new AbortController().signal,
  });
  return { code, out, error };
}

async function text(...words: readonly string[]): Promise<string> {
  const { code, out, error } = await headgate(...words);
  expect({ code, error }).toEqual({ code: 0, error: '' });
  return out;
}

test('why answers in one sentence', async () => {
  expect(await text('why', 'web')).toMatch(
    /^web runs 1\.0\.0 and does not move to 1\.1\.0 yet, because .*approv.*\.\n$/,
  );
  expect(await text('why', 'calm')).toMatch(/^calm runs 1\.0\.0, and nothing newer may be taken.*\.\n$/);
  expect(JSON.parse(await text('why', 'calm', '-o', 'json'))).toEqual({ why: expect.stringContaining('calm runs') });
});

describe('forms', () => {
  test('wide tells more than table, JSON and YAML the same', async () => {
    const [table, wide] = [await text('apps'), await text('apps', '-o', 'wide')];
    expect(table.split('\n')[0]).not.toContain('LOOKS AFTER');
    expect(wide.split('\n')[0]).toMatch(/MESSAGE\s+DEPLOY\s+UPDATE\s+LOOKS AFTER$/);
    expect(wide).toMatch(/web .* workloads\s+web-1\s+Deployment\/web/);
    expect(parse(await text('apps', '-o', 'yaml'))).toEqual(JSON.parse(await text('apps', '-o', 'json')));
  });

  test.each(['status', 'history'])('the former word %s does the same', async (word) => {
    expect(await text(word, '-o', 'json')).toBe(await text(word === 'status' ? 'apps' : 'updates', '-o', 'json'));
  });

  test('another form is wrong use', async () => {
    expect(await headgate('apps', '-o', 'xml')).toMatchObject({ code: 2 });
  });
});

test('one App and one Update are shown with all that happened', async () => {
  const app = await text('app', 'web');
  expect(app).toMatch(/SOURCE\s+CURRENT\s+AVAILABLE\nweb\s+1\.0\.0\s+1\.1\.0\n/);
  expect(app).toMatch(/LOOKS AFTER\nDeployment\/web\n/);
  expect(app).toMatch(/\/web-1\s+web 1\.0\.0 -> 1\.1\.0\s+Pending/);
  expect(await text('update', 'web-1')).toMatch(/\/web-1\s+web 1\.0\.0 -> 1\.1\.0\s+Pending/);
  expect(await headgate('app', 'none')).toMatchObject({ code: 2, error: expect.stringContaining('there is no App') });
  expect(await headgate('update', 'none')).toMatchObject({
    code: 2,
    error: expect.stringContaining('there is no Update'),
  });
});

test('check has the sources looked at now', async () => {
  await pushVersions(registry.host, 'look/calm', ['1.2.0']);
  expect((await stage.app('calm')).status?.available).toBe('');

  expect(await text('check', 'calm')).toContain('looked at');

  await stage.until(async () => expect((await stage.app('calm')).status?.current).toBe('1.2.0'));
});

test('logs follow an Update to its end', async () => {
  const followed = headgate('logs', '-f', 'web');
  await text('approve', 'web-1');
  let isDone = false;
  const ended = followed.finally(() => {
    isDone = true;
  });
  await stage.until(() => expect(isDone).toBe(true));

  const { code, out, error } = await ended;

  expect({ code, error }).toEqual({ code: 0, error: '' });
  const lines = out.trimEnd().split('\n');
  expect(lines.at(-1)).toMatch(/ Succeeded$/);
  expect(lines.map((line) => line.split(' ')[1])).toEqual(expect.arrayContaining(['Plan', 'Apply', 'Watch']));
  expect(new Set(lines).size).toBe(lines.length);
  expect(await text('logs', 'web-1')).toContain(lines.at(-1) ?? '');
  expect(await text('update', 'web-1')).toMatch(/STARTED\s+STEP\s+RESULT/);
});

test('kubectl runs it as its plugin', async () => {
  const { kubectl } = await locateTools(['kubectl']);
  const folder = await mkdtemp(join(tmpdir(), 'headgate-plugin-'));
  const plugin = join(folder, 'kubectl-headgate');
  const main = new URL('../main.ts', import.meta.url).pathname;
  await writeFile(plugin, `#!/bin/sh\nexec '${process.execPath}' '${main}' "$@"\n`);
  await chmod(plugin, 0o755);
  const environment = { ...process.env, PATH: `${folder}:${process.env['PATH']}`, KUBECONFIG: inject('kubeconfig') };

  const { stdout } = await promisify(execFile)(kubectl, ['headgate', 'why', 'calm', '-n', stage.namespace], {
    env: environment,
  });

  await rm(folder, { recursive: true });
  expect(stdout).toMatch(/^calm runs /);
});
