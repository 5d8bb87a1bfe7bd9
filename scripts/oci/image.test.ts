import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import type { TarEntry } from '../../src/adapters/channel/write-tar.ts';
import { type Image, makeImage, makeIndex, mediaTypes, sizeOf } from './image.ts';

const hello: TarEntry = { kind: 'file', path: 'hello', content: Buffer.from('hello') };

function imageOf(architecture: string): Image {
  return makeImage({ layers: [[hello]], config: { Entrypoint: ['/hello'] }, platform: { os: 'linux', architecture } });
}

function json(image: Image, digest: string): unknown {
  return JSON.parse(Buffer.from(image.blobs.get(digest) ?? '').toString());
}

test('the same parts give the same digest', () => {
  expect(imageOf('amd64').root).toEqual(imageOf('amd64').root);
  expect(imageOf('amd64').root.digest).not.toBe(imageOf('arm64').root.digest);
});

test('every blob is stored under the digest of its bytes', () => {
  const image = makeIndex([imageOf('amd64'), imageOf('arm64')]);

  for (const [digest, content] of image.blobs) {
    expect(`sha256:${createHash('sha256').update(content).digest('hex')}`).toBe(digest);
  }
});

test('the manifest names config and layers, and the config the digest of the unpacked layer', () => {
  const image = imageOf('amd64');

  const layers = [...image.blobs].filter(([, content]) => content[0] === 0x1f);
  const [[layerDigest, layer]] = layers.length === 1 && layers[0] !== undefined ? [layers[0]] : [['', Buffer.alloc(0)]];
  const diffId = `sha256:${createHash('sha256').update(gunzipSync(layer)).digest('hex')}`;
  const configDigest = [...image.blobs.keys()].find((digest) => digest !== layerDigest && digest !== image.root.digest);

  expect(json(image, image.root.digest)).toMatchObject({
    mediaType: mediaTypes.manifest,
    config: { digest: configDigest, mediaType: mediaTypes.config },
    layers: [{ digest: layerDigest, size: layer.length, mediaType: mediaTypes.layer }],
  });
  expect(json(image, configDigest ?? '')).toEqual({
    architecture: 'amd64',
    os: 'linux',
    config: { Entrypoint: ['/hello'] },
    rootfs: { type: 'layers', diff_ids: [diffId] },
  });
});

test('an index names its platforms and shares equal blobs', () => {
  const [amd, arm] = [imageOf('amd64'), imageOf('arm64')];

  const index = makeIndex([amd, arm]);

  expect(json(index, index.root.digest)).toMatchObject({
    mediaType: mediaTypes.index,
    manifests: [
      { digest: amd.root.digest, platform: { os: 'linux', architecture: 'amd64' } },
      { digest: arm.root.digest, platform: { os: 'linux', architecture: 'arm64' } },
    ],
  });
  // Two configs and two manifests, one layer that both share, and the index.
  expect(index.blobs.size).toBe(6);
  expect(sizeOf(index)).toBeGreaterThan(sizeOf(amd));
});
