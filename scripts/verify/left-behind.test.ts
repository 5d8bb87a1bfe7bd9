import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { processesOfRun } from './left-behind.ts';

test('a process that a run left is found with its command, and is gone from the list when it has ended', async () => {
  const run = `left-behind-${process.pid}`;
  const child = spawn('sleep', ['60'], {
    env: { ...process.env, HEADGATE_TEST_RUN: run },
    detached: true,
    stdio: 'ignore',
  });
  await once(child, 'spawn');

  const left = await processesOfRun(run, 0);
  child.kill('SIGKILL');
  await once(child, 'exit');

  expect(left).toEqual([{ pid: child.pid, command: 'sleep 60' }]);
  expect(await processesOfRun(run, 0)).toEqual([]);
});
