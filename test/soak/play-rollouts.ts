/** Plays the Deployment controller and the nodes: a rollout of a good version is complete at once, that of a bad one never. */
import { setTimeout as delay } from 'node:timers/promises';
import type { KubeClient } from '../../src/kube/client.ts';
import type { KubeObject } from '../../src/kube/objects.ts';
import { deployments } from '../../src/kube/resource-types.ts';

export interface DeploymentObject extends KubeObject {
  readonly spec: {
    readonly template: { readonly spec: { readonly containers: readonly { readonly image: string }[] } };
  };
  readonly status?: { readonly observedGeneration?: number };
}

export type Rollout = 'completes' | 'fails' | 'hangs';

export interface Play {
  readonly client: KubeClient;
  readonly namespace: string;
  readonly signal: AbortSignal;
  rolloutOf(image: string): Rollout;
}

const lookEveryMs = 300;

/** Looks again and again, so that nothing is missed while the API server is away. Ends with the signal. */
export async function playRollouts(play: Play): Promise<void> {
  while (!play.signal.aborted) {
    await completeAll(play).catch(() => undefined);
    await delay(lookEveryMs, undefined, { signal: play.signal }).catch(() => undefined);
  }
}

async function completeAll({ client, namespace, rolloutOf }: Play): Promise<void> {
  const { items } = await client.list<DeploymentObject>(deployments, { namespace });
  for (const { metadata, spec, status } of items) {
    const { name, generation = 0 } = metadata;
    if (status?.observedGeneration !== generation) {
      const said = statusOf(rolloutOf(spec.template.spec.containers[0]?.image ?? ''));
      const body = { status: { observedGeneration: generation, ...said } };
      await client.patch(deployments, { namespace, name }, { kind: 'merge', body }, { subresource: 'status' });
    }
  }
}

function statusOf(rollout: Rollout): object {
  const isComplete = rollout === 'completes';
  const progressing = {
    completes: { status: 'True', reason: 'NewReplicaSetAvailable' },
    fails: { status: 'False', reason: 'ProgressDeadlineExceeded', message: 'ReplicaSet has timed out progressing.' },
    hangs: { status: 'True', reason: 'ReplicaSetUpdated' },
  };
  return {
    replicas: isComplete ? 1 : 2,
    updatedReplicas: 1,
    readyReplicas: 1,
    availableReplicas: 1,
    unavailableReplicas: isComplete ? 0 : 1,
    conditions: [
      { type: 'Available', status: 'True', reason: 'MinimumReplicasAvailable' },
      { type: 'Progressing', ...progressing[rollout] },
    ],
  };
}
