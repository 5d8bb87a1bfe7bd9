import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createManualClock } from '../../test/kube/manual-clock.ts';
import type { OperationError } from '../core/errors.ts';
import { createKubeClient, type KubeClient } from './client.ts';
import { startInformer } from './informer.ts';
import { configMaps } from './resource-types.ts';

/** What a real API server does too rarely to wait for it. */
type Script = (isWatch: boolean, lists: number, response: ServerResponse) => void;

let server: Server;
let client: KubeClient;
let stop: AbortController;
let script: Script;
let lists: number;

beforeEach(async () => {
  stop = new AbortController();
  lists = 0;
  server = createServer((request, response) => {
    const isWatch = new URL(request.url ?? '', 'http://x').searchParams.has('watch');
    lists += isWatch ? 0 : 1;
    script(isWatch, lists, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const credentials = { current: () => Promise.resolve({}), invalidate: () => false };
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  client = createKubeClient({ server: url, namespace: 'default', tls: {}, credentials });
});

afterEach(async () => {
  stop.abort();
  await client.close();
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`);
}

function listOf(...names: string[]) {
  const items = names.map((name) => ({ metadata: { name, namespace: 'demo', uid: name, resourceVersion: '1' } }));
  return { kind: 'ConfigMapList', metadata: { resourceVersion: '1' }, items };
}

function start() {
  const clock = createManualClock();
  const errors: OperationError[] = [];
  const options = { client, type: configMaps, signal: stop.signal, clock, random: () => 0.5 };
  const informer = startInformer({ ...options, onError: (error) => errors.push(error) });
  const advanceUntil = async (isDone: () => boolean) => {
    const patience = AbortSignal.timeout(10_000);
    while (!isDone()) {
      patience.throwIfAborted();
      await clock.advance(1_000);
    }
  };
  return { informer, errors, advanceUntil };
}

test('a version that the server refuses again and again, as after a restore of etcd, is given up for a new list', async () => {
  const tooLarge = { kind: 'Status', code: 504, reason: 'Timeout', message: 'Too large resource version' };
  script = (isWatch, count, response) =>
    isWatch
      ? answer(response, 200, { type: 'ERROR', object: tooLarge })
      : answer(response, 200, count === 1 ? listOf('a', 'b') : listOf('b'));
  const { informer, errors, advanceUntil } = start();

  await informer.synced;
  await advanceUntil(() => lists >= 2 && informer.store.size === 1);

  expect(errors.slice(0, 5).map((error) => error.code)).toEqual(Array(5).fill('API_UNAVAILABLE'));
  expect(informer.store.get('demo/b')).toBeDefined();
});

test('a list that fails is tried again until it succeeds', async () => {
  script = (isWatch, count, response) => {
    if (isWatch) {
      response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders();
    } else if (count <= 3) {
      answer(response, 403, { kind: 'Status', reason: 'Forbidden', message: 'User "a" cannot list' });
    } else {
      answer(response, 200, listOf('a'));
    }
  };
  const { informer, errors, advanceUntil } = start();

  await advanceUntil(() => informer.isSynced);

  expect(errors.map((error) => error.code)).toEqual(['API_FORBIDDEN', 'API_FORBIDDEN', 'API_FORBIDDEN']);
  expect(informer.health()).toMatchObject({ lists: 1, failures: 3 });
});

test('watches that end at once and say nothing are slowed down', async () => {
  script = (isWatch, _count, response) =>
    isWatch ? response.writeHead(200).end() : answer(response, 200, listOf('a'));
  const { informer, errors } = start();

  await informer.synced;
  await expect.poll(() => errors.length).toBe(1);

  expect(informer.health().watches).toBe(1);
  expect(errors[0]?.message).toBe('watch ConfigMap: ended at once');
});
