/** A second cluster on the same machine, whose owner is killed while pods run: nothing of it may be left. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, inject, test } from 'vitest';
import { pushImage } from '../scripts/oci/push.ts';
import { outputOf } from '../test/cluster/run-command.ts';
import { waitUntil } from '../test/cluster/wait-until.ts';
import { makeWebImage } from '../test/images/web-image.ts';

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
  await runPod(started);
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

async function firstAnswer(output: NodeJS.ReadableStream): Promise<Started> {
  for await (const line of createInterface({ input: output })) {
    if (line.startsWith('{')) {
      return JSON.parse(line) as Started;
    }
  }
  throw new Error('the owner ended before its cluster was ready');
}

async function runPod({ kubeconfigPath, registry }: Started): Promise<void> {
  await pushImage(makeWebImage({ version: '1.0.0' }), {
    host: registry,
    repository: 'web',
    tag: '1.0.0',
    insecure: true,
  });
  const kubectl = async (...parts: string[]): Promise<string> =>
    await outputOf(inject('kubectl'), ['--kubeconfig', kubeconfigPath, ...parts], 60_000);
  await kubectl('run', 'web', `--image=${registry}/web:1.0.0`);
  await kubectl('wait', '--for=condition=Ready', 'pod/web', '--timeout=50s');
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
