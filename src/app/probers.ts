/** The table of kinds of tests: every Prober with the adapters that it works through. */
import { createServiceProxy } from '../adapters/cluster/service-proxy.ts';
import { attemptHttp } from '../engine/app-test/attempt-http.ts';
import { quickAttempts } from '../engine/app-test/quick-attempts.ts';
import type { Probers } from '../engine/app-test/test-runner.ts';
import { RunningChecks } from '../engine/check/running-checks.ts';
import type { KubeClient } from '../kube/client.ts';
import type { Clock } from '../kube/clock.ts';

export interface ProbersOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  /** @param key `namespace/name` of an Update whose attempt has ended */
  readonly wakeUpdate: (key: string) => void;
  readonly signal: AbortSignal;
}

export interface ProbersSetup {
  readonly probers: Probers;
  /** Attempts under way. */
  readonly countAttempts: () => number;
}

export function setUpProbers({ client, clock, wakeUpdate, signal }: ProbersOptions): ProbersSetup {
  const running = new RunningChecks({ onEnd: wakeUpdate, signal });
  const services = createServiceProxy(client);
  const http = { services, monotonicMs: () => clock.monotonicMs() };
  const probers: Probers = {
    Http: quickAttempts(running, (attempt, inner) => attemptHttp(http, attempt, inner)),
  };
  return { probers, countAttempts: () => running.size };
}
