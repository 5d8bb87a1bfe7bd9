/** What a hub needs to try new versions together and to release them. */
import { packTree } from '../adapters/channel/pack-tree.ts';
import { ClusterJobs } from '../adapters/cluster/jobs.ts';
import type { OperationError } from '../core/errors.ts';
import { invariant } from '../core/errors.ts';
import type { CandidateContext } from '../engine/candidate/candidate-context.ts';
import { type ChartAccessContext, fetchChart } from '../engine/chart-access.ts';
import { createTreeReader, type TreeContext } from '../engine/deploy/manifests/read-tree.ts';
import type { Clock } from '../kube/clock.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { type ProbersOptions, setUpProbers } from './probers.ts';

export interface HubOptions
  extends Omit<ProbersOptions, 'jobs' | 'wakeUpdate'>,
    Omit<CandidateContext, 'channelProbers' | 'packing' | 'trialMetrics'>,
    TreeContext,
    ChartAccessContext {
  readonly clock: Clock;
  readonly metrics: Pick<Metrics, 'channels'>;
  readonly onError: (error: OperationError) => void;
}

export interface HubSetup {
  readonly context: CandidateContext;
  /** Attempts of tests under way. */
  readonly countAttempts: () => number;
}

/** @param wakeChannel told of the key of the Channel whose test or Job has moved on */
export function setUpHub(options: HubOptions, wakeChannel: (key: string) => void): HubSetup {
  const jobs = new ClusterJobs({ ...options, onChange: wakeChannel });
  const { probers, countAttempts } = setUpProbers({ ...options, jobs, wakeUpdate: wakeChannel });
  const packing: CandidateContext['packing'] = {
    packTree,
    trees: createTreeReader(options),
    fetchChart: async (namespace, source, version, signal) => {
      invariant(
        source.kind === 'Chart',
        `the chart of source ${source.name}, which is of kind ${source.kind}, is packed`,
      );
      return await fetchChart(options, { namespace, source, version }, signal);
    },
  };
  const trialMetrics: CandidateContext['trialMetrics'] = {
    ended: ({ namespace, name }, { path, result }) =>
      options.metrics.channels.ended(
        { namespace, channel: name },
        { path: path?.kind ?? 'Place', result: result?.kind ?? '' },
      ),
  };
  return { context: { ...options, channelProbers: probers, packing, trialMetrics }, countAttempts };
}
