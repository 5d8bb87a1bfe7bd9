/** 500 Updates that become due at the same moment: how long until all have succeeded, and whether each came just once. */
import { type ProductObject, updates } from '../../src/adapters/cluster/kinds.ts';
import { startInformer } from '../../src/kube/informer.ts';
import { keyOf } from '../../src/kube/objects.ts';
import { waitUntil } from '../../test/cluster/wait-until.ts';
import type { BenchCluster } from '../detect/cluster.ts';
import type { FilledRegistry } from '../detect/filled-registry.ts';
import { announce } from '../detect/webhook.ts';
import { crowd } from './crowd.ts';

export interface Due {
  readonly count: number;
  readonly seconds: number;
  readonly succeeded: number;
  /** Updates besides one for each App. */
  readonly surplus: number;
}

const newTag = '1.3.0';
const mostMs = 900_000;

export async function measureDue(
  cluster: BenchCluster,
  registry: FilledRegistry,
  { webhooks, repositories }: { readonly webhooks: string; readonly repositories: number },
): Promise<Due> {
  const count = (crowd.apps / crowd.repositories) * repositories;
  const names = Array.from({ length: repositories }, (_, at) => `${crowd.prefix}-${at}`);
  await Promise.all(names.map((name) => registry.addTag(name, newTag)));
  const stop = new AbortController();
  const all = new Set<string>();
  const succeeded = new Set<string>();
  startInformer<ProductObject>({
    client: cluster.client,
    type: updates,
    signal: stop.signal,
    onError: () => undefined,
    onChange: (update) => {
      all.add(keyOf(update));
      if ((update.status as { phase?: string } | undefined)?.phase === 'Succeeded') {
        succeeded.add(keyOf(update));
      }
    },
  });
  const startedAt = performance.now();
  await Promise.all(names.map((name) => announce(webhooks, `${registry.host}/${name}`, newTag)));
  await waitUntil(`${count} Updates have succeeded`, mostMs, async () => succeeded.size >= count);
  const seconds = (performance.now() - startedAt) / 1_000;
  stop.abort();
  return { count, seconds, succeeded: succeeded.size, surplus: all.size - count };
}
