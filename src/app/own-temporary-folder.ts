/**
 * One folder for all that a process writes down for a moment: values for Helm, decrypted files for kustomize, keys for git. It is removed
 * with the process, and what a process left behind that was killed is removed by the next one.
 */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryFolder, useTemporaryFolder } from './config.ts';

/**
 * Runs with a folder of its own for os.tmpdir(), which programs that are started inherit too. Once in a process: it changes the environment.
 * Where no folder can be made, it runs without: whoever needs one says so.
 */
export async function withOwnTemporaryFolder<T>(use: () => Promise<T>): Promise<T> {
  const own = await makeOwnFolder(temporaryFolder()).catch(() => undefined);
  if (own === undefined) {
    return await use();
  }
  const giveBack = useTemporaryFolder(own);
  try {
    return await use();
  } finally {
    giveBack();
    await rm(own, { recursive: true, force: true });
  }
}

async function makeOwnFolder(parent: string): Promise<string> {
  await sweepTemporaryFolders(parent);
  return await mkdtemp(join(parent, `headgate-${process.pid}-${(await beginOf(process.pid)) ?? 0}-`));
}

/** Removes the folders of processes that are no more. One that cannot be removed belongs to another user, whose it is to do so. */
export async function sweepTemporaryFolders(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    const [, pid, begunAt] = /^headgate-(\d+)-(\d+)-\w{6}$/.exec(name) ?? [];
    // In a container that begins again the pid is the same, and its begin is not.
    if (pid !== undefined && (await beginOf(Number(pid))) !== begunAt) {
      await rm(join(parent, name), { recursive: true, force: true }).catch(() => undefined);
    }
  }
}

/** When a process began, in ticks since the machine did; undefined when there is none. See proc_pid_stat(5), field 22. */
async function beginOf(pid: number): Promise<string | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    // The name of the program, in brackets, may have spaces and brackets in it.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}
