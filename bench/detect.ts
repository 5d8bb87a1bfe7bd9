/**
 * What detection costs, on a real registry and a real API server: `make bench NAME=detect`.
 *
 * The controller is a process of its own. Its requests are counted in the registry's access log and by a proxy before the API server. The
 * steady state is looked at over a few intervals of 10 s and 20 s, shorter than people set them: requests are counted per interval
 * and CPU time per check, so that a longer interval only costs less.
 */
import { hireWarden } from '../test/cluster/warden.ts';
import { measureBudget } from './detect/budget.ts';
import { startCluster } from './detect/cluster.ts';
import { startFilledRegistry } from './detect/filled-registry.ts';
import { measureManyTags } from './detect/many-tags.ts';
import { type Bench, figuresOfFew, figuresOfMany, measureSteady } from './detect/steady.ts';
import { measureWebhooks } from './detect/webhook.ts';
import { type Figure, say, sayFigures } from './figures.ts';

const few = {
  namespace: 'few',
  prefix: 'few',
  repositories: 300,
  apps: 300,
  tag: '1.29.0',
  intervalSeconds: 10,
  intervals: 3,
};
const many = {
  namespace: 'many',
  prefix: 'many',
  repositories: 500,
  apps: 5_000,
  tag: '1.2.0',
  intervalSeconds: 20,
  intervals: 2,
};

await main();

async function main(): Promise<void> {
  const warden = await hireWarden();
  say('starting etcd, kube-apiserver and docker-registry');
  const [cluster, registry] = await Promise.all([startCluster(), startFilledRegistry()]);
  try {
    const figures = await measureAll({ cluster, registry, warden });
    sayFigures(figures);
    console.log(JSON.stringify({ figures }));
  } finally {
    await Promise.all([cluster.stop(), registry.stop(), warden.dismiss()]);
  }
}

async function measureAll(bench: Bench): Promise<Figure[]> {
  const { registry } = bench;
  await registry.fill(few.prefix, few.repositories, versions(30));
  await registry.fill(many.prefix, many.repositories, versions(3));
  const steady = await measureSteady(bench, few);
  const webhooks = await measureWebhooks(bench, steady.controller, { ...few, tag: '1.30.0', count: 40 });
  await steady.controller.stop();
  const crowd = await measureSteady(bench, many);
  await crowd.controller.stop();
  const manyTags = await measureManyTags(registry);
  const budget = await measureBudget(registry);
  return [...figuresOfFew(few, steady), ...figuresOfMany(many, crowd), manyTags, ...budget, webhooks];
}

function versions(count: number): string[] {
  return Array.from({ length: count }, (_, at) => `1.${at}.0`);
}
