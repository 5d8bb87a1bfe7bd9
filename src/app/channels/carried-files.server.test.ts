/** Manifests that a channel carries: packed in the hub, applied in a cluster that never hears of the git server they came from. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import { lifetimes, newKeyring, signal } from '../../../test/channels/channel-ground.ts';
import { createChannelKeys, createTrustedRoot } from '../../../test/channels/channel-keys.ts';
import { openRuntimeStage, type RuntimeStage } from '../../../test/runtime-stage.ts';
import { createFolderStore } from '../../adapters/channel/folder-store.ts';
import { packTree } from '../../adapters/channel/pack-tree.ts';
import { createChannelPublisher } from '../../adapters/channel/publisher.ts';
import { writeTar } from '../../adapters/channel/write-tar.ts';
import { channels, type ProductObject, releases, subscriptions } from '../../adapters/cluster/kinds.ts';
import { createFolders } from '../../adapters/manifests/folders.ts';
import { packApp } from '../../engine/channel/pack-app.ts';
import type { ChannelPublisher } from '../../engine/ports/channel-publisher.ts';
import type { KubeObject } from '../../kube/objects.ts';
import { configMaps } from '../../kube/resource-types.ts';

interface ConfigMap extends KubeObject {
  readonly data?: Readonly<Record<string, string>>;
}

let hub: RuntimeStage;
let member: RuntimeStage;
let top: string;
let publisher: ChannelPublisher;

beforeEach(async () => {
  top = await mkdtemp(join(tmpdir(), 'carried-'));
  hub = await openRuntimeStage(inject('kubeconfig'), { channelFolder: top });
  member = await openRuntimeStage(inject('kubeconfig'), { channelFolder: top });
  const folder = join(top, 'stable');
  await createTrustedRoot(member, await createChannelKeys(hub, folder));
  publisher = createChannelPublisher({
    store: createFolderStore(folder),
    keys: newKeyring(),
    lifetimes,
    clock: hub.clock,
  });
  await create(hub, channels, 'stable', {
    apps: { names: ['shop'] },
    publish: { folder: { path: 'stable' }, keysRef: { name: 'keys' } },
  });
});

afterEach(async () => {
  await Promise.all([hub.stop(), member.stop()]);
  await rm(top, { recursive: true, force: true });
});

const create = (stage: RuntimeStage, type: typeof releases, name: string, spec: object) =>
  stage.client.create<ProductObject>(type, { metadata: { namespace: stage.namespace, name }, spec });

const definition = {
  sources: [{ name: 'files', git: { url: 'https://git.invalid/shop', branch: 'main', paths: ['deploy'] } }],
  deploy: { manifests: {} },
  health: { timeout: '1m', stableFor: '0s' },
};

const versionOf = (sequence: number) => ({
  ...{ source: 'files', kind: 'Git' as const, location: 'https://git.invalid/shop', tag: 'main' },
  digest: `sha1:${String(sequence).repeat(40)}`,
  target: undefined,
});

async function release(sequence: number, packed: Awaited<ReturnType<typeof packApp>>): Promise<void> {
  const versions = packed.versions.map(({ target, ...version }) => ({
    ...version,
    ...(target !== undefined && { target }),
  }));
  await create(hub, releases, `r${sequence}`, {
    ...{ channel: 'stable', sequence, targets: packed.targets },
    createdAt: new Date().toISOString(),
    apps: [{ name: 'shop', namespace: hub.namespace, definition: JSON.stringify(definition), versions }],
  });
  await hub.until(async () => {
    const { status } = await hub.client.get<ProductObject>(releases, {
      namespace: hub.namespace,
      name: `r${sequence}`,
    });
    expect(status).toMatchObject({ published: { at: expect.any(String) } });
  });
}

/** Packs what is in a folder, as it is. */
async function pack(sequence: number, text: string) {
  const path = `files-${sequence}`;
  await mkdir(join(top, path), { recursive: true });
  await writeFile(
    join(top, path, 'shop.yaml'),
    `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: shop}\ndata: {text: ${text}}\n`,
  );
  const folders = createFolders({ root: top });
  const context = {
    ...{ publisher, packTree, trees: { readTree: () => folders.readTree(path, signal) } },
    fetchChart: () => Promise.reject(new Error('there is no chart')),
  };
  const source = { kind: 'Folder', name: 'files', path } as const;
  const app = { namespace: hub.namespace, name: 'shop' };
  return await packApp(context, { app, spec: { sources: [source] }, versions: [versionOf(sequence)] }, signal);
}

const subscribe = () =>
  create(member, subscriptions, 'stable', {
    url: `file://${join(top, 'stable')}/`,
    trustedRoot: { name: 'stable-root' },
    interval: '10s',
  });

const until = (check: () => unknown) =>
  member.until(async () => {
    await hub.clock.advance(50);
    await member.clock.advance(1_000);
    await check();
  });

const text = async () => {
  const found = await member.client.find<ConfigMap>(configMaps, { namespace: member.namespace, name: 'shop' });
  return found?.data?.['text'];
};

test('one Release after the other is applied from the files of the channel alone', async () => {
  const first = await pack(1, 'one');
  expect(first.targets).toMatchObject([
    { path: 'apps/shop/files-main-111111111111.tar.gz', kind: 'Manifests', app: 'shop' },
  ]);
  expect((await pack(1, 'one')).targets).toEqual(first.targets);
  await release(1, first);
  await subscribe();
  await until(async () => expect(await text()).toBe('one'));

  await release(2, await pack(2, 'two'));
  await until(async () => expect(await text()).toBe('two'));
  await until(async () => {
    const object = await member.client.get<ProductObject>(subscriptions, {
      namespace: member.namespace,
      name: 'stable',
    });
    expect(object.status).toMatchObject({ release: 'r2', apps: [{ name: 'shop', state: 'Current' }] });
  });
  const { spec } = await member.app('shop');
  expect(spec.sources[0]?.git).toMatchObject({
    tag: {
      pinned: {
        file: { subscription: `${member.namespace}/stable`, path: 'apps/shop/files-main-222222222222.tar.gz' },
      },
    },
  });
});

test.each<{ title: string; archive: () => Buffer; says: string }>([
  {
    title: 'names that lead out of it',
    archive: () => {
      const tar = writeTar([{ kind: 'file', path: 'aa/shop.yaml', content: Buffer.from('a: b') }]);
      const header = tar.subarray(512, 1_024);
      header.write('../shop.yaml\0', 0);
      header.write(' '.repeat(8), 148);
      header.write(
        `${header
          .reduce((sum, byte) => sum + byte, 0)
          .toString(8)
          .padStart(6, '0')}\0 `,
        148,
      );
      return gzipSync(tar);
    },
    says: 'leads out of it',
  },
  {
    title: 'a decompression bomb',
    archive: () => gzipSync(Buffer.alloc(65 * 2 ** 20)),
    says: 'more than',
  },
  {
    title: 'a link',
    archive: () => gzipSync(writeTar([{ kind: 'link', path: 'shop.yaml', target: '/etc/passwd' }])),
    says: 'shop.yaml',
  },
])('an archive with $title is applied by nobody, and said', async ({ archive, says }) => {
  const path = 'apps/shop/files.tar.gz';
  const mark = await publisher.addFile(path, archive(), signal);
  const targets = [{ path, app: 'shop', kind: 'Manifests' as const, ...mark }];
  await release(1, { versions: [{ ...versionOf(1), target: path }], targets });
  await subscribe();
  await until(async () => {
    const said = JSON.stringify([(await member.app('shop')).status, await member.updatesOf('shop')]);
    expect(said).toContain(says);
  });
  expect(await text()).toBeUndefined();
});
