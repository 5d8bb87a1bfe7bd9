/** Second clusters on the same machine: kubelet that stops for a while, and an owner that is killed while pods run. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { request } from 'undici';
import { expect, inject, test } from 'vitest';
import { pushImage } from '../scripts/oci/push.ts';
import { startNode } from '../test/cluster/node.ts';
import { outputOf } from '../test/cluster/run-command.ts';
import { waitUntil } from '../test/cluster/wait-until.ts';
import { makeWebImage, webPort } from '../test/images/web-image.ts';

const nodeModule = fileURLToPath(new URL('../test/cluster/node.ts', import.meta.url));

const owner = `
  import { startNode } from ${JSON.stringify(nodeModule)};
  const { kubeconfigPath, registry, network } = await startNode({ directory: process.argv[1] });
  console.log(JSON.stringify({ kubeconfigPath, registry, hostInterface: network.hostInterface }));
  setInterval(() => {}, 1000);
`;

interface Started {
  readonly kubeconfigPath: string;
  readonly registry: string;
  readonly hostInterface: string;
}

test('a cluster leaves no process, mount, interface, control group or file behind when its owner is killed', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'headgate-'));
  const child = spawn(process.execPath, ['--input-type=module', '-e', owner, directory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const started = await firstAnswer(child.stdout);
  await runPod(started, 'web');
  const mark = basename(directory);
  expect(await processesNaming(mark)).not.toEqual([]);
  expect(await controlGroups(mark)).not.toEqual([]);

  child.kill('SIGKILL');
  await once(child, 'exit');

  await waitUntil('every process has ended', 20_000, async () => (await processesNaming(mark)).length === 0);
  await waitUntil('the folder is removed', 10_000, async () => !existsSync(directory));
  await waitUntil('the interface is gone', 10_000, async () => !existsSync(`/sys/class/net/${started.hostInterface}`));
  expect(await controlGroups(mark)).toEqual([]);
  expect(await readFile('/proc/mounts', 'utf8')).not.toContain(mark);
});

test('pods go on while kubelet is stopped, and new ones start when it is back', async () => {
  const cluster = await startNode();
  try {
    const address = await runPod(cluster, 'first');

    await cluster.stopKubelet();
    const answer = await request(`http://${address}:${webPort}/`);
    await cluster.startKubelet();

    expect(await answer.body.text()).toBe('web 1.0.0\n');
    await runPod(cluster, 'second');
  } finally {
    await cluster.stop();
  }
});

async function firstAnswer(output: NodeJS.ReadableStream): Promise<Started> {
  for await (const line of createInterface({ input: output })) {
    if (line.startsWith('{')) {
      return JSON.parse(line) as Started;
    }
  }
  throw new Error('the owner ended before its cluster was ready');
}

/** Runs a web pod until it is ready and returns its address. */
async function runPod(
  { kubeconfigPath, registry }: Pick<Started, 'kubeconfigPath' | 'registry'>,
  name: string,
): Promise<string> {
  await pushImage(makeWebImage({ version: '1.0.0' }), {
    host: registry,
    repository: 'web',
    tag: '1.0.0',
    insecure: true,
  });
  const kubectl = async (...parts: string[]): Promise<string> =>
    await outputOf(inject('kubectl'), ['--kubeconfig', kubeconfigPath, ...parts], 60_000);
  await kubectl('run', name, `--image=${registry}/web:1.0.0`);
  await kubectl('wait', '--for=condition=Ready', `pod/${name}`, '--timeout=50s');
  return await kubectl('get', 'pod', name, '--output=jsonpath={.status.podIP}');
}

/** Processes of this machine with the mark in their arguments, in whatever namespace; zombies have none. */
async function processesNaming(mark: string): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name) && name !== `${process.pid}`);
  const commands = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
  return commands.filter((command) => command.includes(mark));
}

async function controlGroups(mark: string): Promise<string[]> {
  const hierarchies = ['.', ...(await readdir('/sys/fs/cgroup'))];
  return hierarchies.filter((hierarchy) => existsSync(join('/sys/fs/cgroup', hierarchy, mark)));
}
