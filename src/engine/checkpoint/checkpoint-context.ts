import type { Deployers } from '../deploy/deployer.ts';
import type { CheckpointStore } from '../ports/checkpoint-store.ts';
import type { Clock } from '../ports/clock.ts';
import type { Jobs } from '../ports/jobs.ts';
import type { PodCommands } from '../ports/pod-commands.ts';
import type { Records } from '../ports/records.ts';
import type { Velero } from '../ports/velero.ts';
import type { Volumes } from '../ports/volumes.ts';
import type { Workloads } from '../ports/workloads.ts';

/** What checkpoints are made with. */
export interface CheckpointContext {
  readonly deployers: Deployers;
  readonly records: Records;
  readonly clock: Clock;
  readonly jobs: Jobs;
  readonly workloads: Workloads;
  readonly checkpoints: CheckpointStore;
  readonly volumes: Volumes;
  readonly velero: Velero;
  readonly podCommands: PodCommands;
}
