/**
 * A folder for one run of Helm: its home, what it reads, and nothing of anybody else's. Only this user can look into it, and
 * it is removed with everything in it.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
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

/** Makes the folder, runs, and removes it whatever happens; but for the end of this process (app/own-temporary-folder.ts). */
export async function withWorkspace<T>(use: (workspace: Workspace) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'headgate-helm-'));
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
