import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { createManualClock } from '../../test/kube/manual-clock.ts';
import { connectTo } from '../../test/kube/server-fixtures.ts';
import type { KubeClient } from './client.ts';
import { createDiscovery } from './discovery.ts';
import type { KubeObject } from './objects.ts';
import * as types from './resource-types.ts';

let client: KubeClient;

beforeAll(async () => {
  client = await connectTo(inject('kubeconfig'));
});

afterAll(() => client.close());

test.each(Object.entries(types).map(([name, type]) => ({ name, type })))(
  '$name is what the server says',
  async ({ type }) => {
    const apiVersion = type.group === '' ? type.version : `${type.group}/${type.version}`;

    expect(await createDiscovery({ client }).resourceType(apiVersion, type.kind)).toEqual(type);
  },
);

test('a kind that comes into being is found, a missing one is asked for at most once in the interval', async () => {
  const clock = createManualClock();
  const discovery = createDiscovery({ client, clock, minIntervalMs: 10_000 });
  await expect(discovery.resourceType('example.org/v1', 'Gadget')).rejects.toMatchObject({
    code: 'API_NOT_FOUND',
    retry: 'backoff',
  });

  await createGadgets();
  expect(await discovery.findResourceType('example.org/v1', 'Gadget')).toBeUndefined();

  await expect
    .poll(async () => {
      await clock.advance(10_000);
      return discovery.findResourceType('example.org/v1', 'Gadget');
    })
    .toEqual({ group: 'example.org', version: 'v1', plural: 'gadgets', kind: 'Gadget', namespaced: false });
});

function createGadgets(): Promise<KubeObject> {
  return client.create<KubeObject & { spec: object }>(types.customResourceDefinitions, {
    metadata: { name: 'gadgets.example.org' },
    spec: {
      group: 'example.org',
      scope: 'Cluster',
      names: { plural: 'gadgets', singular: 'gadget', kind: 'Gadget', listKind: 'GadgetList' },
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
    },
  });
}
