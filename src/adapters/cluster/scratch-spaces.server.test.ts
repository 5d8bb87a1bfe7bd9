/** Which namespaces of a real API server are taken for scratch namespaces, and removed. */
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { connectTo, createNamespace } from '../../../test/kube/server-fixtures.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { KubeObject } from '../../kube/objects.ts';
import { namespaces } from '../../kube/resource-types.ts';
import { createScratchSpaces } from './scratch-spaces.ts';

let client: KubeClient;

beforeAll(async () => {
  client = await connectTo(inject('kubeconfig'));
});

afterAll(() => client.close());

const { signal } = new AbortController();
const spaces = () =>
  createScratchSpaces({
    client,
    subscriptions: { findApp: () => undefined, applyApp: () => Promise.resolve() },
    onOpened: () => undefined,
  });

/** A namespace with these marks; that of its Channel is whole where nothing else is said. */
async function marked(marks: { readonly uid?: string; readonly annotations?: Readonly<Record<string, string>> }) {
  const name = await createNamespace(client);
  const labels = { 'headgate.dev/scratch-of': marks.uid ?? 'uid-1' };
  const { annotations = {} } = marks;
  const body = { metadata: { labels, annotations } };
  await client.patch(namespaces, { namespace: '', name }, { kind: 'merge', body });
  return name;
}

const whose = { 'headgate.dev/channel': 'hub/stable' };
const until = { 'headgate.dev/expires-at': '2026-05-04T12:00:00.000Z' };

test('one that says whose it is, and until when, is found, and removed', async () => {
  const namespace = await marked({ annotations: { ...whose, ...until } });

  const found = (await spaces().list(signal)).find((space) => space.namespace === namespace);

  expect(found).toEqual({
    namespace,
    channel: { namespace: 'hub', name: 'stable', uid: 'uid-1' },
    expiresAt: new Date('2026-05-04T12:00:00Z'),
  });
  expect(found && (await spaces().clear(found, signal))).toEqual({ heldBy: undefined });
  const object = await client.find<KubeObject>(namespaces, { namespace: '', name: namespace });
  expect(object === undefined || object.metadata.deletionTimestamp !== undefined).toBe(true);
});

test('nothing is left of a Channel whose namespace is somebody else’s, which stays', async () => {
  const namespace = await marked({ uid: 'uid-2', annotations: { ...whose, ...until } });
  const space = { namespace, channel: { namespace: 'hub', name: 'stable', uid: 'uid-1' } };

  expect(await spaces().clear(space, signal)).toBeUndefined();

  const object = await client.get<KubeObject>(namespaces, { namespace: '', name: namespace });
  expect(object.metadata.deletionTimestamp).toBeUndefined();
});

describe('left alone is one', () => {
  test.each([
    { what: 'with the label alone', marks: {} },
    { what: 'that does not say until when', marks: { annotations: whose } },
    { what: 'whose time cannot be read', marks: { annotations: { ...whose, 'headgate.dev/expires-at': 'soon' } } },
    { what: 'that does not say whose it is', marks: { annotations: until } },
    { what: 'of no Channel', marks: { annotations: { ...until, 'headgate.dev/channel': 'stable' } } },
    { what: 'with an empty label', marks: { uid: '', annotations: { ...whose, ...until } } },
  ])('$what', async ({ marks }) => {
    const name = await marked(marks);

    const found = await spaces().list(signal);

    expect(found.map(({ namespace }) => namespace)).not.toContain(name);
  });
});
