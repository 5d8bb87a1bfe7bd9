/** The product's own image; that it runs as a pod is shown by the demo. At this level because it packs 100 MB. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { type Image, sizeOf } from '../../scripts/oci/image.ts';
import { makeGitLayer } from '../../scripts/product-image/git-layer.ts';
import { makeProductImage } from '../../scripts/product-image/product-image.ts';
import { nodeFlags } from '../../scripts/product-image/program-layer.ts';
import { makeRuntimeLayer } from '../../scripts/product-image/runtime-layer.ts';
import type { TarEntry } from '../../src/adapters/channel/write-tar.ts';
import { startGitHttp } from '../servers/git-http.ts';
import { makeRepository } from '../servers/git-repository.ts';
import { openGpgSigner, openSshSigner } from '../signatures/git-signers.ts';

const entry = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const timeoutMs = 120_000;

test('two builds have one digest, and the image runs without rights', { timeout: timeoutMs }, async () => {
  const [image, again] = [await makeProductImage(entry), await makeProductImage(entry)];

  expect(again.root.digest).toBe(image.root.digest);
  expect(sizeOf(image)).toBeLessThan(125_000_000);
  expect(configOf(image)).toMatchObject({
    os: 'linux',
    config: {
      Env: expect.arrayContaining(['PATH=/nodejs:/usr/local/bin:/usr/bin:/bin']),
      User: '65532:65532',
      Entrypoint: ['/nodejs/node', ...nodeFlags, '/app/headgate.mjs'],
    },
  });
});

test('git works with nothing but the files of the image', async () => {
  const root = await mkdtemp(join(tmpdir(), 'headgate-image-'));
  const server = await startGitHttp({ root });
  onTestFinished(async () => {
    await server.stop();
    await rm(root, { recursive: true });
  });
  const commit = makeRepository(root, 'app').commit({ a: '1' });
  const image = join(root, 'image');
  await unpack([...(await makeRuntimeLayer()), ...(await makeGitLayer())], image);

  const { stdout } = await runIn(image, ['/usr/bin/git', 'ls-remote', `${server.origin}/app`, 'refs/heads/main']);

  expect(stdout).toBe(`${commit}\trefs/heads/main\n`);
});

test('signatures of commits are checked with nothing but the files of the image', async () => {
  const image = await mkdtemp(join(tmpdir(), 'headgate-image-'));
  const [ada, bob] = [openGpgSigner(), openSshSigner()];
  onTestFinished(async () => {
    ada.close();
    bob.close();
    await rm(image, { recursive: true });
  });
  await unpack([...(await makeRuntimeLayer()), ...(await makeGitLayer())], image);
  const repository = makeRepository(image, 'repo');
  repository.commit({ a: '1' });
  const commits = [ada.commit(repository), bob.commit(repository)];
  await Promise.all(['keys', 'tmp'].map((name) => mkdir(join(image, name), { recursive: true, mode: 0o700 })));
  // What a container has as a device.
  await writeFile(join(image, 'dev/urandom'), randomBytes(65_536));
  await writeFile(join(image, 'ada.asc'), ada.publicKey.content);
  await writeFile(join(image, 'signers'), `bob ${bob.publicKey.content}`);
  await runIn(image, ['/usr/bin/gpg', '--batch', '--no-autostart', '--homedir', '/keys', '--import', '/ada.asc']);
  const config = ['-c', 'safe.directory=*', '-c', 'gpg.ssh.allowedSignersFile=/signers', '-C', '/repo'];

  const { stderr } = await runIn(image, ['/usr/bin/git', ...config, 'verify-commit', '--raw', ...commits]);

  expect(stderr).toMatch(/GOODSIG[\s\S]*Good "git" signature for bob/);
});

/** Whoever is not root may change its root in a user namespace of its own. */
async function runIn(image: string, command: readonly string[]) {
  const [program = '', ...words] = [
    ...(process.geteuid?.() === 0 ? [] : ['unshare', '--user', '--map-root-user']),
    ...['chroot', image, ...command],
  ];
  const env = { PATH: '/usr/sbin:/usr/bin:/bin', GNUPGHOME: '/keys' };
  return await promisify(execFile)(program, words, { env });
}

async function unpack(entries: readonly TarEntry[], folder: string): Promise<void> {
  const nothing: TarEntry = { kind: 'file', path: 'dev/null', content: Buffer.alloc(0) };
  for (const entry of [...entries, nothing]) {
    const path = join(folder, entry.path);
    await mkdir(entry.kind === 'folder' ? path : dirname(path), { recursive: true });
    if (entry.kind === 'file') {
      await writeFile(path, entry.content, { mode: entry.mode ?? 0o644 });
    } else if (entry.kind === 'link') {
      await symlink(entry.target, path);
    }
  }
}

function configOf(image: Image): unknown {
  const manifest: { readonly config: { readonly digest: string } } = parse(image, image.root.digest);
  return parse(image, manifest.config.digest);
}

function parse<T>(image: Image, digest: string): T {
  return JSON.parse(Buffer.from(image.blobs.get(digest) ?? '').toString()) as T;
}
