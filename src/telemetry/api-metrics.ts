/** What is asked of the HTTP API. Routes are those of the program, never a path that somebody sent. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

export const apiDefinitions = {
  apiRequests: {
    name: 'headgate_api_requests_total',
    type: 'counter',
    help: 'Answers of the HTTP API, by route and status.',
    labels: ['method', 'route', 'status'],
  },
  apiSeconds: {
    name: 'headgate_api_request_duration_seconds',
    type: 'histogram',
    help: 'How long answers of the HTTP API took; streams are left out.',
    labels: ['route'],
  },
  apiWatchers: {
    name: 'headgate_api_watchers',
    type: 'gauge',
    help: 'Clients that are told of changes as they come.',
    labels: [],
  },
  apiWatchersDropped: {
    name: 'headgate_api_watchers_dropped_total',
    type: 'counter',
    help: 'Clients that were sent away because they read too slowly.',
    labels: [],
  },
} as const;

export interface ApiMetrics {
  readonly requests: Counter<'method' | 'route' | 'status'>;
  readonly seconds: Histogram<'route'>;
  readonly watchers: Gauge<never>;
  readonly watchersDropped: Counter<never>;
}

const buckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15];

export function createApiMetrics(registry: Registry): ApiMetrics {
  const registers = [registry];
  const made = apiDefinitions;
  return {
    requests: new Counter({ ...shape(made.apiRequests), registers }),
    seconds: new Histogram({ ...shape(made.apiSeconds), buckets, registers }),
    watchers: new Gauge({ ...shape(made.apiWatchers), registers }),
    watchersDropped: new Counter({ ...shape(made.apiWatchersDropped), registers }),
  };
}

function shape<L extends string>(definition: { name: string; help: string; labels: readonly L[] }) {
  return { name: definition.name, help: definition.help, labelNames: [...definition.labels] };
}
