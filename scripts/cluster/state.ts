import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What `up` tells about a running cluster. Paths are absolute. */
export interface ClusterState {
  readonly kubeconfig: string;
  readonly server: string;
  /** Folder with kubectl and helm. */
  readonly programs: string;
  /** `host:port`; the following three only with a node. */
  readonly registry?: string;
  readonly localRegistry?: string;
  readonly nodeAddress?: string;
  readonly memberKubeconfig?: string;
  readonly memberKubeconfigForPods?: string;
}

export function statePath(folder: string): string {
  return join(folder, 'cluster.json');
}

/** Appears at once and complete, because others wait for the file. */
export async function writeState(folder: string, state: ClusterState): Promise<void> {
  const part = `${statePath(folder)}.part`;
  await writeFile(part, JSON.stringify(state, undefined, 2));
  await rename(part, statePath(folder));
}

/** The state of the running cluster; undefined when none runs. */
export async function readState(folder: string): Promise<ClusterState | undefined> {
  if ((await findHolder(folder)) === undefined) {
    return undefined;
  }
  const text = await readFile(statePath(folder), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : (JSON.parse(text) as ClusterState);
}

export async function writeHolder(folder: string): Promise<void> {
  await writeFile(join(folder, 'holder.pid'), `${process.pid}\n`);
}

/** Process id of the cluster's owner; undefined when it has ended, also when another program has its id now. */
export async function findHolder(folder: string): Promise<number | undefined> {
  const pid = Number(await readFile(join(folder, 'holder.pid'), 'utf8').catch(() => ''));
  if (pid === 0) {
    return undefined;
  }
  const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  return /cluster\.ts\0hold\0/.test(command) ? pid : undefined;
}
