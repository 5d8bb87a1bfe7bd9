/** What Updates come to, for people: how often, how quickly, how often badly, and how quickly it is good again; tests; notices. */
import { Counter, Histogram, type Registry } from 'prom-client';
export const outcomeDefinitions = {
  deployments: {
    name: 'headgate_deployments_total',
    type: 'counter',
    help: 'Updates of each App that put a new version in place, by result: succeeded, or failed (it went back or has to be looked at). Their rate is the deployment frequency, the share of failed the change failure rate.',
    labels: ['namespace', 'app', 'result'],
  },
  leadTime: {
    name: 'headgate_lead_time_seconds',
    type: 'histogram',
    help: 'From an Update being made, which is when its version was found, to its success: the lead time of changes, with all that it waited for.',
    labels: [],
  },
  restoreTime: {
    name: 'headgate_restore_time_seconds',
    type: 'histogram',
    help: 'From the verdict that a version is bad to the former one being healthy: the time to restore.',
    labels: [],
  },
  tests: {
    name: 'headgate_tests_total',
    type: 'counter',
    help: 'Tests of Apps that had a verdict, by verdict.',
    labels: ['verdict'],
  },
  drills: {
    name: 'headgate_drills_total',
    type: 'counter',
    help: 'Restore drills that have ended, by outcome: Passed, Failed, Inconclusive, or Refused (it could not be tried).',
    labels: ['outcome'],
  },
  notices: {
    name: 'headgate_notices_total',
    type: 'counter',
    help: 'Notices by the kind of their channel and what came of an attempt: Sent, Failed (tried again) or Refused.',
    labels: ['kind', 'outcome'],
  },
} as const;

export interface OutcomeMetrics {
  readonly deployments: Counter<'namespace' | 'app' | 'result'>;
  readonly leadTime: Histogram<never>;
  readonly restoreTime: Histogram<never>;
  readonly tests: Counter<'verdict'>;
  readonly drills: Counter<'outcome'>;
  readonly notices: Counter<'kind' | 'outcome'>;
}

const leadBuckets = [30, 60, 120, 300, 600, 1_800, 3_600, 14_400, 43_200, 86_400, 259_200, 604_800];
const restoreBuckets = [0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1_800];

export function createOutcomeMetrics(registry: Registry): OutcomeMetrics {
  const registers = [registry];
  const { deployments, leadTime, restoreTime, tests, drills, notices } = outcomeDefinitions;
  return {
    deployments: new Counter({ ...deployments, labelNames: [...deployments.labels], registers }),
    leadTime: new Histogram({ ...leadTime, labelNames: [], buckets: leadBuckets, registers }),
    restoreTime: new Histogram({ ...restoreTime, labelNames: [], buckets: restoreBuckets, registers }),
    tests: new Counter({ ...tests, labelNames: [...tests.labels], registers }),
    drills: new Counter({ ...drills, labelNames: [...drills.labels], registers }),
    notices: new Counter({ ...notices, labelNames: [...notices.labels], registers }),
  };
}
