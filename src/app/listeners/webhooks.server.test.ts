/** From a push to a registry over a webhook to an Update, through the controller as it runs. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, test, vi } from 'vitest';
import { freePort } from '../../../test/cluster/ports.ts';
import { connectTo, createNamespace } from '../../../test/kube/server-fixtures.ts';
import { completeRollouts, createDeployment, pushVersions } from '../../../test/runtime-stage.ts';
import { type RunningRegistry, startRegistry } from '../../../test/servers/registry.ts';
import { apps, type ProductObject, updates } from '../../adapters/cluster/kinds.ts';
import type { KubeClient } from '../../kube/client.ts';
import { decodeApp } from '../../resources/app/decode-app.ts';
import { decodeUpdate } from '../../resources/update/decode-update.ts';
import { runController } from '../run-controller.ts';

let registry: RunningRegistry;
let client: KubeClient;
let directory: string;
let namespaces: readonly [string, string];
let address: string;
let stopping: AbortController;
let ended: Promise<void>;

beforeAll(async () => {
  client = await connectTo(inject('kubeconfig'));
  directory = await mkdtemp(join(tmpdir(), 'webhooks-'));
  await writeFile(join(directory, 'secret'), 'a secret');
});

afterAll(async () => {
  await client.close();
  await rm(directory, { recursive: true });
});

beforeEach(async () => {
  registry = await startRegistry();
  await pushVersions(registry.host, 'web', ['1.0.0']);
  await pushVersions(registry.host, 'other', ['1.0.0']);
  namespaces = [await createNamespace(client), await createNamespace(client)];
  address = `127.0.0.1:${await freePort('127.0.0.1')}`;
  stopping = new AbortController();
  ended = runController(
    {
      kubeconfig: inject('kubeconfig'),
      namespaces,
      leaderElection: false,
      leaseName: 'headgate',
      listen: '127.0.0.1:0',
      logLevel: 'error',
      webhooks: { listen: address, secretFiles: [join(directory, 'secret')], allowUnsigned: false },
    },
    stopping.signal,
  );
  // Told by afterEach.
  ended.catch(() => undefined);
  for (const namespace of namespaces) {
    completeRollouts({ client, namespace }, stopping.signal);
  }
});

afterEach(async () => {
  stopping.abort();
  await ended;
  await registry.stop();
});

/** An App that would look again in an hour; returns when it has looked once. */
async function putApp(namespace: string, name: string, repository = name): Promise<void> {
  await createDeployment({ client, namespace }, name, `${registry.host}/${repository}:1.0.0`);
  const image = { repository: `${registry.host}/${repository}`, insecure: true, policy: { semver: { range: '1.x' } } };
  const spec = {
    interval: '1h',
    sources: [{ name: 'web', image }],
    deploy: { workloads: { targets: [{ kind: 'Deployment', name }], imageReference: 'Tag' } },
    health: { stableFor: '1s' },
  };
  await client.create<ProductObject>(apps, { metadata: { namespace, name }, spec });
  await eventually(async () => {
    const { status } = decodeApp(await client.get<ProductObject>(apps, { namespace, name }), name);
    expect(status?.waiting?.reason).toBe('UpToDate');
  });
}

function eventually(check: () => Promise<void>): Promise<void> {
  return vi.waitFor(check, { timeout: 15_000, interval: 20 });
}

async function updatesOf(namespace: string): Promise<readonly (readonly [string | undefined, string | undefined])[]> {
  const { items } = await client.list<ProductObject>(updates, { namespace });
  return items.map((item) => {
    const { spec, status } = decodeUpdate(item, item.metadata.name);
    return [spec.changes[0]?.to.tag, status?.phase] as const;
  });
}

/** As the registry itself would announce it. */
async function announce(repository: string, tag: string, authorization = 'Bearer a secret'): Promise<number> {
  const event = { action: 'push', target: { repository, tag }, request: { host: registry.host } };
  const response = await fetch(`http://${address}/v1/webhooks/registry`, {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/vnd.docker.distribution.events.v1+json' },
    body: JSON.stringify({ events: [event] }),
  });
  await response.arrayBuffer();
  return response.status;
}

/** How often the tags of a repository were asked for. */
async function checksOf(repository: string): Promise<number> {
  const lines = await registry.accessLog();
  return lines.filter(({ path }) => path.startsWith(`/v2/${repository}/tags/list`)).length;
}

test('a pushed image is taken at once by the Apps of all namespaces on it, and by no other', async () => {
  const [here, there] = namespaces;
  await Promise.all([putApp(here, 'web'), putApp(there, 'web'), putApp(here, 'other')]);
  const before = await checksOf('other');
  await pushVersions(registry.host, 'web', ['1.1.0']);

  const beginsAt = performance.now();
  expect(await announce('web', '1.1.0')).toBe(200);

  await eventually(async () => {
    for (const namespace of namespaces) {
      expect((await updatesOf(namespace)).map(([tag]) => tag)).toEqual(['1.1.0']);
    }
  });
  // Their interval is an hour, and the answer of the first check was a moment old: only the webhook can have done it.
  expect(performance.now() - beginsAt).toBeLessThan(3_000);
  expect(await checksOf('other')).toBe(before);
});

test('a webhook that comes again and again costs a check a second, and no second Update', async () => {
  const [here] = namespaces;
  await putApp(here, 'web');
  await pushVersions(registry.host, 'web', ['1.1.0']);
  const before = await checksOf('web');

  const beginsAt = performance.now();
  while (performance.now() - beginsAt < 3_000) {
    expect(await announce('web', '1.1.0')).toBe(200);
  }
  const seconds = (performance.now() - beginsAt) / 1_000;
  const checks = (await checksOf('web')) - before;

  expect(checks).toBeGreaterThanOrEqual(2);
  // The end of the Update changes what the App depends on, and is a reason of its own to look.
  expect(checks).toBeLessThanOrEqual(seconds + 4);
  await eventually(async () => expect(await updatesOf(here)).toEqual([['1.1.0', 'Succeeded']]));
});

test('without the secret nothing happens; of an image that nobody follows nothing is asked', async () => {
  const [here] = namespaces;
  await putApp(here, 'web');
  await pushVersions(registry.host, 'web', ['1.1.0']);
  const before = await checksOf('web');

  expect(await announce('web', '1.1.0', '')).toBe(401);
  expect(await announce('web', '1.1.0', 'Bearer another')).toBe(401);
  expect(await announce('none', '1.1.0')).toBe(200);

  // What those might have caused would have been caused before what this one does.
  await announce('web', '1.1.0');
  await eventually(async () => expect(await updatesOf(here)).toHaveLength(1));
  expect(await checksOf('none')).toBe(0);
  expect(before).toBe(1);
});

test('it is not started when nobody could be believed', async () => {
  const settings = {
    kubeconfig: inject('kubeconfig'),
    namespaces,
    leaderElection: false,
    leaseName: 'headgate',
    listen: '127.0.0.1:0',
    logLevel: 'error',
    webhooks: { listen: '127.0.0.1:0', secretFiles: [], allowUnsigned: false },
  } as const;

  await expect(runController(settings, stopping.signal)).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining('--allow-unsigned-webhooks'),
  });
});
