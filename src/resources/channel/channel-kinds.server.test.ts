import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { digest } from '../../../test/fixtures.ts';
import { connectTo, createNamespace } from '../../../test/kube/server-fixtures.ts';
import { channels, type ProductObject, releases, subscriptions } from '../../adapters/cluster/kinds.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { ResourceType } from '../../kube/objects.ts';
import { decodeChannel, decodeChannelSpec } from './decode-channel.ts';
import { decodeRelease, decodeReleaseObject } from './decode-release.ts';
import { decodeSubscription, decodeSubscriptionSpec } from './decode-subscription.ts';

type Json = Readonly<Record<string, unknown>>;

let client: KubeClient;
let namespace: string;

beforeAll(async () => {
  client = await connectTo(inject('kubeconfig'));
});

beforeEach(async () => {
  namespace = await createNamespace(client);
});

afterAll(() => client.close());

const create = (type: ResourceType, name: string, spec: Json) =>
  client.create<ProductObject>(type, { metadata: { namespace, name }, spec });

const app = (name: string) => ({
  name,
  namespace: 'hub',
  definition: JSON.stringify({ interval: '5m', padding: 'x'.repeat(5_000) }),
  versions: [{ source: 'image', kind: 'Image', location: `ghcr.io/org/${name}`, tag: '1.0.0', digest: digest('a') }],
});
const release = { channel: 'stable', sequence: 1, createdAt: '2030-01-01T00:00:00Z', apps: [app('web')] };
const channel = { apps: { names: ['web'] }, publish: { folder: { path: 'stable' }, keysRef: { name: 'keys' } } };
const subscription = { url: 'https://hub.example/stable/', trustedRoot: { name: 'root' } };

test('the API server takes each of them, with the defaults that its page tells', async () => {
  const made = await create(releases, 'r1', {
    ...release,
    apps: Array.from({ length: 100 }, (_, at) => app(`a${at}`)),
  });
  const { apps } = decodeRelease('r1', decodeReleaseObject(made, 'Release r1').spec);
  expect(apps).toHaveLength(100);

  const spec = decodeChannelSpec(decodeChannel(await create(channels, 'stable', channel), 'Channel'));
  expect(spec).toMatchObject({ retention: 20, suspend: false });

  const follower = decodeSubscription(await create(subscriptions, 'stable', subscription), 'Subscription');
  expect(follower.spec).toMatchObject({ mode: 'Follow', interval: '30m', newApps: 'Install', droppedApps: 'Keep' });
  expect(decodeSubscriptionSpec(follower).follow).toEqual({ kind: 'Newest' });
});

describe('a Release', () => {
  test.each<{ name: string; changed: Json }>([
    {
      name: 'a digest',
      changed: { apps: [{ ...app('web'), versions: [{ ...app('web').versions[0], digest: digest('b') }] }] },
    },
    { name: 'a definition', changed: { apps: [{ ...app('web'), definition: '{"interval":"1h"}' }] } },
    { name: 'another App', changed: { apps: [app('web'), app('api')] } },
    { name: 'a barrier', changed: { barrier: true } },
    { name: 'notes', changed: { notes: 'something else' } },
  ])('cannot be changed once it is there: $name', async ({ changed }) => {
    const made = await create(releases, 'r1', release);
    const change = client.replace<ProductObject>(releases, { ...made, spec: { ...release, ...changed } });
    await expect(change).rejects.toThrow('a Release cannot be changed; make a new one');
  });

  test('can be told withdrawn, and labelled', async () => {
    const made = await create(releases, 'r1', release);
    const labelled = await client.replace<ProductObject>(releases, {
      ...made,
      metadata: { ...made.metadata, labels: { a: 'b' } },
    });
    const withdrawn = { at: '2030-01-02T00:00:00Z', reason: 'lost data' };
    const told = await client.replaceStatus<ProductObject>(releases, { ...labelled, status: { withdrawn } });
    expect(told.status).toEqual({ withdrawn });
  });
});

test.each<{ name: string; type: ResourceType; spec: Json; says: string }>([
  { name: 'a Release without Apps', type: releases, spec: { ...release, apps: [] }, says: 'at least 1' },
  {
    name: 'a target outside of the channel',
    type: releases,
    spec: { ...release, targets: [{ path: '../x', app: 'web', kind: 'Chart', length: 1, sha256: 'a'.repeat(64) }] },
    says: 'spec.targets[0].path',
  },
  {
    name: 'a Channel that selects nothing',
    type: channels,
    spec: { ...channel, apps: {} },
    says: 'names or matchLabels',
  },
  {
    name: 'a retention of one, with nothing to go back to',
    type: channels,
    spec: { ...channel, retention: 1 },
    says: 'spec.retention',
  },
  {
    name: 'a percentage above 100',
    type: channels,
    spec: { ...channel, rollout: { curve: [{ after: '1h', percent: 101 }] } },
    says: 'percent',
  },
  { name: 'a Subscription by ftp', type: subscriptions, spec: { ...subscription, url: 'ftp://a' }, says: 'spec.url' },
  { name: 'wariness 2', type: subscriptions, spec: { ...subscription, wariness: 2 }, says: 'spec.wariness' },
  {
    name: 'a pin that is held',
    type: subscriptions,
    spec: { ...subscription, pin: 'r1', mode: 'Hold' },
    says: 'pin goes with mode Follow',
  },
])('the API server refuses $name', async ({ type, spec, says }) => {
  await expect(create(type, 'bad', spec)).rejects.toThrow(says);
});
