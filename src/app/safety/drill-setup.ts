/** What restore drills are made with in a cluster: Jobs and tests of their own, which wake no Update. */
import { ClusterDrillGround } from '../../adapters/cluster/cluster-drill-ground.ts';
import { ClusterJobs } from '../../adapters/cluster/jobs.ts';
import type { OperationError } from '../../core/errors.ts';
import type { DrillContext } from '../../engine/drill/drill-context.ts';
import type { Logger } from '../../telemetry/log.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import { type DrillListener, listenToDrills } from './drill-listener.ts';
import { type ProbersOptions, setUpProbers } from './probers.ts';

export interface DrillSetup extends Pick<DrillContext, 'ground' | 'drillJobs' | 'drillProbers'> {
  readonly onDrill: DrillListener;
  /** Attempts under way. */
  readonly countDrillAttempts: () => number;
}

interface DrillOptions extends Omit<ProbersOptions, 'jobs' | 'wakeUpdate'> {
  readonly onError: (error: OperationError) => void;
  /** The log and metrics alone when absent. */
  readonly drillListener?: DrillListener | undefined;
  readonly log: Logger;
  readonly metrics: Metrics;
}

export function setUpDrills(options: DrillOptions): DrillSetup {
  const { client } = options;
  // A drill under way is looked at every second.
  const nobody = () => undefined;
  const drillJobs = new ClusterJobs({ ...options, onChange: nobody });
  const { probers, countAttempts } = setUpProbers({ ...options, jobs: drillJobs, wakeUpdate: nobody });
  return {
    ground: new ClusterDrillGround(client),
    drillJobs,
    drillProbers: probers,
    countDrillAttempts: countAttempts,
    onDrill: options.drillListener ?? listenToDrills(options),
  };
}
