import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { waitUntil } from './wait-until.ts';

const controlPlaneModule = fileURLToPath(new URL('control-plane.ts', import.meta.url));

/** Starts a control plane, prints the ids of its processes (etcd, API server, warden), and waits to be ended. */
const owner = `
  import { readFileSync } from 'node:fs';
  import { startControlPlane } from ${JSON.stringify(controlPlaneModule)};
  await startControlPlane({ directory: process.argv[1] });
  const children = readFileSync('/proc/self/task/' + process.pid + '/children', 'utf8').trim().split(' ');
  console.log(JSON.stringify({ pids: children.map(Number) }));
  setInterval(() => {}, 1000);
`;

test.each(['SIGKILL', 'SIGTERM', 'SIGINT'] as const)(
  'a control plane leaves nothing behind when its owner is ended by %s',
  async (signal) => {
    const directory = await mkdtemp(join(tmpdir(), 'headgate-orphan-'));
    const child = spawn(process.execPath, ['--input-type=module', '-e', owner, directory], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const { pids } = await firstAnswer(child.stdout);
    expect(pids.filter(isRunning)).toHaveLength(3);

    child.kill(signal);
    await once(child, 'exit');

    await waitUntil('every process has ended', 15_000, async () => !pids.some(isRunning));
    await waitUntil('the folder is removed', 5000, async () => !existsSync(directory));
  },
);

async function firstAnswer(output: NodeJS.ReadableStream): Promise<{ pids: number[] }> {
  for await (const line of createInterface({ input: output })) {
    if (line.startsWith('{')) {
      return JSON.parse(line) as { pids: number[] };
    }
  }
  throw new Error('the owner ended before its control plane was ready');
}

/** A zombie has ended and holds nothing; when it is reaped is up to the machine's init. */
function isRunning(pid: number): boolean {
  try {
    return !/^State:\s*Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
