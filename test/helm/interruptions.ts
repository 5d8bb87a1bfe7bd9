/** Hooks that a test ends as it likes, and processes that it kills while one is waited for. */
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { KubeObject } from '../../src/kube/objects.ts';
import { jobs, pods } from '../../src/kube/resource-types.ts';
import { waitUntil } from '../cluster/wait-until.ts';
import { hireWarden } from '../cluster/warden.ts';
import type { Place } from './by-hand.ts';

export interface JobObject extends KubeObject {
  readonly status?: object;
}

/** Waits for a Job of this name, another one than `former`. */
export async function untilJob({ client, namespace }: Place, name: string, former?: JobObject): Promise<JobObject> {
  let found: JobObject | undefined;
  await waitUntil(`Job ${name} is there`, 30_000, async () => {
    found = await client.find<JobObject>(jobs, { namespace, name });
    return found !== undefined && found.metadata.uid !== former?.metadata.uid;
  });
  if (found === undefined) {
    throw new Error(`Job ${name} is gone again`);
  }
  return found;
}

/** Plays the Job controller: the Job has ended. */
export async function endJob({ client, namespace }: Place, job: JobObject, end: 'Complete' | 'Failed'): Promise<void> {
  const at = new Date().toISOString();
  const { name } = job.metadata;
  const criterion = end === 'Complete' ? 'SuccessCriteriaMet' : 'FailureTarget';
  const conditions = [criterion, end].map((type) => ({
    type,
    status: 'True',
    lastProbeTime: at,
    lastTransitionTime: at,
  }));
  const times = end === 'Complete' ? { startTime: at, completionTime: at } : { startTime: at };
  const body = { status: { ...times, conditions } };
  await client.patch<JobObject>(jobs, { namespace, name }, { kind: 'merge', body }, { subresource: 'status' });
}

/** Plays the kubelet, once there is a pod of this name: it has ended. */
export async function endPod(
  client: Place['client'],
  key: { readonly namespace: string; readonly name: string },
  phase: string,
): Promise<void> {
  await waitUntil(`Pod ${key.name} is there`, 30_000, async () => (await client.find(pods, key)) !== undefined);
  await client.patch(pods, key, { kind: 'merge', body: { status: { phase } } }, { subresource: 'status' });
}

/** Kills the helm that this process has started. */
export async function killHelm(parent: number): Promise<void> {
  await waitUntil('a helm is killed', 10_000, async () => {
    for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
      const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
      const [, program, of] = /^\d+ \((.*)\) \S+ (\d+) /.exec(stat) ?? [];
      if (program === 'helm' && of === String(parent)) {
        process.kill(Number(pid), 'SIGKILL');
        return true;
      }
    }
    return false;
  });
}

export interface MortalHeadgate {
  /** By SIGKILL: nothing runs afterwards. Its helm lives on. */
  kill(): Promise<void>;
}

/** Headgate in a process of its own that looks after one namespace. */
export async function startMortalHeadgate(kubeconfig: string, namespace: string): Promise<MortalHeadgate> {
  const warden = await hireWarden();
  const program = fileURLToPath(new URL('../headgate/mortal-headgate.ts', import.meta.url));
  const never = JSON.stringify({ kind: 'step', step: 'never' });
  const running = warden.start({
    name: 'headgate',
    program: process.execPath,
    arguments: [program, kubeconfig, namespace, never],
  });
  return {
    async kill() {
      await running.stop('SIGKILL');
      await warden.dismiss();
    },
  };
}
