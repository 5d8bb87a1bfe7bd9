import { expect, inject, test } from 'vitest';
import { collectGarbage } from '../../../test/collect-garbage.ts';
import { connectTo, createConfigMap, createNamespace } from '../../../test/kube/server-fixtures.ts';
import { configMaps } from '../../kube/resource-types.ts';
import { ClusterAppObjects } from './app-objects.ts';

const never = new AbortController().signal;
const count = 200;

test(`what is kept in memory of ${count} small revisions is small`, async () => {
  const client = await connectTo(inject('kubeconfig'));
  const namespace = await createNamespace(client);
  const { metadata } = await createConfigMap(client, namespace, 'owner');
  const app = { namespace, name: 'owner', uid: metadata.uid ?? '' };
  const objects = new ClusterAppObjects(client, configMaps);
  collectGarbage();
  const before = process.memoryUsage().arrayBuffers;

  for (let index = 0; index < count; index += 1) {
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: `one-${index}` } };
    await objects.writeRevision(app, { objects: [object], versions: [], settings: '' }, never);
  }

  collectGarbage();
  // A block of 64 KiB for each of them would be 12.5 MiB.
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 * 2 ** 20);
  await client.close();
});
