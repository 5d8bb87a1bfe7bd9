/** What a hub needs to try new versions together and to release them. */
import { packTree } from '../../adapters/channel/pack-tree.ts';
import { ClusterJobs } from '../../adapters/cluster/jobs.ts';
import { changedApps, trialInPlace } from '../../core/candidate/candidate.ts';
import type { OperationError } from '../../core/errors.ts';
import { invariant } from '../../core/errors.ts';
import type { CandidateContext } from '../../engine/candidate/candidate-context.ts';
import { type ChartAccessContext, fetchChart } from '../../engine/chart-access.ts';
import { createTreeReader, type TreeContext } from '../../engine/deploy/manifests/read-tree.ts';
import type { Clock } from '../../kube/clock.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import { type ProbersOptions, setUpProbers } from '../safety/probers.ts';

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
  const trialMetrics = countTrials(options.metrics.channels);
  return { context: { ...options, channelProbers: probers, packing, trialMetrics }, countAttempts };
}

function countTrials(metrics: HubOptions['metrics']['channels']): CandidateContext['trialMetrics'] {
  return {
    ended({ namespace, name }, { path, purpose, result, startedAt }) {
      metrics.ended(
        { namespace, channel: name },
        {
          ...{ path: path?.kind ?? 'Place', purpose, result: result?.kind ?? '' },
          durationMs: (result?.at ?? startedAt).getTime() - startedAt.getTime(),
        },
      );
    },
    candidateEnded({ namespace, name }, candidate, outcome) {
      const changed = changedApps(candidate);
      const guilty = new Set(candidate.faults.flatMap(({ apps }) => apps));
      const released = new Set(outcome === 'Released' ? trialInPlace(candidate)?.members : []);
      const count = (has: (app: string) => boolean) => changed.filter(has).length;
      const members = {
        Released: count((app) => released.has(app)),
        Rejected: count((app) => guilty.has(app) && !released.has(app)),
        Kept: count((app) => !guilty.has(app) && !released.has(app)),
      };
      metrics.candidateEnded({ namespace, channel: name }, { outcome, trials: candidate.trials.length, members });
    },
  };
}
