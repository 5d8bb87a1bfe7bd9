import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { connectTo, createNamespace } from '../../../test/kube/server-fixtures.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { KubeObject } from '../../kube/objects.ts';
import { configMaps } from '../../kube/resource-types.ts';
import { keepStepLog } from './step-logs.ts';

const signal = AbortSignal.timeout(60_000);

let client: KubeClient;

beforeAll(async () => {
  client = await connectTo(inject('kubeconfig'));
});

afterAll(() => client.close());

function updateIn(namespace: string) {
  return { metadata: { namespace, name: 'web-1', uid: '0d1c8a6e-0000-4000-8000-000000000000' }, spec: { app: 'web' } };
}

const read = async (namespace: string, name: string) =>
  await client.get<KubeObject & { readonly data: { readonly log: string } }>(configMaps, { namespace, name });

test('each attempt at a step has a log of its own, ten at most, and all belong to the Update', async () => {
  const update = updateIn(await createNamespace(client));
  const { namespace } = update.metadata;

  const names: (string | undefined)[] = [];
  for (let attempt = 1; attempt <= 11; attempt += 1) {
    names.push(await keepStepLog(client, { update, step: 'apply', text: `attempt ${attempt}` }, signal));
  }

  expect(names.slice(0, 2)).toEqual(['web-1.apply.log', 'web-1.apply-2.log']);
  expect(names[9]).toBe('web-1.apply-10.log');
  expect(names[10]).toBeUndefined();
  expect(await keepStepLog(client, { update, step: 'test 1', text: '' }, signal)).toBe('web-1.test-1.log');
  const second = await read(namespace, 'web-1.apply-2.log');
  expect(second.data).toEqual({ log: 'attempt 2' });
  expect(second.metadata).toMatchObject({ ownerReferences: [{ kind: 'Update', uid: update.metadata.uid }] });
});

test('of a log that is too long the end is kept, and its first line says how much was before', async () => {
  const update = updateIn(await createNamespace(client));
  const text = `${'ä'.repeat(400_000)}the end`;

  await keepStepLog(client, { update, step: 'apply', text }, signal);

  const { log } = (await read(update.metadata.namespace, 'web-1.apply.log')).data;
  expect(log.split('\n')[0]).toBe(`[${800_007 - 524_288} bytes before this were cut]`);
  expect(log.endsWith('ääthe end')).toBe(true);
});
