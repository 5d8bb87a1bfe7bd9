/** What checkpoints are made with in a cluster. */
import { CheckpointSecrets } from '../../adapters/cluster/checkpoint-secrets.ts';
import { ClusterVelero } from '../../adapters/cluster/cluster-velero.ts';
import { ClusterVolumes } from '../../adapters/cluster/cluster-volumes.ts';
import { PodExec } from '../../adapters/cluster/pod-exec.ts';
import type { CheckpointContext } from '../../engine/checkpoint/checkpoint-context.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { Clock } from '../../kube/clock.ts';

export function openCheckpointParts(
  client: KubeClient,
  clock: Clock,
): Pick<CheckpointContext, 'checkpoints' | 'volumes' | 'velero' | 'podCommands'> {
  return {
    checkpoints: new CheckpointSecrets(client),
    volumes: new ClusterVolumes(client),
    velero: new ClusterVelero(client),
    podCommands: new PodExec(client, clock),
  };
}
