/**
 * A folder for one run of Helm: its home, what it reads, and nothing of anybody else's. Only this user can look into it, and
 * it is removed with everything in it.
 */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Pass } from '../../kube/gateway.ts';

export interface Workspace {
  readonly directory: string;
  /** Writes a file, its folders included. Returns its path. */
  write(path: string, content: string | Uint8Array): Promise<string>;
  /** Environment of a program that works here. */
  readonly environment: Readonly<Record<string, string>>;
}

const onlyOwner = 0o700;
const onlyOwnerReads = 0o600;

/** Before the pid of the process whose folder it is, and the time when that began. */
const prefix = 'headgate-helm-';

/** Makes the folder, runs, and removes it whatever happens; but for the end of this process, after which sweepWorkspaces does. */
export async function withWorkspace<T>(use: (workspace: Workspace) => Promise<T>): Promise<T> {
  const begunAt = (await beginOf(process.pid)) ?? 'unknown';
  const directory = await mkdtemp(join(tmpdir(), `${prefix}${process.pid}-${begunAt}-`));
  try {
    return await use({
      directory,
      environment: environmentIn(directory),
      async write(path, content) {
        const full = join(directory, path);
        await mkdir(dirname(full), { recursive: true, mode: onlyOwner });
        await writeFile(full, content, { mode: onlyOwnerReads });
        return full;
      },
    });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Removes the folders of processes that are no more: one that was killed could not do so itself. */
export async function sweepWorkspaces(folder: string = tmpdir()): Promise<void> {
  for (const name of await readdir(folder)) {
    const [, pid, begunAt] = /^headgate-helm-(\d+)-(\w+)-/.exec(name) ?? [];
    // In a container that begins again the pid is the same, and its begin is not.
    if (pid !== undefined && (await beginOf(Number(pid))) !== begunAt) {
      await rm(join(folder, name), { recursive: true, force: true });
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

/** Nothing of our own environment: no proxy for loopback, no kubeconfig, no plugins of this machine's user. */
function environmentIn(directory: string): Readonly<Record<string, string>> {
  return {
    HOME: directory,
    TMPDIR: directory,
    HELM_CACHE_HOME: join(directory, 'cache'),
    HELM_CONFIG_HOME: join(directory, 'config'),
    HELM_DATA_HOME: join(directory, 'data'),
    HELM_PLUGINS: join(directory, 'plugins'),
    KUBECONFIG: join(directory, 'kubeconfig'),
    // Go takes as many threads as there are processors, and a garbage collection begins in time to stay below the bound.
    GOMAXPROCS: '2',
    GOMEMLIMIT: '384MiB',
  };
}

/** A kubeconfig for the gateway, as JSON, which is YAML. */
export function kubeconfigFor({ server }: Pass, namespace: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'gateway', cluster: { server } }],
    contexts: [{ name: 'gateway', context: { cluster: 'gateway', namespace } }],
    'current-context': 'gateway',
  });
}
