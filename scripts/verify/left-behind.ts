import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

export interface LeftProcess {
  readonly pid: number;
  readonly command: string;
}

/**
 * Processes that have `HEADGATE_TEST_RUN=<id>` in their environment and do not end within `patienceMs` (default ten seconds).
 * Only where /proc is, and only of processes whose environment this user may read.
 */
export async function processesOfRun(id: string, patienceMs = 10_000): Promise<readonly LeftProcess[]> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const left = await scan(`HEADGATE_TEST_RUN=${id}`);
    if (left.length === 0 || performance.now() > deadline) {
      return left;
    }
    await delay(200);
  }
}

async function scan(mark: string): Promise<readonly LeftProcess[]> {
  const entries = await readdir('/proc').catch(() => []);
  const found: LeftProcess[] = [];
  for (const entry of entries.filter((name) => /^\d+$/.test(name))) {
    const variables = await readProc(entry, 'environ');
    if (variables.split('\0').includes(mark)) {
      found.push({ pid: Number(entry), command: (await readProc(entry, 'cmdline')).replaceAll('\0', ' ').trim() });
    }
  }
  return found;
}

/** Empty when the process has ended meanwhile or belongs to someone else. */
async function readProc(pid: string, file: string): Promise<string> {
  return await readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '');
}
