/** The table of kinds of tests: every Prober with the adapters that it works through. */
import { createAnalysisTemplates } from '../../adapters/cluster/analysis-templates.ts';
import { createSecretValues } from '../../adapters/cluster/secret-values.ts';
import { createServiceProxy } from '../../adapters/cluster/service-proxy.ts';
import { attemptHttp } from '../../engine/app-test/attempt-http.ts';
import { attemptMetric } from '../../engine/app-test/attempt-metric.ts';
import { attemptWeb } from '../../engine/app-test/attempt-web.ts';
import { createHelmProber } from '../../engine/app-test/probe-helm.ts';
import { createJobProber } from '../../engine/app-test/probe-job.ts';
import { createWebhookProber } from '../../engine/app-test/probe-webhook.ts';
import { createQuickAttempts } from '../../engine/app-test/quick-attempts.ts';
import { ended, type Probers } from '../../engine/app-test/test-runner.ts';
import { RunningChecks } from '../../engine/check/running-checks.ts';
import type { Deployers } from '../../engine/deploy/deployer.ts';
import type { AnalysisTemplates } from '../../engine/ports/analysis-templates.ts';
import type { Jobs } from '../../engine/ports/jobs.ts';
import type { Outbound } from '../../engine/ports/outbound.ts';
import type { Prometheus } from '../../engine/ports/prometheus.ts';
import type { SecretValues } from '../../engine/ports/secret-values.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { Clock } from '../../kube/clock.ts';

export interface ProbersOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly jobs: Jobs;
  readonly outbound: Outbound;
  readonly prometheus: Prometheus;
  readonly deployers: Deployers;
  /** @param key `namespace/name` of an Update whose attempt has ended */
  readonly wakeUpdate: (key: string) => void;
  readonly signal: AbortSignal;
}

export interface ProbersSetup {
  readonly probers: Probers;
  readonly templates: AnalysisTemplates;
  readonly secretValues: SecretValues;
  /** Attempts under way. */
  readonly countAttempts: () => number;
}

export function setUpProbers(options: ProbersOptions): ProbersSetup {
  const { client, clock, jobs, outbound, prometheus, deployers, wakeUpdate, signal } = options;
  const running = new RunningChecks({ onEnd: wakeUpdate, signal });
  const quick = createQuickAttempts(running);
  const secrets = createSecretValues(client);
  const http = { services: createServiceProxy(client), outbound, secrets, monotonicMs: () => clock.monotonicMs() };
  const probers: Probers = {
    Http: quick.prober((attempt, inner) => attemptHttp(http, attempt, inner)),
    Metric: quick.prober((attempt, inner) => attemptMetric({ prometheus, secrets }, attempt, inner)),
    Web: quick.prober((attempt, inner) => attemptWeb(outbound, attempt, inner)),
    Job: createJobProber(jobs),
    Helm: createHelmProber(deployers),
    Webhook: createWebhookProber(quick, { outbound, secrets, clock }),
    Refused: {
      attempt: async ({ probe }) => ended('Inconclusive', probe.because),
      release: () => undefined,
    },
  };
  const templates = createAnalysisTemplates(client);
  return { probers, templates, secretValues: secrets, countAttempts: () => running.size };
}
