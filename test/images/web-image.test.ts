import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { makeWebImage, makeWebIndex, webBehaviours } from './web-image.ts';

/** Any file will do: nothing is run here, and the unit level may not need Debian's busybox. */
const busybox = fileURLToPath(import.meta.url);

test.each(webBehaviours)('an image of behaviour %s is the same each time it is made', (behaviour) => {
  const options = { version: '1.0.0', behaviour, busybox };

  expect(makeWebImage(options).root.digest).toBe(makeWebImage(options).root.digest);
});

test('versions and behaviours have digests of their own', () => {
  const digests = ['1.0.0', '1.1.0'].flatMap((version) =>
    webBehaviours.map((behaviour) => makeWebImage({ version, behaviour, busybox }).root.digest),
  );

  expect(new Set(digests).size).toBe(8);
});

test('the version stands in the page that the server gives', () => {
  const image = makeWebImage({ version: '1.2.3', busybox });

  const layers = [...image.blobs.values()]
    .filter((blob) => blob[0] === 0x1f)
    .map((blob) => gunzipSync(blob).toString());
  expect(layers.some((layer) => layer.includes('web 1.2.3\n'))).toBe(true);
});

test('the index names two platforms', () => {
  const index = makeWebIndex({ version: '1.0.0', busybox });

  const root: unknown = JSON.parse(Buffer.from(index.blobs.get(index.root.digest) ?? '').toString());
  expect(root).toMatchObject({
    manifests: [{ platform: { os: 'linux' } }, { platform: { os: 'linux' } }],
  });
});
