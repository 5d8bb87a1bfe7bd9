/** Plays the Job controller of a cluster without one: what it writes into a Job's status, in the steps in which it writes it. */
import type { KubeClient } from '../../src/kube/client.ts';
import type { KubeObject } from '../../src/kube/objects.ts';
import { jobs, pods } from '../../src/kube/resource-types.ts';

export interface JobPlace {
  readonly namespace: string;
  readonly name: string;
}

/** Of now: a Job that began long ago would be over by its deadline. */
const startTime = new Date(Math.floor(Date.now() / 1_000) * 1_000).toISOString();
const endTime = new Date(Date.parse(startTime) + 9_000).toISOString();

/** @param message what its container says at its end; its pod is made only where there is one */
export async function completeJob(client: KubeClient, job: JobPlace, message = ''): Promise<void> {
  if (message !== '') {
    await endPod(client, job, message);
  }
  const met = { type: 'SuccessCriteriaMet', reason: 'CompletionsReached' };
  await setStatus(client, job, { startTime, conditions: conditions(met) });
  const complete = conditions(met, { type: 'Complete', reason: 'CompletionsReached' });
  await setStatus(client, job, { succeeded: 1, completionTime: endTime, conditions: complete });
}

export async function failJob(client: KubeClient, job: JobPlace, reason = 'BackoffLimitExceeded'): Promise<void> {
  const target = { type: 'FailureTarget', reason };
  await setStatus(client, job, { startTime, conditions: conditions(target) });
  await setStatus(client, job, { failed: 1, conditions: conditions(target, { type: 'Failed', reason }) });
}

/** Names of the Jobs for one purpose, oldest first. */
export async function jobsFor(client: KubeClient, namespace: string, purpose: string): Promise<readonly JobObject[]> {
  const { items } = await client.list<JobObject>(jobs, { namespace, labelSelector: `headgate.dev/purpose=${purpose}` });
  return items.toSorted((one, other) => one.metadata.name.localeCompare(other.metadata.name));
}

export interface JobObject extends KubeObject {
  readonly spec: {
    readonly template: {
      readonly spec: { readonly containers: readonly { readonly env: readonly { name: string; value: string }[] }[] };
    };
  };
}

async function endPod(client: KubeClient, { namespace, name }: JobPlace, message: string): Promise<void> {
  const labels = { 'batch.kubernetes.io/job-name': name };
  const spec = { containers: [{ name: 'main', image: 'main:1' }] };
  await client.create<KubeObject & { readonly spec: object }>(pods, { metadata: { namespace, name, labels }, spec });
  const terminated = { exitCode: 0, message, startedAt: startTime, finishedAt: endTime };
  const common = { name: 'main', image: 'main:1', imageID: '', ready: false, restartCount: 0 };
  const status = { containerStatuses: [{ ...common, state: { terminated } }] };
  await client.patch(pods, { namespace, name }, { kind: 'merge', body: { status } }, { subresource: 'status' });
}

async function setStatus(client: KubeClient, job: JobPlace, status: object): Promise<void> {
  await client.patch(jobs, job, { kind: 'merge', body: { status } }, { subresource: 'status' });
}

function conditions(...types: readonly { readonly type: string; readonly reason: string }[]) {
  return types.map((one) => ({ status: 'True', message: 'so it is', lastTransitionTime: endTime, ...one }));
}
