/** The product's own image; that it runs as a pod is shown by the demo. At this level because it packs 100 MB. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { makeAttachment } from '../../scripts/oci/attach.ts';
import { type Image, sizeOf } from '../../scripts/oci/image.ts';
import { pushAttachments, pushImage } from '../../scripts/oci/push.ts';
import { makeGitLayer } from '../../scripts/product-image/git-layer.ts';
import { makeProduct, type Product } from '../../scripts/product-image/product-image.ts';
import { nodeFlags } from '../../scripts/product-image/program-layer.ts';
import { makeRuntimeLayer } from '../../scripts/product-image/runtime-layer.ts';
import { ownFiles } from '../../scripts/product-image/system/own-system.ts';
import type { TarEntry } from '../../src/adapters/channel/write-tar.ts';
import { startGitHttp } from '../servers/git-http.ts';
import { makeRepository } from '../servers/git-repository.ts';
import { startRegistry } from '../servers/registry.ts';
import { openGpgSigner, openSshSigner } from '../signatures/git-signers.ts';
import { unpackEntries } from './unpack-entries.ts';

const entry = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const timeoutMs = 600_000;

test('two builds have one digest and one bill of materials, and the image runs without rights', {
  timeout: timeoutMs,
}, async () => {
  const [product, again] = [await makeProduct(entry), await makeProduct(entry)];

  // Not the images themselves: comparing 100 MB byte by byte takes minutes.
  const { image, ...documents } = product;
  const { image: imageAgain, ...documentsAgain } = again;
  expect(imageAgain.root).toEqual(image.root);
  expect(documentsAgain).toEqual(documents);
  expect(sizeOf(image)).toBeLessThan(125_000_000);
  expect(configOf(image)).toMatchObject({
    os: 'linux',
    config: {
      Env: expect.arrayContaining(['PATH=/nodejs:/usr/local/bin:/usr/bin:/bin']),
      User: '65532:65532',
      Entrypoint: ['/nodejs/node', ...nodeFlags, '/app/headgate.mjs'],
    },
  });
  expectParts(product);
  expectProvenance(product);
  await expectAttached(product);
});

interface BillOfMaterials {
  readonly bomFormat: string;
  readonly components: readonly { readonly purl: string; readonly licenses?: readonly object[] }[];
}

/** Node, bundle, pages, git, ssh, gpg, helm and kubectl, each with what it is made of. */
function expectParts({ billOfMaterials, licences }: Product): void {
  const bill: BillOfMaterials = JSON.parse(billOfMaterials);
  const kinds = bill.components.map(({ purl }) => purl.replace(/@[^@]*$/, ''));
  expect(bill.bomFormat).toBe('CycloneDX');
  for (const kind of [
    ...['pkg:generic/node', 'pkg:generic/openssl', 'pkg:npm/fastify', 'pkg:npm/undici', 'pkg:npm/react'],
    ...['pkg:deb/debian/git', 'pkg:deb/debian/openssh-client', 'pkg:deb/debian/gpg', 'pkg:deb/debian/libc6'],
    ...['pkg:golang/helm.sh/helm/v4', 'pkg:golang/k8s.io/kubernetes', 'pkg:golang/stdlib'],
  ]) {
    expect(kinds).toContain(kind);
  }
  const silent = bill.components.filter(({ purl, licenses }) => /^pkg:(npm|golang)/.test(purl) && !licenses?.length);
  expect(silent).toEqual([]);
  expect(licences).toMatch(/^Apache-2\.0\n(.*\n)*? {2}helm\.sh\/helm\/v4 v4/m);
  expect(licences).toContain('Debian package git\n');
}

function expectProvenance({ image, provenance }: Product): void {
  expect(JSON.parse(provenance)).toMatchObject({
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name: 'headgate', digest: { sha256: image.root.digest.replace('sha256:', '') } }],
    predicateType: 'https://slsa.dev/provenance/v1',
    predicate: { buildDefinition: { externalParameters: { entry: 'src/main.ts' } } },
  });
}

/** A registry that knows nothing of referrers gives them by the tag that OCI has for that. */
async function expectAttached({ image, billOfMaterials, provenance }: Product): Promise<void> {
  const registry = await startRegistry();
  onTestFinished(() => registry.stop());
  const target = { host: registry.host, repository: 'headgate', tag: 'dev', insecure: true };
  await pushImage(image, target);
  const documents = [
    { mediaType: 'application/vnd.cyclonedx+json', content: billOfMaterials },
    { mediaType: 'application/vnd.in-toto+json', content: provenance },
  ];
  await pushAttachments(
    image.root,
    documents.map((one) => makeAttachment(one, image.root)),
    target,
  );

  const accept = {
    headers: { accept: 'application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json' },
  };
  const at = (path: string) => fetch(`http://${registry.host}/v2/headgate/${path}`, accept);
  const index = (await (await at(`manifests/${image.root.digest.replace(':', '-')}`)).json()) as {
    readonly manifests: readonly { readonly digest: string; readonly artifactType: string }[];
  };
  expect(index.manifests.map(({ artifactType }) => artifactType)).toEqual(documents.map(({ mediaType }) => mediaType));
  const [first] = index.manifests;
  const manifest = (await (await at(`manifests/${first?.digest}`)).json()) as {
    readonly subject: { readonly digest: string };
    readonly layers: readonly { readonly digest: string }[];
  };
  expect(manifest.subject.digest).toBe(image.root.digest);
  expect(await (await at(`blobs/${manifest.layers[0]?.digest}`)).text()).toBe(billOfMaterials);
}

test('git works with nothing but the files of the image', async () => {
  const root = await mkdtemp(join(tmpdir(), 'headgate-image-'));
  const server = await startGitHttp({ root });
  onTestFinished(async () => {
    await server.stop();
    await rm(root, { recursive: true });
  });
  const commit = makeRepository(root, 'app').commit({ a: '1' });
  const image = join(root, 'image');
  await unpackEntries(await filesOfSystem(), image);

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
  await unpackEntries(await filesOfSystem(), image);
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

async function filesOfSystem(): Promise<TarEntry[]> {
  const system = ownFiles();
  return [...(await makeRuntimeLayer(system)), ...(await makeGitLayer(system))];
}

/** Whoever is not root may change its root in a user namespace of its own. */
async function runIn(image: string, command: readonly string[]) {
  const [program = '', ...words] = [
    ...(process.geteuid?.() === 0 ? [] : ['unshare', '--user', '--map-root-user']),
    ...['chroot', image, ...command],
  ];
  const env = { PATH: '/usr/sbin:/usr/bin:/bin', GNUPGHOME: '/keys' };
  return await promisify(execFile)(program, words, { env });
}

function configOf(image: Image): unknown {
  const manifest: { readonly config: { readonly digest: string } } = parse(image, image.root.digest);
  return parse(image, manifest.config.digest);
}

function parse<T>(image: Image, digest: string): T {
  return JSON.parse(Buffer.from(image.blobs.get(digest) ?? '').toString()) as T;
}
