/** What holds Updates and reboots back. */
import { Counter, Gauge, type Registry } from 'prom-client';

export const gateDefinitions = {
  updatesPending: {
    name: 'headgate_updates_pending',
    type: 'gauge',
    help: 'Updates that have not begun, by the reason that they wait for.',
    labels: ['reason'],
  },
  appWaitingUntil: {
    name: 'headgate_app_waiting_until_timestamp_seconds',
    type: 'gauge',
    help: 'When what an App waits for may change by itself, as Unix time; absent when only an event changes it.',
    labels: ['namespace', 'app'],
  },
  fleetLockRequests: {
    name: 'headgate_fleet_lock_requests_total',
    type: 'counter',
    help: 'Requests of nodes that reboot (FleetLock), by the kind of the answer.',
    labels: ['result'],
  },
} as const;

export interface GateMetrics {
  readonly appWaitingUntil: Gauge<'namespace' | 'app'>;
  readonly fleetLockRequests: Counter<'result'>;
  /** Says where the reasons of Updates that have not begun are read when metrics are asked for: one entry for each Update. */
  observePending(reasons: () => readonly string[]): void;
}

export function createGateMetrics(registry: Registry): GateMetrics {
  const registers = [registry];
  let read: () => readonly string[] = () => [];
  const { updatesPending, appWaitingUntil, fleetLockRequests } = gateDefinitions;
  new Gauge({
    name: updatesPending.name,
    help: updatesPending.help,
    labelNames: [...updatesPending.labels],
    registers,
    collect() {
      this.reset();
      for (const reason of read()) {
        this.inc({ reason });
      }
    },
  });
  return {
    appWaitingUntil: new Gauge({
      name: appWaitingUntil.name,
      help: appWaitingUntil.help,
      labelNames: [...appWaitingUntil.labels],
      registers,
    }),
    fleetLockRequests: new Counter({
      name: fleetLockRequests.name,
      help: fleetLockRequests.help,
      labelNames: [...fleetLockRequests.labels],
      registers,
    }),
    observePending: (reasons) => {
      read = reasons;
    },
  };
}
