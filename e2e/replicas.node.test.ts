/** Two replicas of the program, of which the one at work is lost in the middle of an Update. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { KubeObject } from '../src/kube/objects.ts';
import { leases } from '../src/kube/resource-types.ts';
import { waitUntil } from '../test/cluster/wait-until.ts';
import { hireWarden, type RunningProcess, type Warden } from '../test/cluster/warden.ts';
import { appSpec, putApp, runWeb } from '../test/headgate/objects.ts';
import { outcomesIn, rolloutsOf, runningDigests, stepsOf, untilApp, untilUpdate } from '../test/headgate/sight.ts';
import { openStage, type Stage, type TestContext } from '../test/headgate/stage.ts';

const program = fileURLToPath(new URL('../src/main.ts', import.meta.url));

let warden: Warden;

beforeAll(async () => {
  warden = await hireWarden();
});

afterAll(() => warden.dismiss());

describe.concurrent('the leader', () => {
  test('is killed in the middle of an Update: the other replica ends it', async (context) => {
    const { stage, leader, other, digest } = await inTheMiddle(context, 'killed');

    process.kill(leader.pid, 'SIGKILL');
    const update = await untilUpdate(stage, 'web-1', { phases: ['Succeeded'] });

    expect(stepsOf(update)).toEqual(['Plan Done', 'Apply Done', 'Watch Done']);
    // It goes on with the Update by its own claim, and leads once the Lease is over.
    await waitUntil('the other replica leads', 30_000, async () => await isWorking(other));
    expect((await leaseOf(stage)).spec.leaseTransitions).toBe(1);
    expect(await runningDigests(stage)).toEqual([digest]);
    expect((await rolloutsOf(stage)).map(({ revision }) => revision)).toEqual([1, 2]);
    await untilApp(stage, { reason: 'UpToDate' });
    expect(await outcomesIn(stage)).toEqual(['web-1 Succeeded']);
  });

  test('is frozen and wakes up when the other has taken over: it ends itself without a word to the cluster', async (context) => {
    const { stage, leader, other } = await inTheMiddle(context, 'frozen');

    process.kill(leader.pid, 'SIGSTOP');
    await untilUpdate(stage, 'web-1', { phases: ['Succeeded'] });
    await untilApp(stage, { reason: 'UpToDate' });
    const holder = (await leaseOf(stage)).spec.holderIdentity;
    process.kill(leader.pid, 'SIGCONT');
    await waitUntil('the former leader has ended', 30_000, async () => leader.ending !== undefined);

    expect(leader.ending).toBe('exit code 1');
    expect(other.ending).toBeUndefined();
    expect((await leaseOf(stage)).spec.holderIdentity).toBe(holder);
    expect(await outcomesIn(stage)).toEqual(['web-1 Succeeded']);
  });
});

interface Lease extends KubeObject {
  readonly spec: { readonly holderIdentity: string; readonly leaseTransitions: number };
}

/** Two replicas run, and the Update to 1.1.0 is healthy but must stay so for a while. */
async function inTheMiddle(context: TestContext, title: string) {
  const stage = await openStage(context, title);
  await stage.push({ tag: '1.0.0' });
  await runWeb(stage, { image: `${stage.repository()}:1.0.0` });
  const replicas = [startReplica(stage, 1), startReplica(stage, 2)];
  await waitUntil('one replica works', 20_000, async () => (await workingOf(replicas)).length === 1);
  const [leader] = await workingOf(replicas);
  const other = replicas.find((one) => one !== leader);
  if (!leader || !other) {
    throw new Error('both replicas work');
  }
  const digest = await stage.push({ tag: '1.1.0' });
  await putApp(stage, appSpec(stage, { health: { timeout: '60s', stableFor: '8s' } }));
  await untilUpdate(stage, 'web-1', { phases: ['Watching'] });
  expect(await isWorking(other)).toBe(false);
  return { stage, leader, other, digest };
}

function startReplica(stage: Stage, number: number): RunningProcess {
  const options = {
    kubeconfig: stage.kubeconfigPath,
    namespace: stage.namespace,
    'lease-namespace': stage.namespace,
    listen: '127.0.0.1:0',
  };
  const words = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
  const replica = warden.start({
    name: `${stage.namespace}-${number}`,
    program: process.execPath,
    arguments: [program, 'controller', ...words],
  });
  stage.atEnd(() => replica.stop('SIGKILL'));
  return replica;
}

async function workingOf(replicas: readonly RunningProcess[]): Promise<readonly RunningProcess[]> {
  const working = await Promise.all(replicas.map(isWorking));
  return replicas.filter((_, index) => working[index]);
}

/** Only the leader reads the cluster, and says so. */
async function isWorking({ logPath }: RunningProcess): Promise<boolean> {
  return (await readFile(logPath, 'utf8')).includes('"msg":"watching"');
}

async function leaseOf({ client, namespace }: Stage): Promise<Lease> {
  return await client.get<Lease>(leases, { namespace, name: 'headgate' });
}
