/** (c) and (d): many Apps of 4 objects, with the controller manager at work: until all are ready, and gone again. */
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { apps } from '../../src/adapters/cluster/kinds.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import { configMaps, namespaces } from '../../src/kube/resource-types.ts';
import { installCrds } from '../../test/install-crds.ts';
import { say } from '../figures.ts';
import { writeService, writeServices } from './service-objects.ts';
import { type ApplyBench, createApp, inParallel, mebibytes, untilReady, withPlane, withWorker } from './stage.ts';

export interface ManyPlan {
  readonly count: number;
  readonly readySeconds: number;
  readonly mostMebibytes: number;
  /** Undefined: they are not deleted. */
  readonly goneSeconds?: number;
}

export async function measureManyApps(bench: ApplyBench, plan: ManyPlan): Promise<void> {
  const { sources, note } = bench;
  const { count } = plan;
  const namespace = `apps-${count}`;
  await withPlane({ controllers: true }, async (plane, client) => {
    await installCrds(client);
    await client.create(namespaces, { metadata: { name: namespace } });
    for (let index = 0; index < count; index += 1) {
      const path = join(sources, namespace, String(index));
      await writeServices(path, 0);
      await writeService(path, index, 1);
    }
    await withWorker(bench, plane, async (worker) => {
      await worker.figures();
      const startedAt = performance.now();
      await inParallel(
        Array.from({ length: count }, (_, index) => index),
        (index) =>
          createApp(client, { namespace, name: `app-${index}`, path: `${namespace}/${index}`, interval: '10m' }),
      );
      await untilReady(client, namespace, { count, mostMs: 400_000 });
      const seconds = (performance.now() - startedAt) / 1_000;
      const { begun, peakRssBytes, cpuMs } = await worker.figures();
      const each = [...Map.groupBy(begun, (name) => name)].map(([name, all]) => `${name} ${all.length / count}`);
      say(`${count} Apps: ${seconds.toFixed(1)} s, CPU ${Math.round(cpuMs)} ms, ${mebibytes(peakRssBytes)}`);
      say(`  requests an App: ${each.join(', ')}`);
      const writes = begun.filter((name) => name === 'replaceStatus apps').length / count;
      note(`${count} Apps of 4 objects: all ready`, seconds, 's', plan.readySeconds);
      note(`${count} Apps of 4 objects: status writes an App`, writes, 'writes', 3);
      note(`${count} Apps of 4 objects: highest memory`, peakRssBytes / 2 ** 20, 'MiB', plan.mostMebibytes);
      if (plan.goneSeconds !== undefined) {
        note(`${count} Apps with prune: gone`, await measureDeletion(client, namespace), 's', plan.goneSeconds);
      }
    });
  });
}

async function measureDeletion(client: KubeClient, namespace: string): Promise<number> {
  const startedAt = performance.now();
  await client.request({
    what: 'delete Apps',
    method: 'DELETE',
    path: `/apis/headgate.dev/v1alpha1/namespaces/${namespace}/apps`,
  });
  for (;;) {
    const [left, objects] = await Promise.all([
      client.list(apps, { namespace, metadataOnly: true }),
      client.list(configMaps, { namespace, labelSelector: 'team', metadataOnly: true }),
    ]);
    if (left.items.length + objects.items.length === 0) {
      return (performance.now() - startedAt) / 1_000;
    }
    await delay(200);
  }
}
