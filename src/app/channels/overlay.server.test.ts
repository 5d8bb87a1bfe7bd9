/** A chart that a channel carries, installed by the real Helm with what the cluster has of its own; and values that do not match its schema. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, inject, test, vi } from 'vitest';
import { lifetimes, newKeyring, signal } from '../../../test/channels/channel-ground.ts';
import { type HubAndMember, openHubAndMember } from '../../../test/channels/hub-and-member.ts';
import { webTemplate } from '../../../test/helm/by-hand.ts';
import { packChart, settingsTemplate } from '../../../test/helm/charts.ts';
import type { ConfigMap } from '../../../test/kube/server-fixtures.ts';
import { createFolderStore } from '../../adapters/channel/folder-store.ts';
import { createChannelPublisher } from '../../adapters/channel/publisher.ts';
import { apps, type ProductObject, subscriptions } from '../../adapters/cluster/kinds.ts';
import { configMaps } from '../../kube/resource-types.ts';

// Machines may be busy.
vi.setConfig({ testTimeout: 120_000 });

let ground: HubAndMember;

beforeEach(async () => {
  ground = await openHubAndMember(inject('kubeconfig'));
});

afterEach(() => ground.stop());

const schema = { type: 'object', properties: { color: { enum: ['blue', 'green'] } } };
const path = 'apps/web/web-1.0.0.tgz';

async function releaseChart(): Promise<void> {
  const archive = await packChart({
    ...{ name: 'web', version: '1.0.0', values: 'color: blue\nimage: { repository: localhost/web, tag: "1" }\n' },
    files: {
      'templates/settings.yaml': settingsTemplate,
      'templates/web.yaml': webTemplate,
      'values.schema.json': JSON.stringify(schema),
    },
  });
  const store = createFolderStore(join(ground.folder, 'stable'));
  const publisher = createChannelPublisher({ store, keys: newKeyring(), lifetimes, clock: ground.hub.clock });
  const mark = await publisher.addFile(path, archive, signal);
  const chart = { repository: 'https://charts.invalid', name: 'web' };
  const definition = {
    sources: [{ name: 'web', chart }],
    deploy: { helm: { chart: { source: 'web' } } },
    health: { timeout: '1m', stableFor: '0s' },
  };
  const digest = `sha256:${createHash('sha256').update(archive).digest('hex')}`;
  const version = {
    source: 'web',
    kind: 'Chart',
    location: `${chart.repository}/web`,
    tag: '1.0.0',
    digest,
    target: path,
  };
  const app = { name: 'web', namespace: 'hub', definition: JSON.stringify(definition), versions: [version] };
  await ground.createChannel();
  await ground.createRelease(1, [app], { targets: [{ path, app: 'web', kind: 'Chart', ...mark }] });
  await ground.published('r1');
}

const overlay = (color: string) => [{ app: 'web', values: { color } }];

test('values that do not match the schema of the chart are told before anything is made; mended ones are installed', async () => {
  const { member } = ground;
  const key = { namespace: member.namespace, name: 'stable' };
  await releaseChart();
  await ground.subscribe({ overlay: overlay('red') });
  await ground.until(async () =>
    expect((await ground.status())?.waiting).toEqual({
      reason: 'ReleaseUnfit',
      message:
        'App web: spec.overlay: its values do not match the schema of the chart: /color must be equal to one of the allowed values; nothing was changed',
    }),
  );
  expect((await member.client.list<ProductObject>(apps, { namespace: member.namespace })).items).toEqual([]);

  await member.client.patch(subscriptions, key, { kind: 'merge', body: { spec: { overlay: overlay('green') } } });
  await ground.until(async () => {
    const settings = { namespace: member.namespace, name: 'web-settings' };
    expect((await member.client.find<ConfigMap>(configMaps, settings))?.data).toMatchObject({ color: 'green' });
  });
  await ground.until(async () => expect((await ground.status())?.waiting?.reason).toBe('UpToDate'));
});
