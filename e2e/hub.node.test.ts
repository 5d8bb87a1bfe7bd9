/** A test cluster with real pods: api 2.0.0 is healthy and breaks web; the test over all catches it, and the rest is released. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { channels, type ProductObject, releases } from '../src/adapters/cluster/kinds.ts';
import { deployments } from '../src/kube/resource-types.ts';
import { decodeChannel } from '../src/resources/channel/decode-channel.ts';
import { decodeReleaseObject } from '../src/resources/channel/decode-release.ts';
import { createChannelKeys } from '../test/channels/channel-keys.ts';
import { startHeadgate } from '../test/headgate/headgate.ts';
import { pushOrderApp, runOrderApps, showsOrders } from '../test/headgate/orders.ts';
import { imagesOf, outcomesIn, rejectionsIn, untilObject } from '../test/headgate/sight.ts';
import { openStage, type Stage } from '../test/headgate/stage.ts';

async function untilReleased(stage: Stage, name: string): Promise<Readonly<Record<string, string | undefined>>> {
  await untilObject<ProductObject>(stage, channels, {
    what: `${name} is released`,
    name: 'stable',
    matches: (object) => decodeChannel(object, 'Channel').status?.release === name,
    deadlineMs: 400_000,
  });
  const object = await stage.client.get<ProductObject>(releases, { namespace: stage.namespace, name });
  const { spec } = decodeReleaseObject(object, name);
  return Object.fromEntries(spec.apps.map((app) => [app.name, app.versions[0]?.tag]));
}

async function imageOf(stage: Stage, name: string): Promise<string | undefined> {
  return Object.values(await imagesOf(stage, deployments, name))[0];
}

test('of three new versions the one that breaks another is found, and the rest is released', async (context) => {
  const stage = await openStage(context, 'hub');
  const folder = await mkdtemp(join(tmpdir(), 'hub-'));
  stage.atEnd(() => rm(folder, { recursive: true, force: true }));
  await createChannelKeys(stage, join(folder, 'stable'));
  await runOrderApps(stage);
  await stage.client.create<ProductObject>(channels, {
    metadata: { namespace: stage.namespace, name: 'stable' },
    spec: {
      apps: { matchLabels: { channel: 'stable' } },
      gather: '15s',
      tests: [showsOrders],
      publish: { folder: { path: 'stable' }, keysRef: { name: 'keys' } },
    },
  });
  startHeadgate(stage, undefined, { channelFolder: folder });
  expect(await untilReleased(stage, 'stable-1')).toEqual({ api: '1.0.0', database: '1.0.0', web: '1.0.0' });

  const bad = await pushOrderApp(stage, 'api', '2.0.0', true);
  const [web, database] = [await pushOrderApp(stage, 'web', '2.0.0'), await pushOrderApp(stage, 'database', '2.0.0')];
  expect(await untilReleased(stage, 'stable-2')).toEqual({ api: '1.0.0', database: '2.0.0', web: '2.0.0' });

  expect(await rejectionsIn(stage)).toEqual([
    expect.objectContaining({ app: 'api', digest: bad, author: expect.stringMatching(/^Channel stable, candidate/) }),
  ]);
  expect(await imageOf(stage, 'web')).toBe(`${stage.repository('web')}:2.0.0@${web}`);
  expect(await imageOf(stage, 'database')).toBe(`${stage.repository('database')}:2.0.0@${database}`);
  expect(await imageOf(stage, 'api')).toMatch(/:1\.0\.0/);
  // Each was healthy for itself: no Update went back by its own verdict.
  expect(
    (await outcomesIn(stage)).filter((outcome) => !outcome.endsWith(' Succeeded') && !outcome.endsWith(' RolledBack')),
  ).toEqual([]);
  const object = await stage.client.get<ProductObject>(channels, { namespace: stage.namespace, name: 'stable' });
  const record = decodeChannel(object, 'Channel').status?.candidates?.[0];
  expect(record).toMatchObject({ outcome: 'Released', release: 'stable-2', faults: [{ apps: ['api'] }] });
  expect(record?.faults[0]?.reason).toMatch(/^test orders: /);

  await pushOrderApp(stage, 'api', '2.0.1');
  expect(await untilReleased(stage, 'stable-3')).toEqual({ api: '2.0.1', database: '2.0.0', web: '2.0.0' });
}, 600_000);
