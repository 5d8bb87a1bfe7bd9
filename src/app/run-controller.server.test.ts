/** The controller as a whole: its sockets, its Lease, its end. */
import { createServer } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test, vi } from 'vitest';
import { freePort } from '../../test/cluster/ports.ts';
import { connectTo, createNamespace } from '../../test/kube/server-fixtures.ts';
import { apps, type ProductObject } from '../adapters/cluster/kinds.ts';
import type { KubeClient } from '../kube/client.ts';
import type { KubeObject } from '../kube/objects.ts';
import { leases } from '../kube/resource-types.ts';
import { runController } from './run-controller.ts';

interface Replica {
  ask(path: string): Promise<{ readonly status: number; readonly text: string }>;
  stop(): Promise<void>;
}

interface LeaseObject extends KubeObject {
  readonly spec: { readonly holderIdentity?: string };
}

let client: KubeClient;
let namespace: string;
let replicas: Replica[];

beforeAll(async () => {
  client = await connectTo(inject('kubeconfig'));
});

beforeEach(async () => {
  namespace = await createNamespace(client);
  replicas = [];
});

afterEach(async () => {
  await Promise.all(replicas.map((replica) => replica.stop()));
});

afterAll(() => client.close());

async function start(leaderElection: boolean): Promise<Replica> {
  const stop = new AbortController();
  const listen = `127.0.0.1:${await freePort('127.0.0.1')}`;
  const ended = runController(
    {
      kubeconfig: inject('kubeconfig'),
      namespaces: [namespace],
      leaderElection,
      leaseNamespace: namespace,
      leaseName: 'headgate',
      listen,
      logLevel: 'error',
    },
    stop.signal,
  );
  // Told by `stop`.
  ended.catch(() => undefined);
  const replica = {
    async ask(path: string) {
      const response = await fetch(`http://${listen}${path}`);
      return { status: response.status, text: await response.text() };
    },
    async stop() {
      stop.abort();
      await ended;
    },
  };
  replicas.push(replica);
  return replica;
}

function eventually(check: () => Promise<void>): Promise<void> {
  return vi.waitFor(check, { timeout: 20_000, interval: 50 });
}

async function expectReady(replica: Replica): Promise<void> {
  await eventually(async () => expect(await replica.ask('/readyz')).toEqual({ status: 200, text: 'ok\n' }));
}

async function isLeading(replica: Replica): Promise<boolean> {
  return /^headgate_leader 1$/m.test((await replica.ask('/metrics')).text);
}

const spec = {
  sources: [{ name: 'web', image: { repository: 'ghcr.io/org/web', policy: { semver: { range: '1.x' } } } }],
  deploy: { workloads: { targets: [{ name: 'web' }] } },
};

test('a controller becomes ready, and its metrics tell what its Apps wait for until they are gone', async () => {
  await client.create<ProductObject>(apps, { metadata: { namespace, name: 'web' }, spec });
  const replica = await start(false);
  const line = `headgate_app_waiting{namespace="${namespace}",app="web",reason="TargetNotFound"} 1`;

  await expectReady(replica);
  await eventually(async () => expect((await replica.ask('/metrics')).text).toContain(line));
  const { text } = await replica.ask('/metrics');
  expect(text).toMatch(/^headgate_reconcile_total\{controller="app",result="done"\} [1-9]/m);
  expect(text).toMatch(/^headgate_queue_depth\{controller="update"\} 0$/m);
  expect(await isLeading(replica)).toBe(true);

  await client.delete(apps, { namespace, name: 'web' });

  await eventually(async () => expect((await replica.ask('/metrics')).text).not.toContain(line));
});

describe('of two replicas', () => {
  test('one works, the other is ready to, and takes over when the first is told to stop', async () => {
    const first = await start(true);
    await eventually(async () => expect(await isLeading(first)).toBe(true));
    const second = await start(true);
    await expectReady(second);
    expect(await isLeading(second)).toBe(false);
    const holder = await holderOfLease();

    await first.stop();
    replicas.splice(0, 1);

    await eventually(async () => expect(await isLeading(second)).toBe(true));
    expect(await holderOfLease()).not.toBe(holder);
    await client.create<ProductObject>(apps, { metadata: { namespace, name: 'web' }, spec });
    await eventually(async () => expect((await second.ask('/metrics')).text).toContain('reason="TargetNotFound"'));
  });
});

async function holderOfLease(): Promise<string | undefined> {
  const lease = await client.get<LeaseObject>(leases, { namespace, name: 'headgate' });
  return lease.spec.holderIdentity;
}

test('a port that is taken ends the controller, and it says which', async () => {
  const port = await freePort('127.0.0.1');
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const settings = {
    kubeconfig: inject('kubeconfig'),
    namespaces: [namespace],
    leaderElection: false,
    leaseName: 'headgate',
    listen: `127.0.0.1:${port}`,
    logLevel: 'error',
  } as const;

  await expect(runController(settings, new AbortController().signal)).rejects.toThrow(`127.0.0.1:${port}`);

  await new Promise((resolve) => server.close(resolve));
});
