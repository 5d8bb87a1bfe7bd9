/** The product's own image; that it runs as a pod is shown by the demo. At this level because it packs 100 MB. */
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { type Image, sizeOf } from '../../scripts/oci/image.ts';
import { makeProductImage } from '../../scripts/product-image/product-image.ts';
import { nodeFlags } from '../../scripts/product-image/program-layer.ts';

const entry = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const timeoutMs = 120_000;

test('two builds have one digest, and the image runs without rights', { timeout: timeoutMs }, async () => {
  const [image, again] = [await makeProductImage(entry), await makeProductImage(entry)];

  expect(again.root.digest).toBe(image.root.digest);
  expect(sizeOf(image)).toBeLessThan(110_000_000);
  expect(configOf(image)).toMatchObject({
    os: 'linux',
    config: {
      Env: expect.arrayContaining(['PATH=/nodejs:/usr/local/bin']),
      User: '65532:65532',
      Entrypoint: ['/nodejs/node', ...nodeFlags, '/app/headgate.mjs'],
    },
  });
});

function configOf(image: Image): unknown {
  const manifest: { readonly config: { readonly digest: string } } = parse(image, image.root.digest);
  return parse(image, manifest.config.digest);
}

function parse<T>(image: Image, digest: string): T {
  return JSON.parse(Buffer.from(image.blobs.get(digest) ?? '').toString()) as T;
}
