/** A candidate with a database, on a real API server: what goes back goes back with its data. The Jobs that keep and restore it are played. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, test, vi } from 'vitest';
import { type HubGround, openHubGround, tagsOf } from '../../../test/channels/hub-ground.ts';
import { completeJob, type JobObject, jobsFor } from '../../../test/jobs/play-jobs.ts';
import { type RunningRegistry, startRegistry } from '../../../test/servers/registry.ts';
import { apps } from '../../adapters/cluster/kinds.ts';
import type { KubeObject } from '../../kube/objects.ts';
import { deployments } from '../../kube/resource-types.ts';

// One candidate takes many Updates, on machines that may be busy.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

interface DeploymentObject extends KubeObject {
  readonly spec: { readonly replicas?: number };
}

let registry: RunningRegistry;
let hub: HubGround;
/** What the database holds, and what its backups hold. */
let data: string;
let kept: Map<string, string>;
/** Replicas of the database while its data came back. */
let replicas: (number | undefined)[];
let done: Set<string>;

beforeAll(async () => {
  registry = await startRegistry();
});

afterAll(() => registry.stop());

beforeEach(async () => {
  [data, kept, replicas, done] = ['rows of 1.0.0', new Map(), [], new Set()];
  hub = await openHubGround(inject('kubeconfig'), registry);
  await hub.begin();
  const template = { spec: { template: { spec: { containers: [{ name: 'main', image: 'dump:1' }] } } } };
  const { client, namespace } = hub.stage;
  const body = { spec: { backup: { job: { template, restore: template } } } };
  await client.patch(apps, { namespace, name: 'database' }, { kind: 'merge', body });
  await until(async () => expect((await hub.channel()).status?.release).toBe('stable-2'));
});

afterEach(() => hub.stop());

/** Does what the Jobs of the database do, once each. */
async function playJobs(): Promise<void> {
  const { client, namespace } = hub.stage;
  for (const purpose of ['backup', 'restore'] as const) {
    const all = await jobsFor(client, namespace, purpose);
    for (const job of all.filter(({ metadata }) => !done.has(metadata.name))) {
      const { name } = job.metadata;
      done.add(name);
      await (purpose === 'backup' ? keep(job) : bringBack(job));
      await completeJob(client, { namespace, name });
    }
  }
}

function checkpointOf({ spec }: JobObject): string {
  const env = spec.template.spec.containers[0]?.env ?? [];
  return env.find(({ name }) => name === 'HEADGATE_CHECKPOINT')?.value ?? '';
}

async function keep(job: JobObject): Promise<void> {
  kept.set(checkpointOf(job), data);
}

async function bringBack(job: JobObject): Promise<void> {
  const { client, namespace } = hub.stage;
  const database = await client.get<DeploymentObject>(deployments, { namespace, name: 'database' });
  replicas.push(database.spec.replicas);
  data = kept.get(checkpointOf(job)) ?? 'nothing';
}

const until = (check: () => unknown) =>
  hub.until(async () => {
    await playJobs();
    await check();
  });

/** The new version migrates once it runs, which the test over all Apps finds. */
function migrate(versions: Readonly<Record<string, string>>): void {
  data = versions['database'] === '2.0.0' ? 'migrated by 2.0.0' : data;
}

test('a database whose new version fails the test over all Apps goes back with the data from before it', async () => {
  hub.isGood = (versions) => {
    migrate(versions);
    return versions['database'] !== '2.0.0';
  };
  await hub.push({ database: '2.0.0' });
  await until(async () => expect((await hub.channel()).status?.candidates?.[0]?.outcome).toBe('Rejected'));

  expect(data).toBe('rows of 1.0.0');
  expect(replicas).toEqual([0]);
  const updates = await hub.stage.updatesOf('database');
  const [back] = updates.filter(({ spec }) => spec.trigger.kind === 'Rollback');
  const there = updates.find(({ status }) => status?.checkpoint !== undefined);
  expect(there?.spec.trigger.kind).toBe('Channel');
  expect(back?.spec.restore).toEqual({ update: there?.metadata.name, state: 'Before', data: true });
  expect(back?.status?.phase).toBe('Succeeded');
  expect((await hub.channel()).status?.release).toBe('stable-2');
});

test('a database that is not to blame has its data from before while the guilty one is looked for, and its new data once it is released', async () => {
  hub.isGood = (versions) => {
    migrate(versions);
    return versions['api'] !== '2.0.0';
  };
  await hub.push({ api: '2.0.0', database: '2.0.0' });
  await until(async () => expect((await hub.channel()).status?.release).toBe('stable-3'));

  expect(tagsOf((await hub.releases())[2])).toEqual({ api: '1.0.0', database: '2.0.0', web: '1.0.0' });
  expect((await hub.channel()).status?.candidates?.[0]?.faults.map(({ apps: guilty }) => guilty)).toEqual([['api']]);
  expect(data).toBe('migrated by 2.0.0');
  // Each time it was brought there its data was kept first, and what came back was never anything newer.
  expect(replicas.length).toBeGreaterThan(0);
  expect([...kept.values()].every((rows) => rows === 'rows of 1.0.0')).toBe(true);
  expect(replicas.every((count) => count === 0)).toBe(true);
});
