import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test, vi } from 'vitest';
import { type ControlPlane, startControlPlane } from '../../test/cluster/control-plane.ts';
import {
  type ConfigMap,
  connectTo,
  createConfigMap,
  createNamespace,
  repeat,
} from '../../test/kube/server-fixtures.ts';
import { openTcpLink, type TcpLink } from '../../test/kube/tcp-link.ts';
import type { OperationError } from '../core/errors.ts';
import type { KubeClient } from './client.ts';
import { type Informer, type InformerOptions, startInformer } from './informer.ts';
import { configMaps } from './resource-types.ts';

let stop: AbortController;
const informers: Informer<ConfigMap>[] = [];

beforeEach(() => {
  stop = new AbortController();
});

afterEach(async () => {
  stop.abort();
  await Promise.all(informers.splice(0).map((informer) => informer.stopped));
});

/** An informer on ConfigMaps that writes down what it was told. */
function observe(options: Omit<InformerOptions<ConfigMap>, 'type' | 'signal'>) {
  const changes: string[] = [];
  const errors: OperationError[] = [];
  const informer = startInformer<ConfigMap>({
    type: configMaps,
    signal: stop.signal,
    onChange: (object, _previous, kind) => changes.push(`${kind} ${object.metadata.name}`),
    onError: (error) => errors.push(error),
    ...options,
  });
  informers.push(informer);
  return { informer, changes, errors };
}

function namesIn(informer: Informer<ConfigMap>): string[] {
  return informer.store
    .list()
    .map((object) => object.metadata.name)
    .sort();
}

function eventually(check: () => void, timeout = 15_000): Promise<void> {
  return vi.waitFor(check, { timeout, interval: 20 });
}

describe('on the shared API server', () => {
  let client: KubeClient;
  let namespace: string;

  beforeAll(async () => {
    client = await connectTo(inject('kubeconfig'));
  });

  beforeEach(async () => {
    namespace = await createNamespace(client);
  });

  afterAll(() => client.close());

  test('follows create, update and delete', async () => {
    await createConfigMap(client, namespace, 'early');
    const { informer, changes } = observe({ client, namespace });
    await informer.synced;
    expect(namesIn(informer)).toEqual(['early']);

    const late = await createConfigMap(client, namespace, 'late', { v: '1' });
    await client.replace<ConfigMap>(configMaps, { ...late, data: { v: '2' } });
    await client.delete(configMaps, { namespace, name: 'early' });

    await eventually(() => expect(changes).toEqual(['added early', 'added late', 'modified late', 'deleted early']));
    expect(informer.store.get(`${namespace}/late`)?.data).toEqual({ v: '2' });
    expect(informer.store.get(`${namespace}/late`)).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap' });
    expect(informer.store.get(`${namespace}/late`)?.metadata.managedFields).toBeUndefined();
    expect(informer.health()).toMatchObject({ lists: 1, watches: 1, failures: 0 });
  });

  test('keeps indexes in step and only what the transform leaves', async () => {
    const { informer } = observe({
      client,
      namespace,
      indexers: { colour: (object) => (object.metadata.labels?.['colour'] ?? '').split('.').filter(Boolean) },
      transform: ({ data: _data, ...rest }) => rest,
    });
    await informer.synced;
    const make = (name: string, colour: string) =>
      client.create<ConfigMap>(configMaps, { metadata: { namespace, name, labels: { colour } }, data: { big: 'x' } });

    const first = await make('first', 'red.blue');
    await make('second', 'red');
    await eventually(() => expect(informer.store.size).toBe(2));
    expect(informer.store.byIndex('colour', 'red').length).toBe(2);
    await client.replace<ConfigMap>(configMaps, {
      ...first,
      metadata: { ...first.metadata, labels: { colour: 'blue' } },
    });
    await client.delete(configMaps, { namespace, name: 'second' });

    await eventually(() => expect(informer.store.byIndex('colour', 'red')).toEqual([]));
    expect(informer.store.byIndex('colour', 'blue').map((object) => object.metadata.name)).toEqual(['first']);
    expect(informer.store.get(`${namespace}/first`)?.data).toBeUndefined();
    expect(() => informer.store.byIndex('size', 'x')).toThrow(/not declared/);
  });

  test('with metadata only and selectors holds just that', async () => {
    const { informer } = observe({ client, namespace, metadataOnly: true, labelSelector: 'keep=yes' });
    await informer.synced;

    await client.create<ConfigMap>(configMaps, { metadata: { namespace, name: 'no' }, data: { a: '1' } });
    await client.create<ConfigMap>(configMaps, {
      metadata: { namespace, name: 'yes', labels: { keep: 'yes' } },
      data: { a: '1' },
    });

    await eventually(() => expect(namesIn(informer)).toEqual(['yes']));
    expect(informer.store.list()[0]).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap' });
    expect(informer.store.list()[0]?.data).toBeUndefined();
  });

  test('an exception of onChange is told and stops nothing', async () => {
    const { informer, errors } = observe({
      client,
      namespace,
      onChange: (object) => {
        throw new Error(`no ${object.metadata.name}`);
      },
    });
    await informer.synced;

    await createConfigMap(client, namespace, 'a');
    await createConfigMap(client, namespace, 'b');

    await eventually(() => expect(namesIn(informer)).toEqual(['a', 'b']));
    expect(errors.map((error) => [error.code, (error.cause as Error).message])).toEqual([
      ['INVARIANT', 'no a'],
      ['INVARIANT', 'no b'],
    ]);
    expect(informer.health().watches).toBe(1);
  });

  test('goes on from where it was when the server ends the watch', async () => {
    const { informer, changes } = observe({ client, namespace, watchTimeoutSeconds: 1 });
    await informer.synced;
    await eventually(() => expect(informer.health().watches).toBeGreaterThan(2));

    await createConfigMap(client, namespace, 'a');

    await eventually(() => expect(changes).toEqual(['added a']));
    expect(informer.health()).toMatchObject({ lists: 1, failures: 0 });
  });

  test('a connection that went silent is given up and nothing is missed', async () => {
    const link = await openTcpLink(Number(new URL(await serverOf(client)).port));
    const linked = await connectTo(inject('kubeconfig'), { port: link.port });
    const { informer, errors } = observe({ client: linked, namespace, silenceMs: 2_000 });
    await informer.synced;
    await eventually(() => expect(link.open).toBe(2));

    link.freeze();
    await createConfigMap(client, namespace, 'unheard');
    link.thaw();

    await eventually(() => expect(namesIn(informer)).toEqual(['unheard']));
    // At least once: on a slow machine a quiet namespace may be silent for so long before the link is frozen as well.
    expect(errors.length).toBeGreaterThan(0);
    for (const error of errors) {
      expect(error.message).toMatch(/^watch ConfigMap in \S+: neither event nor bookmark/);
    }
    await linked.close();
    await link.close();
  });

  test('synced rejects when the informer is stopped before', async () => {
    const { informer } = observe({ client, namespace });
    const reason = new Error('stop');

    stop.abort(reason);

    await expect(informer.synced).rejects.toBe(reason);
    await informer.stopped;
  });

  test('10,000 objects arrive in pages of bounded size and take bounded memory', { timeout: 180_000 }, async () => {
    const count = 10_000;
    await repeat(count, (index) => createConfigMap(client, namespace, `item-${index}`, { text: 'x'.repeat(2_000) }));
    const small = await connectTo(inject('kubeconfig'), { maxBodyBytes: 1024 * 1024 });
    const before = heapBytes();

    const { informer, changes, errors } = observe({
      client: small,
      namespace,
      transform: ({ data: _data, ...rest }) => rest,
    });
    await informer.synced;

    expect(informer.store.size).toBe(count);
    expect(changes.length).toBe(count);
    expect(errors).toEqual([]);
    // 22 MB of text and as much of managedFields stay behind; an object without both needs about 1 kB.
    expect(heapBytes() - before).toBeLessThan(25_000_000);
    await small.close();
  });
});

describe('on an API server of its own', () => {
  let plane: ControlPlane;
  let client: KubeClient;
  let namespace: string;
  let link: TcpLink;
  let linked: KubeClient;

  beforeAll(async () => {
    // Without the watch cache, etcd answers watches itself, and a compaction there is what clients notice.
    plane = await startControlPlane({ watchCache: false });
    client = await connectTo(plane.kubeconfigPath);
    link = await openTcpLink(Number(new URL(plane.server).port));
    linked = await connectTo(plane.kubeconfigPath, { port: link.port });
  });

  beforeEach(async () => {
    namespace = await createNamespace(client);
    for (const name of ['gone', 'kept', 'made-anew']) {
      await createConfigMap(client, namespace, name, { v: '1' });
    }
  });

  afterAll(async () => {
    await linked.close();
    await client.close();
    await link.close();
    await plane.stop();
  });

  async function changeEverything(): Promise<void> {
    await client.delete(configMaps, { namespace, name: 'gone' });
    await client.delete(configMaps, { namespace, name: 'made-anew' });
    await createConfigMap(client, namespace, 'made-anew', { v: '2' });
    await createConfigMap(client, namespace, 'new');
  }

  test('a version that etcd has forgotten (410) leads to a new list that finds what was deleted', async () => {
    const { informer, changes, errors } = observe({ client: linked, namespace });
    await informer.synced;
    await eventually(() => expect(informer.health().watches).toBe(1));

    link.cut();
    await changeEverything();
    await plane.compactEtcd();
    link.restore();

    await eventually(() => expect(namesIn(informer)).toEqual(['kept', 'made-anew', 'new']));
    expect(errors.map((error) => error.code)).toContain('API_GONE');
    expect(informer.health().lists).toBe(2);
    expect(changes.slice(3).sort()).toEqual(['added made-anew', 'added new', 'deleted gone', 'deleted made-anew']);
    expect(changes.indexOf('deleted made-anew')).toBeLessThan(changes.lastIndexOf('added made-anew'));
    expect(informer.store.get(`${namespace}/made-anew`)?.data).toEqual({ v: '2' });
  });

  test('410 in the middle of a list starts the list again', async () => {
    await repeat(30, (index) => createConfigMap(client, namespace, `page-${index}`));
    const starts: number[] = [];
    const seen = new Set<string>();
    let pages = 0;

    for await (const page of client.listPages(configMaps, { namespace, pageSize: 10 })) {
      pages += 1;
      if (page.isFirst) {
        starts.push(pages);
        seen.clear();
      }
      for (const item of page.items) {
        seen.add(item.metadata.name);
      }
      if (pages === 2) {
        await createConfigMap(client, namespace, 'meanwhile');
        await plane.compactEtcd();
      }
    }

    expect(starts).toEqual([1, 3]);
    expect(seen.size).toBe(34);
  });

  test('an API server that crashes and comes back is followed, with what was deleted meanwhile', {
    timeout: 90_000,
  }, async () => {
    const { informer, errors } = observe({ client: linked, namespace });
    await informer.synced;
    await eventually(() => expect(informer.health().watches).toBe(1));

    link.cut();
    await changeEverything();
    await plane.stopApiServer('SIGKILL');
    link.restore();
    await eventually(() => expect(errors.length).toBeGreaterThan(1));
    await plane.startApiServer();

    await eventually(() => expect(namesIn(informer)).toEqual(['kept', 'made-anew', 'new']), 30_000);
    await client.delete(configMaps, { namespace, name: 'kept' });
    await eventually(() => expect(namesIn(informer)).toEqual(['made-anew', 'new']));
    expect(errors.every((error) => error.code === 'API_UNAVAILABLE' || error.code === 'API_GONE')).toBe(true);
  });
});

async function serverOf(client: KubeClient): Promise<string> {
  const answer = (await client.request({ what: 'get addresses', method: 'GET', path: '/api' })) as {
    serverAddressByClientCIDRs: { serverAddress: string }[];
  };
  return `https://${answer.serverAddressByClientCIDRs[0]?.serverAddress}`;
}

function heapBytes(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed;
}
