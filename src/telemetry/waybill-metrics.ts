/** Metrics of Waybills under the names of utilitywarehouse/kube-applier, so that dashboards and alerts made for it go on. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

const perNamespace = ['namespace'] as const;

export const waybillMetricDefinitions = {
  runLatency: {
    name: 'kube_applier_run_latency_seconds',
    type: 'histogram',
    help: 'How long runs of Waybills took.',
    labels: ['namespace', 'success', 'dryrun'],
  },
  applyCount: {
    name: 'kube_applier_namespace_apply_count',
    type: 'counter',
    help: 'Runs of Waybills.',
    labels: ['namespace', 'success'],
  },
  lastRunTimestamp: {
    name: 'kube_applier_last_run_timestamp_seconds',
    type: 'gauge',
    help: 'When the last run of a Waybill ended, as Unix time.',
    labels: perNamespace,
  },
  lastRunSuccess: {
    name: 'kube_applier_last_run_success',
    type: 'gauge',
    help: '1 when the last run of a Waybill succeeded.',
    labels: perNamespace,
  },
  autoApply: {
    name: 'kube_applier_waybill_spec_auto_apply',
    type: 'gauge',
    help: 'spec.autoApply of a Waybill.',
    labels: perNamespace,
  },
  dryRun: {
    name: 'kube_applier_waybill_spec_dry_run',
    type: 'gauge',
    help: 'spec.dryRun of a Waybill.',
    labels: perNamespace,
  },
  runInterval: {
    name: 'kube_applier_waybill_spec_run_interval',
    type: 'gauge',
    help: 'spec.runInterval of a Waybill, in seconds.',
    labels: perNamespace,
  },
} as const;

export interface WaybillFacts {
  readonly namespace: string;
  readonly autoApply: boolean;
  readonly dryRun: boolean;
  readonly runIntervalMs: number;
}

export interface RunFacts {
  readonly success: boolean;
  readonly startedAt: Date;
  readonly finishedAt: Date;
}

export interface WaybillMetrics {
  countRun(waybill: WaybillFacts, run: RunFacts): void;
  /** What stands in the specs now; those that are gone are left out. */
  observe(waybills: readonly WaybillFacts[]): void;
}

export function createWaybillMetrics(registry: Registry): WaybillMetrics {
  const made = waybillMetricDefinitions;
  const latency = new Histogram({ ...definitionOf(made.runLatency), registers: [registry] });
  const applied = new Counter({ ...definitionOf(made.applyCount), registers: [registry] });
  const gauge = (
    of:
      | typeof made.autoApply
      | typeof made.dryRun
      | typeof made.runInterval
      | typeof made.lastRunSuccess
      | typeof made.lastRunTimestamp,
  ) => new Gauge({ ...definitionOf(of), registers: [registry] });
  const specs = { autoApply: gauge(made.autoApply), dryRun: gauge(made.dryRun), runInterval: gauge(made.runInterval) };
  const last = { at: gauge(made.lastRunTimestamp), success: gauge(made.lastRunSuccess) };
  return {
    countRun({ namespace, dryRun }, { success, startedAt, finishedAt }) {
      const milliseconds = 1_000;
      const seconds = (finishedAt.getTime() - startedAt.getTime()) / milliseconds;
      latency.observe({ namespace, success: String(success), dryrun: String(dryRun) }, seconds);
      applied.inc({ namespace, success: String(success) });
      last.at.set({ namespace }, finishedAt.getTime() / milliseconds);
      last.success.set({ namespace }, Number(success));
    },
    observe(waybills) {
      for (const one of Object.values(specs)) {
        one.reset();
      }
      for (const { namespace, autoApply, dryRun, runIntervalMs } of waybills) {
        specs.autoApply.set({ namespace }, Number(autoApply));
        specs.dryRun.set({ namespace }, Number(dryRun));
        specs.runInterval.set({ namespace }, runIntervalMs / 1_000);
      }
    },
  };
}

function definitionOf<L extends string>(of: {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly L[];
}) {
  return { name: of.name, help: of.help, labelNames: [...of.labels] };
}
