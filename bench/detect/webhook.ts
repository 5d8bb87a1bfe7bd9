/** (e): from a webhook to the patched workload. */
import { request } from 'undici';
import { startInformer } from '../../src/kube/informer.ts';
import type { KubeObject } from '../../src/kube/objects.ts';
import { deployments } from '../../src/kube/resource-types.ts';
import { type Figure, round, say } from '../figures.ts';
import type { ControllerProcess } from './controller-process.ts';
import type { Bench } from './steady.ts';

const timeoutMs = 10_000;

/** A new tag and a webhook for each App in turn; each takes an Update of its own. */
export async function measureWebhooks(
  { cluster, registry }: Bench,
  { webhooks }: ControllerProcess,
  plan: { readonly namespace: string; readonly prefix: string; readonly tag: string; readonly count: number },
): Promise<Figure> {
  const { namespace, prefix, tag, count } = plan;
  const stop = new AbortController();
  const patched = new Map<string, () => void>();
  const informer = startInformer<KubeObject>({
    client: cluster.client,
    type: deployments,
    namespace,
    signal: stop.signal,
    onError: () => undefined,
    onChange: (object) => {
      if (JSON.stringify(object).includes(`:${tag}@sha256:`)) {
        patched.get(object.metadata.name)?.();
      }
    },
  });
  await informer.synced;
  const times: number[] = [];
  for (let at = 0; at < count; at += 1) {
    await registry.addTag(`${prefix}-${at}`, tag);
    const { promise, resolve } = Promise.withResolvers<void>();
    patched.set(`app-${at}`, resolve);
    const startedAt = performance.now();
    await announce(webhooks, `${registry.host}/${prefix}-${at}`, tag);
    await Promise.race([promise, rejectAfter(timeoutMs, `app-${at} is patched`)]);
    times.push(performance.now() - startedAt);
  }
  stop.abort();
  times.sort((left, right) => left - right);
  const quantile = (share: number) => times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0;
  say(`  ${count} webhooks: median ${round(quantile(0.5))} ms, longest ${round(times.at(-1) ?? 0)} ms`);
  return {
    name: '(e) webhook to patched workload, p95',
    value: round(quantile(0.95)),
    unit: 'ms',
    goal: 500,
    better: 'lower',
  };
}

export async function announce(webhooks: string, name: string, tag: string): Promise<void> {
  const answer = await request(`${webhooks}/v1/webhooks/native`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name, tag }),
  });
  const text = await answer.body.text();
  if (answer.statusCode !== 200) {
    throw new Error(`announce ${name}: ${answer.statusCode} ${text}`);
  }
}

function rejectAfter(ms: number, what: string): Promise<never> {
  return new Promise((_, reject) => {
    setTimeout(() => reject(new Error(`${what}: not within ${ms / 1_000} s`)), ms).unref();
  });
}
