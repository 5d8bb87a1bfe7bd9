/** Changes as they come, over a real API server: to whom, again after a broken connection, and to a thousand. */
import { afterAll, afterEach, beforeAll, expect, inject, test, vi } from 'vitest';
import { type ApiStage, makePerson, openApiStage, reader } from '../../../test/api-stage.ts';
import { type EventStream, openEventStream, type StreamEvent } from '../../../test/event-stream.ts';
import { createNamespace } from '../../../test/kube/server-fixtures.ts';
import { apps, type ProductObject } from '../../adapters/cluster/kinds.ts';

let stage: ApiStage;
let token: string;
let streams: EventStream[] = [];

beforeAll(async () => {
  stage = await openApiStage(inject('kubeconfig'));
  token = await stage.person('reader', [reader]);
  await stage.client.create<ProductObject>(apps, {
    metadata: { namespace: stage.namespace, name: 'web' },
    spec: {
      suspend: true,
      sources: [{ name: 'web', image: { repository: 'ghcr.io/org/web', policy: { semver: { range: '1.x' } } } }],
      deploy: { workloads: { targets: [{ name: 'web' }] } },
    },
  });
});

afterEach(() => {
  for (const stream of streams) {
    stream.close();
  }
  streams = [];
});

afterAll(() => stage.stop());

async function open(query = '', headers: Readonly<Record<string, string>> = {}): Promise<EventStream> {
  const url = `${stage.address}/api/v1/watch${query}`;
  const stream = await openEventStream(url, { authorization: `Bearer ${token}`, ...headers });
  streams.push(stream);
  return stream;
}

/** Changes the App and answers its new version. */
async function touch(value: string): Promise<string> {
  const body = { metadata: { labels: { touched: value } } };
  const { metadata } = await stage.client.patch<ProductObject>(
    apps,
    { namespace: stage.namespace, name: 'web' },
    { kind: 'merge', body },
  );
  return metadata.resourceVersion ?? '';
}

function versions(events: readonly StreamEvent[]): readonly unknown[] {
  return events
    .filter(({ event }) => event === 'change')
    .map(({ data }) => (data as { resourceVersion: string }).resourceVersion);
}

test('a change comes with kind, name and version, and nothing of its content', async () => {
  const stream = await open();
  expect(stream.headers['content-type']).toMatch('text/event-stream');
  expect(stream.headers['x-accel-buffering']).toBe('no');
  await stream.until((events) => expect(events).toMatchObject([{ event: 'hello' }]));

  const resourceVersion = await touch('once');

  await stream.until((events) => expect(versions(events)).toContain(resourceVersion));
  expect(stream.events.at(-1)?.data).toEqual({
    kind: 'App',
    namespace: stage.namespace,
    name: 'web',
    resourceVersion,
    change: 'changed',
  });
});

test('who comes back with the last id is told what it missed, once and in order', async () => {
  const stream = await open();
  await touch('before');
  await stream.until((events) => expect(versions(events).length).toBeGreaterThan(0));
  const last = stream.events.at(-1)?.id ?? '';
  stream.close();
  const missed = [await touch('one'), await touch('two')];

  const again = await open('', { 'last-event-id': last });
  const third = await touch('three');

  await again.until((events) => expect(versions(events)).toContain(third));
  expect(versions(again.events)).toEqual([...missed, third]);
});

test.each(['nonsense', 'another-process-12', ''])('an id that says nothing (%j) leads to reset', async (id) => {
  const stream = await open(`?lastEventId=${id}`);

  await stream.until((events) => expect(events).toMatchObject([{ event: 'reset' }]));
});

test('only the kinds and the namespace that were asked for come', async () => {
  const [updates, elsewhere, both] = await Promise.all([
    open('?kinds=Update'),
    open('?namespace=elsewhere'),
    open(`?kinds=App,Update&namespace=${stage.namespace}`),
  ]);

  const version = await touch('filtered');

  await both.until((events) => expect(versions(events)).toContain(version));
  expect([versions(updates.events), versions(elsewhere.events)]).toEqual([[], []]);
});

test('who may not list it is told nothing of it', async () => {
  const namespace = await createNamespace(stage.client);
  const stranger = await makePerson({ client: stage.client, namespace }, 'stranger', [reader]);
  const [theirs, ours] = [await open('', { authorization: `Bearer ${stranger}` }), await open()];

  const version = await touch('private');

  await ours.until((events) => expect(versions(events)).toContain(version));
  expect(theirs.events).toMatchObject([{ event: 'hello' }]);
});

test('without a token there is no stream', async () => {
  const response = await fetch(`${stage.address}/api/v1/watch`);

  expect(response.status).toBe(401);
  await response.body?.cancel();
});

test('a thousand clients are told of a change, and all are forgotten when they leave', async () => {
  const count = 1_000;
  const clients: EventStream[] = [];
  for (let made = 0; made < count; made += 50) {
    clients.push(...(await Promise.all(Array.from({ length: 50 }, () => open()))));
  }
  expect(clients.map(({ status }) => status)).toEqual(Array(count).fill(200));

  const version = await touch('thousand');

  await vi.waitFor(() => expect(clients.filter(({ events }) => !versions(events).includes(version))).toEqual([]), {
    timeout: 20_000,
    interval: 100,
  });
  for (const client of clients) {
    client.close();
  }
  await vi.waitFor(async () => {
    const text = await stage.apiMetrics.registry.metrics();
    expect(text).toMatch(/^headgate_api_watchers 0$/m);
  });
});

test('a client that does not read is sent away, and the others are told all the same', async () => {
  const [slow, quick] = [await open(), await open()];
  const first = await touch('first');
  await quick.until((events) => expect(versions(events)).toContain(first));
  slow.pause();
  const feed = {
    kind: 'App',
    resource: 'apps',
    namespace: stage.namespace,
    resourceVersion: '1',
    change: 'changed',
  } as const;

  for (let sent = 0; sent < 200_000 && !(await isDropped()); sent += 200) {
    for (let index = 0; index < 200; index += 1) {
      stage.publish({ ...feed, name: `${'x'.repeat(200)}-${sent + index}` });
    }
    const told = sent;
    await quick.until((events) => expect(events.length).toBeGreaterThan(told));
  }

  expect(await isDropped()).toBe(true);
  const version = await touch('after');
  await quick.until((events) => expect(versions(events)).toContain(version));
});

async function isDropped(): Promise<boolean> {
  const text = await stage.apiMetrics.registry.metrics();
  return /^headgate_api_watchers_dropped_total [1-9]/m.test(text);
}
