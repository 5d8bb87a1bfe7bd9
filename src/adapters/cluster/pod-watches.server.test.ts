/** On a real API server behind a proxy that counts what is watched. */
import { afterEach, beforeEach, expect, inject, test, vi } from 'vitest';
import { connectTo, createNamespace } from '../../../test/kube/server-fixtures.ts';
import { type ApiProxy, startApiProxy } from '../../../test/servers/api-proxy.ts';
import { createKubeClient, type KubeClient } from '../../kube/client.ts';
import type { KubeObject } from '../../kube/objects.ts';
import { pods } from '../../kube/resource-types.ts';
import { PodWatches } from './pod-watches.ts';

const never = new AbortController().signal;

let client: KubeClient;
let counted: KubeClient;
let proxy: ApiProxy;
let namespace: string;
let stop: AbortController;
let told: string[];
let watches: PodWatches;

beforeEach(async () => {
  client = await connectTo(inject('kubeconfig'));
  namespace = await createNamespace(client);
  proxy = await startApiProxy(inject('kubeconfig'));
  counted = createKubeClient(proxy.config);
  stop = new AbortController();
  told = [];
  const onChange = (watcher: string) => void told.push(watcher);
  const onError = (error: Error) => expect.fail(error.message);
  watches = new PodWatches({ client: counted, onChange, onError, signal: stop.signal });
});

afterEach(async () => {
  stop.abort();
  await counted.close();
  await Promise.all([proxy.stop(), client.close()]);
});

async function createPod(name: string, app: string): Promise<void> {
  const spec = { containers: [{ name: 'main', image: 'example.org/app:1' }] };
  const object = { metadata: { namespace, name, labels: { app, track: 'stable' } }, spec };
  await client.create<KubeObject>(pods, object);
}

const look = async (watcher: string, app: string) => {
  const found = await watches.watch(watcher, { namespace, uid: app, selector: `app=${app},track in (stable)` }, never);
  return found.map(({ name }) => name).sort();
};

test('a few workloads have a watch each, many have one together, and nobody none', async () => {
  const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
  for (const name of names) {
    await createPod(`${name}-1`, name);
  }
  expect(await look('first', 'a')).toEqual(['a-1']);
  expect(await look('second', 'b')).toEqual(['b-1']);
  expect(proxy.openWatches().every((path) => path.includes('labelSelector'))).toBe(true);

  for (const name of names) {
    expect(await look('third', name)).toEqual([`${name}-1`]);
  }
  await vi.waitFor(() => expect(proxy.openWatches()).toHaveLength(1));
  expect(proxy.openWatches()[0]).not.toContain('labelSelector');
  expect(await look('first', 'a')).toEqual(['a-1']);

  watches.unwatch('third');
  watches.unwatch('second');
  expect(proxy.openWatches()).toHaveLength(1);
  watches.unwatch('first');
  await vi.waitFor(() => expect(proxy.openWatches()).toEqual([]));
});

test('a change is told to those who look at that pod', async () => {
  for (const name of ['a', 'b', 'c', 'd', 'e']) {
    await look(`of ${name}`, name);
  }
  await look('of all', 'e');
  await vi.waitFor(() => expect(proxy.openWatches()).toHaveLength(1));

  await createPod('e-1', 'e');
  await vi.waitFor(() => expect(told.sort()).toEqual(['of all', 'of e']));
  await createPod('x-1', 'x');
  await createPod('b-1', 'b');

  await vi.waitFor(() => expect(told.sort()).toEqual(['of all', 'of b', 'of e']));
  expect(await look('of b', 'b')).toEqual(['b-1']);
});
