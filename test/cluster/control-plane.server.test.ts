import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { afterEach, expect, test } from 'vitest';
import { type ControlPlane, type ControlPlaneOptions, startControlPlane } from './control-plane.ts';
import { waitUntil } from './wait-until.ts';

const started: ControlPlane[] = [];

afterEach(async () => {
  await Promise.all(started.splice(0).map((controlPlane) => controlPlane.stop()));
});

async function start(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const controlPlane = await startControlPlane(options);
  started.push(controlPlane);
  return controlPlane;
}

const configMaps = '/api/v1/namespaces/default/configmaps';

/** Writes the ConfigMap and returns its new resourceVersion. */
async function write({ client }: ControlPlane, name: string, value: string): Promise<string> {
  await client.apply(`${configMaps}/${name}`, {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name },
    data: { value },
  });
  const { text } = await client.send('GET', `${configMaps}/${name}`);
  return (JSON.parse(text) as { metadata: { resourceVersion: string } }).metadata.resourceVersion;
}

/** Watches for a second from the version; the answer is the status code and every event that came. */
async function watchFrom({ client }: ControlPlane, resourceVersion: string): Promise<{ status: number; text: string }> {
  return await client.send('GET', `${configMaps}?watch=true&timeoutSeconds=1&resourceVersion=${resourceVersion}`);
}

test('two control planes run side by side, and stop() leaves no folder', async () => {
  const [hub, member] = await Promise.all([start({ name: 'hub' }), start({ name: 'member' })]);

  await write(hub, 'only-in-hub', '1');

  expect((await member.client.send('GET', `${configMaps}/only-in-hub`)).status).toBe(404);
  expect((await stat(hub.kubeconfigPath)).mode & 0o777).toBe(0o600);
  await hub.stop();
  expect(existsSync(hub.directory)).toBe(false);
});

test.each(['SIGTERM', 'SIGKILL'] as const)(
  'after %s the API server comes back on its port with its objects',
  async (signal) => {
    const controlPlane = await start();
    const { client, server } = controlPlane;
    await write(controlPlane, 'kept', '1');

    await controlPlane.stopApiServer(signal);
    await expect(client.send('GET', '/readyz')).rejects.toThrow(/ECONNREFUSED|closed/);
    await controlPlane.startApiServer();

    expect(controlPlane.server).toBe(server);
    expect((await client.send('GET', `${configMaps}/kept`)).status).toBe(200);
  },
);

test('without the watch cache, a watch from before the compaction gets 410', async () => {
  const controlPlane = await start({ watchCache: false });
  const old = await write(controlPlane, 'changed', '1');
  const newest = await write(controlPlane, 'changed', '2');
  expect((await watchFrom(controlPlane, old)).text).toContain('"value":"2"');

  await controlPlane.compactEtcd();

  expect((await watchFrom(controlPlane, old)).text).toContain('"code":410');
  expect((await watchFrom(controlPlane, newest)).text).toContain('"code":410');
});

test('with the watch cache, the 410 comes after a restart of the API server', async () => {
  const controlPlane = await start();
  const old = await write(controlPlane, 'changed', '1');
  const newest = await write(controlPlane, 'changed', '2');
  await controlPlane.compactEtcd();
  expect((await watchFrom(controlPlane, old)).text).toContain('"value":"2"');

  await controlPlane.stopApiServer('SIGKILL');
  await controlPlane.startApiServer();

  expect((await watchFrom(controlPlane, old)).text).toContain('"code":410');
  expect((await watchFrom(controlPlane, newest)).text).toContain('"code":410');
});

test('with controllers, namespaces get their ServiceAccount and Deployments their ReplicaSets', async () => {
  const { client } = await start({ controllers: true });
  await waitUntil('the default ServiceAccount exists', 20_000, async () => {
    return (await client.send('GET', '/api/v1/namespaces/default/serviceaccounts/default')).status === 200;
  });

  const labels = { app: 'web' };
  await client.apply('/apis/apps/v1/namespaces/default/deployments/web', {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web' },
    spec: {
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'web', image: 'example.test/web:1' }] } },
    },
  });

  await waitUntil('a Pod exists', 20_000, async () => {
    return (await client.send('GET', '/api/v1/namespaces/default/pods?labelSelector=app%3Dweb')).text.includes(
      '"phase":"Pending"',
    );
  });
});
