/** (a) and (b): how soon all Apps are resolved, and what it costs while nothing changes. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Warden } from '../../test/cluster/warden.ts';
import { type Figure, mebibytes, round, say } from '../figures.ts';
import { type BenchCluster, createApps, untilResolved } from './cluster.ts';
import { type ControllerProcess, startController } from './controller-process.ts';
import type { FilledRegistry } from './filled-registry.ts';

export interface Bench {
  readonly cluster: BenchCluster;
  readonly registry: FilledRegistry;
  readonly warden: Warden;
}

/** What one run measured. */
export interface Steady {
  readonly controller: ControllerProcess;
  readonly resolvedMs: number;
  readonly requestsPerInterval: number;
  readonly reads: number;
  readonly writes: number;
  readonly cpuMsPerCheck: number;
  readonly highestRssBytes: number;
}

export interface SteadyPlan {
  readonly namespace: string;
  readonly prefix: string;
  readonly repositories: number;
  readonly apps: number;
  readonly tag: string;
  readonly intervalSeconds: number;
  readonly intervals: number;
}

/** Leaves the controller running. */
export async function measureSteady({ cluster, registry, warden }: Bench, plan: SteadyPlan): Promise<Steady> {
  const { namespace, prefix, repositories, tag, intervalSeconds, intervals } = plan;
  say(`${plan.apps} Deployments with an App each on ${repositories} repositories, interval ${intervalSeconds} s`);
  const interval = `${intervalSeconds}s`;
  const wanted = Array.from({ length: plan.apps }, (_, at) => ({
    name: `app-${at}`,
    image: `${registry.host}/${prefix}-${at % repositories}`,
    tag,
    interval,
  }));
  await createApps(cluster.client, namespace, wanted);
  const controller = await startController(warden, { namespace, kubeconfig: cluster.kubeconfig });
  await untilResolved(cluster, namespace, plan.apps);
  const resolvedMs = performance.now() - controller.startedAt;
  say(`  ready after ${round(controller.readyMs / 1_000)} s, all resolved after ${round(resolvedMs / 1_000)} s`);
  // Apps that began together part within the first interval.
  await delay(intervalSeconds * 1_100);
  const before = await countAll(cluster, registry, controller);
  await delay(intervalSeconds * intervals * 1_000);
  const after = await countAll(cluster, registry, controller);
  const requests = after.requests - before.requests;
  const cpuMs = after.cpuMs - before.cpuMs;
  say(`  in ${intervals} intervals: ${requests} requests to the registry, ${round(cpuMs)} ms of CPU`);
  return {
    controller,
    resolvedMs,
    requestsPerInterval: requests / intervals,
    reads: after.reads - before.reads,
    writes: after.writes - before.writes,
    cpuMsPerCheck: cpuMs / (repositories * intervals),
    highestRssBytes: after.highestRssBytes,
  };
}

async function countAll({ proxy }: BenchCluster, registry: FilledRegistry, controller: ControllerProcess) {
  const asked = proxy.requests.filter((request) => !request.isWatch);
  const isRead = ({ method }: { readonly method: string }) => method === 'GET';
  return {
    ...(await controller.usage()),
    reads: asked.filter(isRead).length,
    writes: asked.filter((request) => !isRead(request)).length,
    requests: (await registry.accessLog()).length,
  };
}

export function figuresOfFew({ repositories }: SteadyPlan, steady: Steady): Figure[] {
  const figure = figuresNamed(`(a) ${repositories} repositories of 30 tags`);
  return [
    figure('all resolved after the start', steady.resolvedMs / 1_000, 's', 5),
    figure('requests per repository and check', steady.requestsPerInterval / repositories, 'requests', 1),
    figure('API server writes while nothing changes', steady.writes, 'requests', 0),
    figure('API server reads while nothing changes', steady.reads, 'requests', 0),
    figure('CPU time per check', steady.cpuMsPerCheck, 'ms', 2),
    figure('RSS, highest', mebibytes(steady.highestRssBytes), 'MiB', 150),
  ];
}

export function figuresOfMany({ apps, repositories }: SteadyPlan, steady: Steady): Figure[] {
  const figure = figuresNamed(`(b) ${apps} Deployments over ${repositories} repositories`);
  return [
    figure('checks per interval', steady.requestsPerInterval, 'requests', repositories),
    figure('ready after the start', steady.controller.readyMs / 1_000, 's', 20),
    figure('API server writes and reads while nothing changes', steady.writes + steady.reads, 'requests', 0),
    figure('RSS, highest', mebibytes(steady.highestRssBytes), 'MiB', 250),
  ];
}

/** Makes the figures of one cluster, of each of which less is better. */
function figuresNamed(name: string) {
  return (what: string, value: number, unit: string, goal: number): Figure => ({
    name: `${name}: ${what}`,
    value: round(value),
    unit,
    goal,
    better: 'lower',
  });
}
