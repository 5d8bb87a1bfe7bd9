/** Every metric of the product: name, help, labels. docs/reference/metrics.md is generated from this list. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { type ApiMetrics, apiDefinitions, createApiMetrics } from './api-metrics.ts';
import { type ChannelMetrics, channelDefinitions, createChannelMetrics } from './channel-metrics.ts';
import { createEnvironmentMetrics, type EnvironmentMetrics, environmentDefinitions } from './environment-metrics.ts';
import { createGateMetrics, type GateMetrics, gateDefinitions } from './gate-metrics.ts';
import { type CountKeelWebhook, createKeelWebhookMetrics, keelWebhookDefinitions } from './keel-metrics.ts';
import { createKeelUpdateMetrics, type KeelUpdateMetrics, keelUpdateDefinitions } from './keel-update-metrics.ts';
import { createObjectMetrics, type ObjectMetrics, objectDefinitions } from './object-metrics.ts';
import { createOutcomeMetrics, type OutcomeMetrics, outcomeDefinitions } from './outcome-metrics.ts';
import { createRegistryMetrics, type RegistryMetrics, registryDefinitions } from './registry-metrics.ts';

export interface MetricDefinition {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram' | 'summary';
  readonly help: string;
  readonly labels: readonly string[];
}

/** Labels are bounded by the objects of the cluster; a tag or a digest is never one. */
export const metricDefinitions = {
  appWaiting: {
    name: 'headgate_app_waiting',
    type: 'gauge',
    help: '1 for the reason that each App waits for right now.',
    labels: ['namespace', 'app', 'reason'],
  },
  appNextCheck: {
    name: 'headgate_app_next_check_timestamp_seconds',
    type: 'gauge',
    help: 'When the sources of an App are checked next, as Unix time.',
    labels: ['namespace', 'app'],
  },
  updates: {
    name: 'headgate_updates_total',
    type: 'counter',
    help: 'Updates that ended, by outcome.',
    labels: ['outcome'],
  },
  stepSeconds: {
    name: 'headgate_update_step_duration_seconds',
    type: 'histogram',
    help: 'How long each step of an Update took.',
    labels: ['step'],
  },
  reconciles: {
    name: 'headgate_reconcile_total',
    type: 'counter',
    help: 'Passes of the controllers, by result.',
    labels: ['controller', 'result'],
  },
  reconcileSeconds: {
    name: 'headgate_reconcile_duration_seconds',
    type: 'histogram',
    help: 'How long a pass of a controller took.',
    labels: ['controller'],
  },
  queueDepth: {
    name: 'headgate_queue_depth',
    type: 'gauge',
    help: 'Objects that wait for a pass of their controller.',
    labels: ['controller'],
  },
  queueWait: {
    name: 'headgate_queue_wait_seconds',
    type: 'histogram',
    help: 'How long objects waited for a pass of their controller.',
    labels: ['controller'],
  },
  watchErrors: {
    name: 'headgate_watch_errors_total',
    type: 'counter',
    help: 'Errors of watches; each is followed by a new try.',
    labels: ['code'],
  },
  webhookRequests: {
    name: 'headgate_webhook_requests_total',
    type: 'counter',
    help: 'Webhooks that arrived, by what became of them: was handed on to the replica that works (relayed), woke an App, was for an image that no App follows (unknown), was no push (ignored), or was refused.',
    labels: ['sender', 'result'],
  },
  leader: {
    name: 'headgate_leader',
    type: 'gauge',
    help: '1 while this replica does the work.',
    labels: [],
  },
  shards: {
    name: 'headgate_shards',
    type: 'gauge',
    help: 'How many of the 64 shards of Updates this replica has; all replicas together have 64.',
    labels: [],
  },
  ...objectDefinitions,
  ...outcomeDefinitions,
  ...gateDefinitions,
  ...registryDefinitions,
  ...apiDefinitions,
  ...channelDefinitions,
  ...environmentDefinitions,
  ...keelWebhookDefinitions,
  ...keelUpdateDefinitions,
} as const satisfies Readonly<Record<string, MetricDefinition>>;

const stepBuckets = [0.1, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1_800, 3_600];

export interface Metrics {
  readonly registry: Registry;
  readonly appWaiting: Gauge<'namespace' | 'app' | 'reason'>;
  readonly appNextCheck: Gauge<'namespace' | 'app'>;
  readonly updates: Counter<'outcome'>;
  readonly stepSeconds: Histogram<'step'>;
  readonly reconciles: Counter<'controller' | 'result'>;
  readonly reconcileSeconds: Histogram<'controller'>;
  readonly queueWait: Histogram<'controller'>;
  readonly objects: ObjectMetrics;
  /** Says where the depth of a controller's queue is read when metrics are asked for. */
  observeQueue(controller: string, depth: () => number): void;
  readonly watchErrors: Counter<'code'>;
  readonly webhookRequests: Counter<'sender' | 'result'>;
  readonly gates: GateMetrics;
  readonly registries: RegistryMetrics;
  readonly api: ApiMetrics;
  readonly channels: ChannelMetrics;
  readonly environment: EnvironmentMetrics;
  readonly countKeelWebhook: CountKeelWebhook;
  readonly keel: KeelUpdateMetrics;
  readonly leader: Gauge<never>;
  /** Says where the number of shards is read when metrics are asked for. */
  observeShards(count: () => number): void;
  readonly outcomes: OutcomeMetrics;
}

/** Makes the metrics anew, so that two runtimes in one process do not share counts; process metrics are added on wish. */
export function createMetrics(options: { readonly processMetrics: boolean }): Metrics {
  const registry = new Registry();
  if (options.processMetrics) {
    collectDefaultMetrics({ register: registry });
  }
  const registers = [registry];
  const queues = new Map<string, () => number>();
  new Gauge({
    ...shape(metricDefinitions.queueDepth),
    registers,
    collect() {
      for (const [controller, depth] of queues) {
        this.set({ controller }, depth());
      }
    },
  });
  let countShards = () => 0;
  new Gauge({
    ...shape(metricDefinitions.shards),
    registers,
    collect() {
      this.set(countShards());
    },
  });
  const made = metricDefinitions;
  return {
    registry,
    appWaiting: new Gauge({ ...shape(made.appWaiting), registers }),
    appNextCheck: new Gauge({ ...shape(made.appNextCheck), registers }),
    updates: new Counter({ ...shape(made.updates), registers }),
    stepSeconds: new Histogram({ ...shape(made.stepSeconds), buckets: stepBuckets, registers }),
    reconciles: new Counter({ ...shape(made.reconciles), registers }),
    reconcileSeconds: new Histogram({ ...shape(made.reconcileSeconds), registers }),
    queueWait: new Histogram({ ...shape(made.queueWait), registers }),
    objects: createObjectMetrics(registry),
    observeQueue: (controller, depth) => queues.set(controller, depth),
    watchErrors: new Counter({ ...shape(made.watchErrors), registers }),
    webhookRequests: new Counter({ ...shape(made.webhookRequests), registers }),
    gates: createGateMetrics(registry),
    registries: createRegistryMetrics(registry),
    api: createApiMetrics(registry),
    channels: createChannelMetrics(registry),
    environment: createEnvironmentMetrics(registry),
    countKeelWebhook: createKeelWebhookMetrics(registry),
    keel: createKeelUpdateMetrics(registry),
    observeShards: (count) => {
      countShards = count;
    },
    leader: new Gauge({ ...shape(made.leader), registers }),
    outcomes: createOutcomeMetrics(registry),
  };
}

function shape<L extends string>(definition: { name: string; help: string; labels: readonly L[] }) {
  return { name: definition.name, help: definition.help, labelNames: [...definition.labels] };
}
