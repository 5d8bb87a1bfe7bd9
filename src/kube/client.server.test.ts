import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import {
  type ConfigMap,
  connectTo,
  createConfigMap,
  createNamespace,
  repeat,
} from '../../test/kube/server-fixtures.ts';
import { isOperationError, type OperationError } from '../core/errors.ts';
import type { KubeClient } from './client.ts';
import type { KubeObject } from './objects.ts';
import { configMaps, deployments, secrets } from './resource-types.ts';

let client: KubeClient;
let namespace: string;

beforeAll(async () => {
  client = await connectTo(inject('kubeconfig'));
  namespace = await createNamespace(client);
});

afterAll(() => client.close());

interface Deployment extends KubeObject {
  readonly spec: { readonly replicas: number; readonly selector: object; readonly template: object };
  readonly status?: { readonly replicas?: number };
}

async function failureOf(action: Promise<unknown>): Promise<OperationError> {
  const outcome = await action.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!isOperationError(outcome)) {
    throw new Error(`no OperationError: ${String(outcome)}`);
  }
  return outcome;
}

describe('one object', () => {
  test('is created, read, replaced, patched and deleted', async () => {
    const key = { namespace, name: 'life' };

    const created = await createConfigMap(client, namespace, 'life', { step: '1' });
    const replaced = await client.replace<ConfigMap>(configMaps, { ...created, data: { step: '2' } });
    const merged = await client.patch<ConfigMap>(configMaps, key, { kind: 'merge', body: { data: { more: 'x' } } });
    const patched = await client.patch<ConfigMap>(configMaps, key, {
      kind: 'json',
      body: [
        { op: 'test', path: '/data/step', value: '2' },
        { op: 'replace', path: '/data/step', value: '3' },
      ],
    });
    await client.delete(configMaps, key, { uid: created.metadata.uid ?? '' });

    expect(created).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap', data: { step: '1' } });
    expect(replaced.data).toEqual({ step: '2' });
    expect(merged.data).toEqual({ step: '2', more: 'x' });
    expect(patched.data).toEqual({ step: '3', more: 'x' });
    expect(await client.find(configMaps, key)).toBeUndefined();
  });

  test('applies own fields, refuses those of another manager, and takes them by force', async () => {
    const key = { namespace, name: 'applied' };
    const body = (data: Record<string, string>) => ({
      kind: 'apply' as const,
      body: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'applied' }, data },
    });
    await client.patch(configMaps, key, body({ a: '1' }), { fieldManager: 'first' });

    const refused = await failureOf(client.patch(configMaps, key, body({ a: '2' }), { fieldManager: 'second' }));
    const forced = await client.patch<ConfigMap>(configMaps, key, body({ a: '2' }), {
      fieldManager: 'second',
      force: true,
    });

    expect(refused).toMatchObject({ code: 'API_CONFLICT', retry: 'never' });
    expect(refused.context).toMatchObject({ reason: 'FieldManagerConflict', fields: '.data.a' });
    expect(forced.data).toEqual({ a: '2' });
  });

  test('a dry run changes nothing', async () => {
    await client.create<ConfigMap>(configMaps, { metadata: { namespace, name: 'dry' } }, { dryRun: true });

    expect(await client.find(configMaps, { namespace, name: 'dry' })).toBeUndefined();
  });

  test('status is written apart from the rest', async () => {
    const template = {
      metadata: { labels: { a: 'b' } },
      spec: { containers: [{ name: 'c', image: 'example.org/c' }] },
    };
    const created = await client.create<Deployment>(deployments, {
      metadata: { namespace, name: 'd' },
      spec: { replicas: 0, selector: { matchLabels: { a: 'b' } }, template },
    });

    const spec = { ...created.spec, replicas: 7 };
    const answer = await client.replaceStatus<Deployment>(deployments, { ...created, spec, status: { replicas: 3 } });

    expect(answer.status?.replicas).toBe(3);
    expect(answer.spec.replicas).toBe(0);
  });
});

describe('refusals', () => {
  const missing = () => ({ namespace, name: 'missing' });

  test.each<{ name: string; act: () => Promise<unknown>; code: string; message: RegExp }>([
    {
      name: 'get what is not there',
      act: () => client.get(configMaps, missing()),
      code: 'API_NOT_FOUND',
      message: /^get ConfigMap test-\S+\/missing: 404 Not Found: configmaps "missing" not found$/,
    },
    {
      name: 'delete what is not there',
      act: () => client.delete(configMaps, missing()),
      code: 'API_NOT_FOUND',
      message: /^delete ConfigMap /,
    },
    {
      name: 'create in a namespace that is not there',
      act: () => createConfigMap(client, 'no-such-namespace', 'a'),
      code: 'API_NOT_FOUND',
      message: /namespaces "no-such-namespace" not found/,
    },
    {
      name: 'a field that is not valid',
      act: () => createConfigMap(client, namespace, 'Not-A-Name'),
      code: 'API_INVALID',
      message: /422 Unprocessable Content: .*metadata.name/,
    },
    {
      name: 'a field that does not exist, when strict',
      act: () =>
        client.create<ConfigMap>(configMaps, { metadata: { namespace, name: 'a' }, dato: {} } as never, {
          fieldValidation: 'Strict',
        }),
      code: 'API_INVALID',
      message: /400 Bad Request: .*unknown field "dato"/,
    },
    {
      name: 'a json patch whose test does not hold',
      act: async () => {
        await createConfigMap(client, namespace, 'tested', { a: '1' });
        const body = [{ op: 'test', path: '/data/a', value: '2' }];
        return client.patch(configMaps, { namespace, name: 'tested' }, { kind: 'json', body });
      },
      code: 'API_INVALID',
      message: /422/,
    },
  ])('$name: $code', async ({ act, code, message }) => {
    const error = await failureOf(act());

    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
    expect(error.retry).toBe('never');
  });

  test('create twice, replace a stale version, delete another uid: API_CONFLICT with its reason', async () => {
    const first = await createConfigMap(client, namespace, 'twice');
    await client.replace<ConfigMap>(configMaps, { ...first, data: { newer: 'yes' } });

    const again = await failureOf(createConfigMap(client, namespace, 'twice'));
    const stale = await failureOf(client.replace(configMaps, first));
    const other = await failureOf(client.delete(configMaps, { namespace, name: 'twice' }, { uid: 'another' }));

    expect([again, stale, other].map((error) => [error.code, error.context['reason']])).toEqual([
      ['API_CONFLICT', 'AlreadyExists'],
      ['API_CONFLICT', 'Conflict'],
      ['API_CONFLICT', 'Conflict'],
    ]);
  });

  test('what validation quotes of a Secret does not reach the message', async () => {
    const error = await failureOf(
      client.create(secrets, {
        metadata: { namespace, name: 's' },
        type: 'kubernetes.io/dockerconfigjson',
        data: { '.dockerconfigjson': 'aHVudGVyMg==' },
      } as never),
    );

    expect(error.code).toBe('API_INVALID');
    expect(error.message).not.toMatch(/hunter2|aHVudGVyMg/);
    expect(error.context['fields']).toContain('data[.dockerconfigjson]');
  });

  test('an aborted call rejects with the reason of the signal', async () => {
    const reason = new Error('enough');

    await expect(client.get(configMaps, missing(), { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  test('an empty name never reaches the server', async () => {
    await expect(async () => client.delete(configMaps, { namespace, name: '' })).rejects.toMatchObject({
      code: 'INVARIANT',
    });
  });
});

describe('lists', () => {
  const count = 1_200;
  let large: string;

  beforeAll(async () => {
    large = await createNamespace(client);
    await repeat(count, (index) => createConfigMap(client, large, `item-${index}`, { text: 'x'.repeat(1_000) }));
  });

  test.each([
    { pageSize: 100, pages: 12 },
    { pageSize: 500, pages: 3 },
    { pageSize: 5_000, pages: 1 },
  ])('of 1,200 objects in pages of $pageSize: $pages pages, every object once', async ({ pageSize, pages }) => {
    const seen: string[] = [];
    let number = 0;

    for await (const page of client.listPages(configMaps, { namespace: large, pageSize })) {
      number += 1;
      expect(page.isFirst).toBe(number === 1);
      seen.push(...page.items.map((item) => item.metadata.name));
    }

    expect(number).toBe(pages);
    expect(new Set(seen).size).toBe(count);
    expect(seen.length).toBe(count);
  });

  test('pages that are larger than the limit of a body are asked for in smaller pieces', async () => {
    const tight = await connectTo(inject('kubeconfig'), { maxBodyBytes: 200_000 });

    const list = await tight.list<ConfigMap>(configMaps, { namespace: large });

    expect(list.items.length).toBe(count);
    await tight.close();
  });

  test('items carry apiVersion and kind, also when only metadata is sent', async () => {
    const whole = await client.list<ConfigMap>(configMaps, { namespace: large, fieldSelector: 'metadata.name=item-7' });
    const slim = await client.list<ConfigMap>(configMaps, {
      namespace: large,
      fieldSelector: 'metadata.name=item-7',
      metadataOnly: true,
    });

    expect(whole.items).toMatchObject([{ apiVersion: 'v1', kind: 'ConfigMap', data: {} }]);
    expect(slim.items).toMatchObject([{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'item-7' } }]);
    expect(slim.items[0]?.data).toBeUndefined();
  });

  test('more objects than allowed is an error, not a part of them', async () => {
    const error = await failureOf(client.list(configMaps, { namespace: large, pageSize: 500, maxItems: 700 }));

    expect(error.message).toBe('list ConfigMap: more than 700 objects');
  });
});

test('calls of other groups and the raw request share the client', async () => {
  const list = await client.list(deployments, { labelSelector: 'no=such' });
  const version = await client.request({ what: 'get version', method: 'GET', path: '/version' });
  const ready = await client.request({ what: 'get readyz', method: 'GET', path: '/readyz', accept: 'text/plain' });

  expect(list.items).toEqual([]);
  expect(version).toMatchObject({ major: '1' });
  expect(ready).toBe('ok');
});
