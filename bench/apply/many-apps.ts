/** (c) and (d): many Apps of 4 objects, with the controller manager at work: until all are ready, and gone again. */
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { apps, type ProductObject, updates } from '../../src/adapters/cluster/kinds.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import type { KubeObject, ResourceType } from '../../src/kube/objects.ts';
import { configMaps, namespaces, secrets } from '../../src/kube/resource-types.ts';
import { installCrds } from '../../test/install-crds.ts';
import { say } from '../figures.ts';
import { serviceObjects, writeService, writeServices } from './service-objects.ts';
import {
  type ApplyBench,
  cpuOf,
  createApp,
  inParallel,
  mebibytes,
  timed,
  untilReady,
  withControllers,
  withPlane,
  withWorker,
} from './stage.ts';

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
  await withPlane(withControllers, async (plane, client) => {
    await installCrds(client);
    await client.create(namespaces, { metadata: { name: namespace } });
    for (let index = 0; index < count; index += 1) {
      const path = join(sources, namespace, String(index));
      await writeServices(path, 0);
      await writeService(path, index, 1);
    }
    const bareMs = await timed(`the writes of ${count} Apps, bare and in parallel`, () => writeBare(client, count));
    await withWorker(bench, plane, async (worker) => {
      await worker.figures();
      const before = await cpuOf(plane);
      const startedAt = performance.now();
      await inParallel(
        Array.from({ length: count }, (_, index) => index),
        (index) =>
          createApp(client, { namespace, name: `app-${index}`, path: `${namespace}/${index}`, interval: '10m' }),
      );
      await untilReady(client, namespace, { count, mostMs: 400_000 });
      const seconds = (performance.now() - startedAt) / 1_000;
      const { begun, peakRssBytes, cpuMs } = await worker.figures();
      const after = await cpuOf(plane);
      const spent = Object.entries(after).map(([name, ms]) => `${name} ${Math.round(ms - (before[name] ?? 0))} ms`);
      say(`  CPU of the cluster: ${spent.join(', ')}`);
      const each = [...Map.groupBy(begun, (name) => name)].map(([name, all]) => `${name} ${all.length / count}`);
      say(`${count} Apps: ${seconds.toFixed(1)} s, CPU ${Math.round(cpuMs)} ms, ${mebibytes(peakRssBytes)}`);
      say(`  requests an App: ${each.join(', ')}`);
      const writes = begun.filter((name) => name === 'replaceStatus apps').length / count;
      note(`${count} Apps of 4 objects: all ready`, seconds, 's', plan.readySeconds);
      note(`${count} Apps of 4 objects: time, share of bare writes`, (seconds * 1_000) / bareMs, 'ratio');
      note(`${count} Apps of 4 objects: status writes an App`, writes, 'writes', 3);
      note(`${count} Apps of 4 objects: highest memory`, peakRssBytes / 2 ** 20, 'MiB', plan.mostMebibytes);
      if (plan.goneSeconds !== undefined) {
        note(`${count} Apps with prune: gone`, await measureDeletion(client, namespace), 's', plan.goneSeconds);
      }
    });
  });
}

/** What no client can go below: each App with its Update, what is kept of it, its objects, and three statuses of each. */
async function writeBare(client: KubeClient, count: number): Promise<void> {
  const namespace = `bare-${count}`;
  await client.create(namespaces, { metadata: { name: namespace } });
  await inParallel(
    Array.from({ length: count }, (_, index) => index),
    async (index) => {
      const plan = { namespace, name: `app-${index}`, path: 'none', interval: '10m' };
      const app = await createApp(client, plan, { suspend: true });
      const key = { namespace, name: plan.name };
      const finalizers = { metadata: { finalizers: ['headgate.dev/bench'] } };
      await client.patch(apps, key, { kind: 'merge', body: finalizers });
      await client.patch(apps, key, { kind: 'merge', body: { metadata: { finalizers: [] } } });
      const change = { source: 'files', repository: 'none', from: {}, to: { digest: `sha256:${index}` } };
      const spec = {
        app: plan.name,
        sequence: 1,
        trigger: { kind: 'Source', by: 'bench', reason: 'bench' },
        changes: [change],
      };
      let update = await client.create<ProductObject>(updates, { metadata: { ...key, name: `${plan.name}-1` }, spec });
      await writeSecret(client, namespace, `${plan.name}.1`);
      for (const phase of ['Applying', 'Watching', 'Succeeded']) {
        update = await client.replaceStatus(updates, { ...update, status: { phase } });
      }
      for (const object of serviceObjects(index) as readonly KubeObject[]) {
        const body = { ...object, metadata: { ...object.metadata, namespace } };
        await client.apply(typeOf(object), { namespace, name: object.metadata.name }, body, { force: true });
      }
      await writeSecret(client, namespace, plan.name);
      const { items } = await client.list<ProductObject>(apps, {
        namespace,
        fieldSelector: `metadata.name=${plan.name}`,
      });
      await client.replaceStatus(apps, { ...(items[0] ?? app), status: { current: 'bench' } });
    },
  );
  await client.request({
    what: 'delete Apps',
    method: 'DELETE',
    path: `/apis/headgate.dev/v1alpha1/namespaces/${namespace}/apps`,
  });
}

async function writeSecret(client: KubeClient, namespace: string, name: string): Promise<void> {
  const data = { record: Buffer.alloc(700, name).toString('base64') };
  const body = { apiVersion: 'v1', kind: 'Secret', metadata: { namespace, name }, data };
  await client.apply(secrets, { namespace, name }, body, { force: true });
}

function typeOf({ kind, apiVersion }: KubeObject): ResourceType {
  const [version = '', group = ''] = apiVersion.split('/').reverse();
  return { group, version, kind, plural: `${kind.toLowerCase()}s`, namespaced: true };
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
