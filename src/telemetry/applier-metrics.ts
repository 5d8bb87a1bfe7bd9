/** Metrics of `headgate apply` under the names of box/kube-applier (metrics/prometheus.go), so that dashboards made for it go on. */
import { Counter, collectDefaultMetrics, Registry, Summary } from 'prom-client';

export const applierMetricDefinitions = {
  fileApplyCount: {
    name: 'file_apply_count',
    type: 'counter',
    help: 'Attempts of headgate apply at each file, as kube-applier counts them.',
    labels: ['file', 'success'],
  },
  runLatency: {
    name: 'run_latency_seconds',
    type: 'summary',
    help: 'How long runs of headgate apply took, as kube-applier measures them; run_type is FullRun or QuickRun.',
    labels: ['success', 'run_type'],
  },
} as const;

export interface ApplierMetrics {
  readonly registry: Registry;
  /** @param file as box writes it: with the folder of the repository before it */
  countFile(file: string, success: boolean): void;
  countRun(type: string, success: boolean, seconds: number): void;
}

export function createApplierMetrics(options: { readonly processMetrics: boolean }): ApplierMetrics {
  const registry = new Registry();
  const { fileApplyCount, runLatency } = applierMetricDefinitions;
  const files = new Counter({ ...definitionOf(fileApplyCount), registers: [registry] });
  const latency = new Summary({ ...definitionOf(runLatency), registers: [registry] });
  if (options.processMetrics) {
    collectDefaultMetrics({ register: registry });
  }
  return {
    registry,
    countFile: (file, success) => files.inc({ file, success: String(success) }),
    countRun: (type, success, seconds) => latency.observe({ success: String(success), run_type: type }, seconds),
  };
}

function definitionOf<L extends string>(of: {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly L[];
}) {
  return { name: of.name, help: of.help, labelNames: [...of.labels] };
}
