/** How far behind Apps are, what is rejected and what is backed up: read from the watched objects when metrics are asked for. */
import { Gauge, type Registry } from 'prom-client';

export const objectDefinitions = {
  appLag: {
    name: 'headgate_app_lag_seconds',
    type: 'gauge',
    help: 'For how long something newer than what an App runs has been there for it; 0 while it runs the newest that may be taken.',
    labels: ['namespace', 'app'],
  },
  appCurrent: {
    name: 'headgate_app_current_timestamp_seconds',
    type: 'gauge',
    help: 'When an Update last put in place what an App runs, as Unix time; absent where none has.',
    labels: ['namespace', 'app'],
  },
  checkpointTime: {
    name: 'headgate_checkpoint_timestamp_seconds',
    type: 'gauge',
    help: 'When the newest complete backup of an App was finished, as Unix time.',
    labels: ['namespace', 'app'],
  },
  checkpointSize: {
    name: 'headgate_checkpoint_size_bytes',
    type: 'gauge',
    help: 'Size of the newest complete backup of an App; absent where its Job does not say.',
    labels: ['namespace', 'app'],
  },
  drillTime: {
    name: 'headgate_drill_timestamp_seconds',
    type: 'gauge',
    help: 'When the last restore drill of an App was over, whatever it came to, as Unix time.',
    labels: ['namespace', 'app'],
  },
  drillSuccess: {
    name: 'headgate_drill_last_success_timestamp_seconds',
    type: 'gauge',
    help: 'When a restore drill of an App passed last, as Unix time; absent where none has.',
    labels: ['namespace', 'app'],
  },
  rejections: {
    name: 'headgate_rejections',
    type: 'gauge',
    help: 'Versions that must not be taken again, by namespace.',
    labels: ['namespace'],
  },
} as const;

type Name = keyof typeof objectDefinitions;

export interface ObjectRow {
  readonly namespace: string;
  /** Absent for what is counted by namespace. */
  readonly app?: string;
  readonly value: number;
}

export interface ObjectMetrics {
  /** Says where the rows of a metric are read when metrics are asked for. */
  observe(read: (name: Name) => readonly ObjectRow[]): void;
}

export function createObjectMetrics(registry: Registry): ObjectMetrics {
  let rowsOf: (name: Name) => readonly ObjectRow[] = () => [];
  for (const name of Object.keys(objectDefinitions) as Name[]) {
    const { name: metric, help, labels } = objectDefinitions[name];
    new Gauge<string>({
      name: metric,
      help,
      labelNames: [...labels],
      registers: [registry],
      collect() {
        this.reset();
        for (const { value, ...labelled } of rowsOf(name)) {
          this.set(labelled, value);
        }
      },
    });
  }
  return {
    observe(read) {
      rowsOf = read;
    },
  };
}
