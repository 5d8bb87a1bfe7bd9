/** One soak: a plan of blows is played, an observer judges all the time, and at the end everything is where it belongs. */
import { setTimeout as delay } from 'node:timers/promises';
import { compare } from 'semver';
import { apps, type ProductObject, rejections } from '../../src/adapters/cluster/kinds.ts';
import { deployments } from '../../src/kube/resource-types.ts';
import { decodeApp } from '../../src/resources/app/decode-app.ts';
import type { RejectionSpecWire } from '../../src/resources/update/rejection.ts';
import { parseImage } from './observer.ts';
import type { SoakEvent } from './plan.ts';
import type { DeploymentObject } from './play-rollouts.ts';
import { appNames, close, open, type Soak } from './stage.ts';
import { strike } from './strike.ts';

export interface SoakOutcome {
  readonly violations: readonly string[];
  /** What was done, for people. */
  readonly said: string;
}

const converged = { deadlineMs: 180_000, lookEveryMs: 1_000 };

const judgeEveryMs = 10_000;

/** Plays the plan until it ends or the time is over, then lifts all faults and waits until all Apps are where they belong. */
export async function playSoak(plan: readonly SoakEvent[], forMs: number): Promise<SoakOutcome> {
  const soak = await open();
  const endsAt = performance.now() + forMs;
  let played = 0;
  let judgedAt = performance.now();
  let violations: readonly string[] = [];
  try {
    for (const event of plan) {
      if (performance.now() > endsAt || violations.length > 0) {
        break;
      }
      await delay(event.afterMs);
      await strike(soak, event);
      played += 1;
      if (performance.now() - judgedAt > judgeEveryMs) {
        judgedAt = performance.now();
        // While the API server is away there is nothing new to judge; at the end there must be.
        violations = await soak.observer.judge().catch(() => []);
      }
    }
    await Promise.all(soak.pending);
    violations = violations.length > 0 ? violations : await converge(soak);
    return { violations, said: `${played} events; ${tellOf(soak)}` };
  } finally {
    await close(soak);
  }
}

function tellOf({ observer, replicas }: Soak): string {
  const ends = new Map<string, string>();
  for (const sight of observer.sights) {
    if (sight.kind === 'update') {
      ends.set(`${sight.name}`, sight.phase);
    }
  }
  const counts = Object.entries(Object.groupBy([...ends.values()], (phase) => phase));
  const updates = counts.map(([phase, all = []]) => `${all.length} ${phase}`).join(', ');
  const starts = replicas.reduce((sum, replica) => sum + replica.starts, 0);
  return `Updates: ${updates}; ${starts} starts of replicas; ${observer.sights.length} writes judged`;
}

/** Empty once each App runs the newest version that is not rejected, everywhere, and all that was seen is well. */
async function converge(soak: Soak): Promise<readonly string[]> {
  const deadline = performance.now() + converged.deadlineMs;
  for (;;) {
    const missing = await missingIn(soak);
    if (missing.length === 0) {
      return await soak.observer.judge();
    }
    if (performance.now() > deadline) {
      return [
        ...(await soak.observer.judge()),
        ...missing.map((text) => `not within 180 s after the last event: ${text}`),
      ];
    }
    await delay(converged.lookEveryMs);
  }
}

async function missingIn({ client, namespace, published, rollouts }: Soak): Promise<readonly string[]> {
  const { items } = await client.list<ProductObject & { readonly spec: RejectionSpecWire }>(rejections, { namespace });
  const workloads = await client.list<DeploymentObject>(deployments, { namespace });
  const states = await client.list<ProductObject>(apps, { namespace });
  return appNames.flatMap((app) => {
    const rejected = new Set(items.filter(({ spec }) => spec.app === app).map(({ spec }) => spec.digest));
    const unjust = (published.get(app) ?? []).filter(({ digest }) => rejected.has(digest) && !rollouts.has(digest));
    const taken = (published.get(app) ?? []).filter(({ digest }) => !rejected.has(digest));
    const best = taken.toSorted((left, right) => compare(right.tag, left.tag))[0];
    const found = workloads.items
      .filter(({ metadata }) => metadata.labels?.['app'] === app)
      .map(({ metadata, spec }) => ({
        name: metadata.name,
        ...parseImage(spec.template.spec.containers[0]?.image ?? ''),
      }))
      .filter(({ tag }) => tag !== best?.tag)
      .map(({ name, tag }) => `${name} runs ${tag}, not ${best?.tag}`);
    const object = states.items.find(({ metadata }) => metadata.name === app);
    const status = object && decodeApp(object, `App ${app}`).status;
    const isReady = status?.conditions?.some(({ type, status: verdict }) => type === 'Ready' && verdict === 'True');
    return [
      ...found,
      ...(isReady ? [] : [`${app} is not ready: ${JSON.stringify(status).slice(0, 600)}`]),
      ...unjust.map(({ tag }) => `${app} has rejected ${tag}, which is good`),
    ];
  });
}
