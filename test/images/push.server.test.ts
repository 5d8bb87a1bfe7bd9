/** Images made here, pushed to the real docker-registry. */
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { mediaTypes } from '../../scripts/oci/image.ts';
import { pushImage, tagImage } from '../../scripts/oci/push.ts';
import { type RunningRegistry, reader, startRegistry } from '../servers/registry.ts';
import { makeWebImage, makeWebIndex } from './web-image.ts';

/** Any file will do: nothing is run here. */
const busybox = fileURLToPath(import.meta.url);

async function openRegistry(): Promise<RunningRegistry> {
  const registry = await startRegistry();
  onTestFinished(() => registry.stop());
  return registry;
}

async function digestBehind(host: string, tag: string): Promise<string | null> {
  const accept = [mediaTypes.manifest, mediaTypes.index].join(', ');
  const answer = await fetch(`http://${host}/v2/a/web/manifests/${tag}`, { method: 'HEAD', headers: { accept } });
  return answer.headers.get('docker-content-digest');
}

test('an image and an index have the digest here that the registry gives them', async () => {
  const { host } = await openRegistry();
  const target = { host, repository: 'a/web', insecure: true };
  const [image, index] = [makeWebImage({ version: '1.0.0', busybox }), makeWebIndex({ version: '1.1.0', busybox })];

  await pushImage(image, { ...target, tag: '1.0.0' });
  await pushImage(index, { ...target, tag: '1.1.0' });
  await tagImage(image, { ...target, tag: 'stable' });

  expect(await digestBehind(host, '1.0.0')).toBe(image.root.digest);
  expect(await digestBehind(host, '1.1.0')).toBe(index.root.digest);
  expect(await digestBehind(host, 'stable')).toBe(image.root.digest);
});

test('what the registry has is not sent again', async () => {
  const registry = await openRegistry();
  const target = { host: registry.host, repository: 'a/web', insecure: true };
  await pushImage(makeWebImage({ version: '1.0.0', busybox }), { ...target, tag: '1.0.0' });
  const uploads = async () => (await registry.accessLog()).filter(({ method }) => method === 'POST').length;
  const first = await uploads();

  await pushImage(makeWebImage({ version: '1.1.0', busybox }), { ...target, tag: '1.1.0' });

  // Layer with busybox, layer with the version, config; of which the first is shared.
  expect(first).toBe(3);
  expect(await uploads()).toBe(first + 2);
});

test('a refusal says what was asked and what came back', async () => {
  const { host } = await openRegistry();
  const image = makeWebImage({ version: '1.0.0', busybox });

  const attempt = pushImage(image, { host, repository: 'NOT/ALLOWED', tag: '1', insecure: true });

  await expect(attempt).rejects.toThrow(/^(HEAD|POST) http:\/\/127\.0\.0\.1:\d+\/v2\/NOT\/ALLOWED\/blobs\/.*: 404/);
});

test('a registry with a password takes images only with it', async () => {
  const registry = await startRegistry({ auth: { kind: 'basic' } });
  onTestFinished(() => registry.stop());
  const image = makeWebImage({ version: '1.0.0', busybox });
  const target = { host: registry.host, repository: 'a/web', tag: '1.0.0', insecure: true };

  await expect(pushImage(image, target)).rejects.toThrow(': 401');

  expect(await pushImage(image, { ...target, credentials: reader })).toBe(image.root.digest);
});
