/** A version that runs only where somebody once made what it needs: found by a clean install with real pods, before it is released. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, inject, test } from 'vitest';
import { pushImage } from '../scripts/oci/push.ts';
import { apps, channels, type ProductObject } from '../src/adapters/cluster/kinds.ts';
import type { KubeObject } from '../src/kube/objects.ts';
import { configMaps, namespaces } from '../src/kube/resource-types.ts';
import { decodeChannel } from '../src/resources/channel/decode-channel.ts';
import { createChannelKeys } from '../test/channels/channel-keys.ts';
import { startHeadgate } from '../test/headgate/headgate.ts';
import { untilObject } from '../test/headgate/sight.ts';
import { openStage, type Stage } from '../test/headgate/stage.ts';
import { webDeployment, webService } from '../test/images/web-objects.ts';
import { makeFluxArtifact } from '../test/servers/artifact.ts';

const settings = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings' }, data: { COLOR: 'blue' } };

interface Release {
  readonly needsSettings?: boolean;
  readonly bringsSettings?: boolean;
}

/** A version of the App: its image, and the manifests that name it. */
async function pushRelease(stage: Stage, tag: string, { needsSettings, bringsSettings }: Release = {}): Promise<void> {
  await stage.push({ tag });
  const image = `${stage.repository()}:${tag}`;
  const place = { name: 'web', namespace: '' };
  const objects = [
    ...[webDeployment({ ...place, image, replicas: 1 }), webService(place)],
    ...(bringsSettings ? [settings] : []),
  ];
  const envFrom = needsSettings ? [{ configMapRef: { name: 'settings' } }] : [];
  const files = objects.map((object, index) => [`${index}.yaml`, JSON.stringify(object, asPublished(envFrom))]);
  const repository = `${stage.namespace}/manifests`;
  await pushImage(makeFluxArtifact(Object.fromEntries(files)), {
    ...{ host: inject('registry'), repository, tag, insecure: true },
  });
}

/** Without a namespace: each is put where the App is. */
function asPublished(envFrom: readonly object[]) {
  return (key: string, value: unknown): unknown => {
    if (key === 'containers' && Array.isArray(value)) {
      return value.map((container: object) => ({ ...container, envFrom }));
    }
    return key === 'namespace' ? undefined : value;
  };
}

const statusOf = (object: ProductObject) => decodeChannel(object, 'Channel').status;

async function untilChannel(
  stage: Stage,
  what: string,
  matches: (status: NonNullable<ReturnType<typeof statusOf>>) => boolean,
) {
  const object = await untilObject<ProductObject>(stage, channels, {
    ...{ what, name: 'stable', deadlineMs: 300_000 },
    matches: (one) => {
      const status = statusOf(one);
      return status !== undefined && matches(status);
    },
  });
  return statusOf(object);
}

test('a version that lacks what only this cluster has is not released, and its successor is', async (context) => {
  const stage = await openStage(context, 'clean');
  const { client, namespace } = stage;
  const scratch = `${namespace}-try-stable`;
  const folder = await mkdtemp(join(tmpdir(), 'hub-'));
  stage.atEnd(() => rm(folder, { recursive: true, force: true }));
  await createChannelKeys(stage, join(folder, 'stable'));
  // Made by hand, long ago.
  await client.create(configMaps, { ...settings, metadata: { name: 'settings', namespace } });
  await pushRelease(stage, '1.0.0');
  const repository = `${inject('registry')}/${namespace}/manifests`;
  const says = { service: { name: 'web' }, path: '/', expect: { body: [{ contains: 'web {{version}}' }] } };
  await client.create<ProductObject>(apps, {
    metadata: { namespace, name: 'web', labels: { channel: 'stable' } },
    spec: {
      interval: '5s',
      sources: [{ name: 'manifests', artifact: { repository, insecure: true, policy: { semver: { range: '*' } } } }],
      deploy: { manifests: { conflicts: 'Force' } },
      health: { timeout: '60s', stableFor: '1s' },
      tests: [{ name: 'page', interval: '1s', failureLimit: 5, http: says }],
    },
  });
  await client.create<ProductObject>(channels, {
    metadata: { namespace, name: 'stable' },
    spec: {
      apps: { matchLabels: { channel: 'stable' } },
      gather: '5s',
      tryOn: { cleanInstall: true },
      publish: { folder: { path: 'stable' }, keysRef: { name: 'keys' } },
    },
  });
  startHeadgate(stage, undefined, { channelFolder: folder, namespaces: [namespace, scratch] });
  await untilChannel(stage, 'stable-1 is released', ({ release }) => release === 'stable-1');

  await pushRelease(stage, '2.0.0', { needsSettings: true });
  const rejected = await untilChannel(stage, '2.0.0 is rejected', ({ candidates }) =>
    Boolean(candidates?.some(({ outcome }) => outcome === 'Rejected')),
  );
  expect(rejected?.release).toBe('stable-1');
  expect(rejected?.candidates?.[0]?.message).toMatch(/^web: clean install: .*settings/);

  await pushRelease(stage, '2.0.1', { needsSettings: true, bringsSettings: true });
  await untilChannel(stage, 'stable-2 is released', ({ release }) => release === 'stable-2');
  const { items } = await client.list<KubeObject>(namespaces, {});
  const left = items.filter(({ metadata }) => metadata.name === scratch && !metadata.deletionTimestamp);
  expect(left).toEqual([]);
}, 600_000);
