/** Two replicas: whichever a webhook reaches, the one that works acts on it. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, test, vi } from 'vitest';
import { freePort } from '../../../test/cluster/ports.ts';
import { connectTo, createNamespace } from '../../../test/kube/server-fixtures.ts';
import { createDeployment, pushVersions } from '../../../test/runtime-stage.ts';
import { type RunningRegistry, startRegistry } from '../../../test/servers/registry.ts';
import { apps, type ProductObject } from '../../adapters/cluster/kinds.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { Lease } from '../../kube/lease-term.ts';
import { leases } from '../../kube/resource-types.ts';
import { decodeApp } from '../../resources/app/decode-app.ts';
import { runController } from '../run-controller.ts';

interface Replica {
  readonly webhooks: string;
  readonly operations: string;
  stop(): Promise<void>;
}

let client: KubeClient;
let registry: RunningRegistry;
let namespace: string;
let replicas: Replica[];

beforeAll(async () => {
  client = await connectTo(inject('kubeconfig'));
  registry = await startRegistry();
  await pushVersions(registry.host, 'web', ['1.0.0', '1.1.0']);
});

beforeEach(async () => {
  namespace = await createNamespace(client);
  replicas = [];
});

afterEach(async () => {
  await Promise.all(replicas.map((replica) => replica.stop()));
});

afterAll(() => Promise.all([client.close(), registry.stop()]));

async function start(): Promise<Replica> {
  const stop = new AbortController();
  const address = async () => `127.0.0.1:${await freePort('127.0.0.1')}`;
  const [webhooks, operations] = [await address(), await address()];
  const ended = runController(
    {
      kubeconfig: inject('kubeconfig'),
      namespaces: [namespace],
      leaderElection: true,
      leaseNamespace: namespace,
      leaseName: 'headgate',
      listen: operations,
      logLevel: 'error',
      webhooks: { listen: webhooks, secretFiles: [], allowUnsigned: true },
    },
    stop.signal,
  );
  // Told by `stop`.
  ended.catch(() => undefined);
  const replica = {
    webhooks,
    operations,
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

async function metricsOf({ operations }: Replica): Promise<string> {
  const response = await fetch(`http://${operations}/metrics`).catch(() => undefined);
  return (await response?.text()) ?? '';
}

async function isStandby(replica: Replica): Promise<void> {
  await eventually(async () => expect(await metricsOf(replica)).toMatch(/^headgate_leader 0$/m));
}

async function announce({ webhooks }: Replica): Promise<{ status: number; text: string }> {
  const response = await fetch(`http://${webhooks}/v1/webhooks/native`, {
    method: 'POST',
    body: JSON.stringify({ name: `${registry.host}/web`, tag: '1.1.0' }),
  });
  return { status: response.status, text: await response.text() };
}

async function available(): Promise<string | undefined> {
  const { status } = decodeApp(await client.get<ProductObject>(apps, { namespace, name: 'web' }), 'web');
  return status?.waiting?.reason === 'ApprovalRequired' ? status.available : undefined;
}

test('what reaches the one that stands by is handed on', async () => {
  const first = await start();
  await eventually(async () => expect(await metricsOf(first)).toMatch(/^headgate_leader 1$/m));
  const second = await start();
  await isStandby(second);
  await createDeployment({ client, namespace }, 'web', `${registry.host}/web:1.0.0`);
  const image = { repository: `${registry.host}/web`, insecure: true, policy: { semver: { range: '1.x' } } };
  const spec = {
    trigger: 'Webhook',
    gates: { approvals: { required: 1 } },
    sources: [{ name: 'web', image }],
    deploy: { workloads: { targets: [{ name: 'web' }] } },
  };
  await client.create<ProductObject>(apps, { metadata: { namespace, name: 'web' }, spec });
  await eventually(async () => {
    const { status } = decodeApp(await client.get<ProductObject>(apps, { namespace, name: 'web' }), 'web');
    expect(status?.waiting?.reason).toBe('CheckPending');
  });

  expect(await announce(second)).toEqual({ status: 200, text: '' });

  await eventually(async () => expect(await available()).toBe('1.1.0'));
  expect(await metricsOf(second)).toMatch(/^headgate_webhook_requests_total\{sender="native",result="relayed"\} 1$/m);
  expect(await metricsOf(first)).toMatch(/^headgate_webhook_requests_total\{sender="native",result="woken"\} 1$/m);

  await first.stop();
  await eventually(async () => expect(await metricsOf(second)).toMatch(/^headgate_leader 1$/m));
  expect(await announce(second)).toEqual({ status: 200, text: '' });
});

test.each([
  ['nobody listens there', async () => `pod-1@127.0.0.1:${await freePort('127.0.0.1')}`],
  ['it takes no webhooks', async () => 'pod-1'],
  ['it does not say a host', async () => 'pod-1@:9300'],
])('503 while the one that works cannot be reached: %s', async (_, holder) => {
  const now = new Date().toISOString().replace('Z', '000Z');
  await client.create<Lease>(leases, {
    metadata: { namespace, name: 'headgate' },
    spec: { holderIdentity: await holder(), leaseDurationSeconds: 15, acquireTime: now, renewTime: now },
  });
  const replica = await start();
  await isStandby(replica);

  expect(await announce(replica)).toEqual({ status: 503, text: 'this replica stands by; try again\n' });
});

test('two that both stand by do not hand it to and fro', async () => {
  const first = await start();
  await eventually(async () => expect(await metricsOf(first)).toMatch(/^headgate_leader 1$/m));
  const second = await start();
  await isStandby(second);

  const response = await fetch(`http://${second.webhooks}/v1/webhooks/native`, {
    method: 'POST',
    headers: { 'headgate-relayed': '1' },
    body: JSON.stringify({ name: 'web', tag: '1' }),
  });

  expect(response.status).toBe(503);
});
