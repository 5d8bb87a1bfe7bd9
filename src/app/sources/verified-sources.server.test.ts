/** Sources that are no images and take only what is signed: by the real git, gpg, ssh-keygen, helm and cosign. */
import { spawnSync } from 'node:child_process';
import { createHash, generateKeyPairSync } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test, vi } from 'vitest';
import { pushImage } from '../../../scripts/oci/push.ts';
import { locateTools } from '../../../test/cluster/binaries.ts';
import { openRuntimeStage, type RuntimeStage } from '../../../test/runtime-stage.ts';
import { makeFluxArtifact, makeHelmArtifact, packFiles } from '../../../test/servers/artifact.ts';
import { startGitHttp } from '../../../test/servers/git-http.ts';
import { makeGitRoot, makeRepository, type TestRepository } from '../../../test/servers/git-repository.ts';
import { startHttpServer, type TestServer } from '../../../test/servers/http-server.ts';
import { type RunningRegistry, startRegistry } from '../../../test/servers/registry.ts';
import { type Cosign, openCosign, signWithoutLog } from '../../../test/signatures/cosign.ts';
import { type GpgSigner, openGpgSigner } from '../../../test/signatures/git-signers.ts';
import { privatePem, publicPem } from '../../../test/signatures/signing-stage.ts';
import { apps, type ProductObject } from '../../adapters/cluster/kinds.ts';
import type { KubeObject } from '../../kube/objects.ts';
import { configMaps, secrets } from '../../kube/resource-types.ts';

interface DataObject extends KubeObject {
  readonly data?: Readonly<Record<string, string>>;
}

const intervalMs = 60_000;
const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });

// The real programs take seconds on a busy machine.
vi.setConfig({ testTimeout: 90_000 });

let registry: RunningRegistry;
let cosign: Cosign;
let cosignKey: string;
let helm: string;
let signer: GpgSigner;
let stranger: GpgSigner;
let gitRoot: ReturnType<typeof makeGitRoot>;
let gitServer: TestServer;
let folder: string;
let charts: TestServer;
let stage: RuntimeStage;
let sequence = 0;

beforeAll(async () => {
  [registry, cosign, { helm }] = await Promise.all([startRegistry(), openCosign(), locateTools(['helm'])]);
  cosignKey = await cosign.importKey('ours', privatePem(pair));
  signer = openGpgSigner('Ada <ada@example.org>', 'rsa2048');
  stranger = openGpgSigner('Ada <ada@example.org>', 'rsa2048');
  gitRoot = makeGitRoot();
  gitServer = await startGitHttp({ root: gitRoot.directory });
  folder = mkdtempSync(join(tmpdir(), 'headgate-charts-'));
  charts = await startHttpServer((request, response) => {
    try {
      response.end(readFileSync(join(folder, String(sequence), request.url ?? '')));
    } catch {
      response.writeHead(404).end();
    }
  });
}, 1_200_000);

afterAll(async () => {
  signer.close();
  stranger.close();
  await Promise.all([registry.stop(), cosign.close(), gitServer.stop(), charts.stop()]);
  gitRoot.remove();
  rmSync(folder, { recursive: true });
});

beforeEach(async () => {
  sequence += 1;
  mkdirSync(join(folder, String(sequence)));
  stage = await openRuntimeStage(inject('kubeconfig'));
});

afterEach(() => stage.stop());

describe('git', () => {
  let repository: TestRepository;

  beforeEach(async () => {
    repository = makeRepository(gitRoot.directory, `repo-${sequence}`);
    await putSecret('keys', { 'ada.asc': signer.publicKey.content });
  });

  test('a head of a branch is taken once a commit on it is signed', async () => {
    repository.commit({ 'a.yaml': '1' });
    await putApp({ git: { ...gitSource(), branch: 'main', verify: { keysSecretRef: { name: 'keys' } } } });

    await waits('Unverified', /main is not verified: it is not signed/);
    const signed = signer.commit(repository);
    await stage.pass(intervalMs, 'web');
    await untilData(`sha1:${signed}`);

    stranger.commit(repository);
    await stage.pass(intervalMs, 'web');
    await waits('Unverified', /main is not verified: it was made with none of the keys/);
    expect(await shownReasons()).toEqual([['main', 'Unverified']]);
    expect(await data()).toBe(`sha1:${signed}`);
  });

  test('of tags the newest that is signed itself is taken, whatever its commit is', async () => {
    repository.commit({ a: '1' });
    signer.tag(repository, 'v1.0.0');
    const commit = repository.git('rev-parse', 'main');
    signer.commit(repository);
    repository.tag('v1.1.0', { annotated: true });
    repository.tag('v1.2.0');
    stranger.tag(repository, 'v2.0.0');
    await putApp({
      git: { ...gitSource(), tag: { semver: { range: '1.x' } }, verify: { keysSecretRef: { name: 'keys' } } },
    });

    await untilData(`sha1:${commit}`);
    await stage.pass(intervalMs, 'web');
    await waits('Unverified', /v1\.2\.0 is not verified: it is a plain tag, without the object that is signed/);
    expect(await shownReasons()).toEqual([
      ['v1.2.0', 'Unverified'],
      ['v1.1.0', 'Unverified'],
      ['v2.0.0', 'OutsideRange'],
    ]);
  });

  test('a Secret with keys that is missing is named', async () => {
    repository.commit({ a: '1' });
    await putApp({ git: { ...gitSource(), branch: 'main', verify: { keysSecretRef: { name: 'gone' } } } });

    await waits('TargetNotFound', /sources\[0\]\.git\.verify\.keysSecretRef: there is no Secret "gone"/);
  });
});

test('an artifact is taken once cosign has signed it', async () => {
  await putSecret('cosign', { 'cosign.pub': Buffer.from(publicPem(pair)) });
  const path = `manifests-${sequence}`;
  const push = async (tag: string) => {
    const target = { host: registry.host, repository: path, tag, insecure: true };
    return await pushImage(makeFluxArtifact({ 'a.yaml': tag }), target);
  };
  const first = await push('1.0.0');
  await push('1.1.0');
  await cosign.run('sign', ...signWithoutLog, '--key', cosignKey, `${registry.host}/${path}@${first}`);
  const policy = { semver: { range: '*' } };
  const verify = { keySecretRef: { name: 'cosign' } };
  await putApp({ artifact: { repository: `${registry.host}/${path}`, insecure: true, policy, verify } });

  await untilData(first);
  await stage.pass(intervalMs, 'web');
  await waits('Unverified', /1\.1\.0 is not verified: no trusted signature: there is none/);
});

test('a chart in a registry is taken once cosign has signed it', async () => {
  await putSecret('cosign', { 'cosign.pub': Buffer.from(publicPem(pair)) });
  const path = `charts/web-${sequence}`;
  const push = async (tag: string) => {
    const chart = makeHelmArtifact({ name: `web-${sequence}`, version: tag }, packFiles({ 'web/Chart.yaml': tag }));
    return await pushImage(chart, { host: registry.host, repository: path, tag, insecure: true });
  };
  const first = await push('1.0.0');
  await push('1.1.0');
  await cosign.run('sign', ...signWithoutLog, '--key', cosignKey, `${registry.host}/${path}@${first}`);
  const verify = { keySecretRef: { name: 'cosign' } };
  await putApp({ chart: { repository: `oci://${registry.host}/${path}`, insecure: true, verify } });

  await untilData(first);
  await stage.pass(intervalMs, 'web');
  await waits('Unverified', /1\.1\.0 is not verified: no trusted signature: there is none/);
});

test('a chart of a repository with an index is taken when the provenance beside it is good', async () => {
  await putSecret('keyring', { 'pubring.gpg': signer.exportBinary() });
  const good = packChart('1.0.0', signer);
  packChart('1.1.0');
  packChart('1.2.0', stranger);
  packChart('1.3.0', signer);
  // Somebody puts another archive under the name of a signed one.
  const other = readFileSync(packChart('1.3.0', undefined, 'more: true'));
  writeFileSync(join(folder, String(sequence), 'web-1.3.0.tgz'), other);
  runHelm('repo', 'index', join(folder, String(sequence)));
  expect(() =>
    runHelm('verify', '--keyring', keyringFile(), join(folder, String(sequence), 'web-1.3.0.tgz')),
  ).toThrow();
  expect(runHelm('verify', '--keyring', keyringFile(), good)).toContain('Chart Hash Verified');
  const provenance = { keyringSecretRef: { name: 'keyring' } };
  await putApp({ chart: { repository: charts.origin, name: 'web', insecure: true, provenance } });

  await untilData(`sha256:${createHash('sha256').update(readFileSync(good)).digest('hex')}`);
  await stage.pass(intervalMs, 'web');
  await waits('Unverified', /1\.3\.0 is not verified: its provenance is that of another archive/);
  const { sources } = (await stage.app('web')).status ?? {};
  expect(sources?.[0]?.passedOver?.map(({ tag, message }) => `${tag} ${message}`)).toEqual([
    '1.3.0 is not verified: its provenance is that of another archive',
    '1.2.0 is not verified: its provenance was made with none of the keys',
    '1.1.0 is not verified: it has no provenance file (helm package --sign)',
  ]);
});

test('a chart in a registry may bring its provenance along', async () => {
  await putSecret('keyring', { 'pubring.gpg': signer.exportBinary() });
  const push = (version: string, by?: GpgSigner) =>
    runHelm('push', '--plain-http', packChart(version, by), `oci://${registry.host}/signed-${sequence}`);
  const said = push('1.0.0', signer);
  push('1.1.0');
  push('1.2.0', stranger);
  const provenance = { keyringSecretRef: { name: 'keyring' } };
  await putApp({ chart: { repository: `oci://${registry.host}/signed-${sequence}/web`, insecure: true, provenance } });

  await untilData(/Digest: (sha256:[0-9a-f]{64})/.exec(said)?.[1] ?? said);
  await stage.pass(intervalMs, 'web');
  expect(await shownReasons()).toEqual([
    ['1.2.0', 'Unverified'],
    ['1.1.0', 'Unverified'],
  ]);
});

/** The path of the archive, with its provenance beside it where it is signed. */
function packChart(version: string, by?: GpgSigner, more = ''): string {
  const source = mkdtempSync(join(folder, 'source-'));
  const target = more === '' ? join(folder, String(sequence)) : source;
  mkdirSync(join(source, 'web', 'templates'), { recursive: true });
  writeFileSync(join(source, 'web', 'Chart.yaml'), `apiVersion: v2\nname: web\nversion: ${version}\n`);
  writeFileSync(join(source, 'web', 'values.yaml'), `${more}\n`);
  const words = ['package', join(source, 'web'), '--destination', target];
  if (by === undefined) {
    runHelm(...words);
  } else {
    writeFileSync(join(source, 'secring.gpg'), by.exportSecretKeys());
    runHelm(...words, '--sign', '--key', 'Ada', '--keyring', join(source, 'secring.gpg'));
  }
  return join(target, `web-${version}.tgz`);
}

function keyringFile(): string {
  const path = join(folder, 'pubring.gpg');
  writeFileSync(path, signer.exportBinary());
  return path;
}

function runHelm(...words: readonly string[]): string {
  const env = { PATH: process.env['PATH'], HOME: folder };
  const { status, stdout, stderr } = spawnSync(helm, words, { env, encoding: 'utf8' });
  if (status !== 0) {
    throw new Error(`helm ${words.join(' ')}: ${stderr}`);
  }
  return `${stdout}${stderr}`;
}

function gitSource() {
  return { url: `${gitServer.origin}/repo-${sequence}`, insecure: true };
}

async function putSecret(name: string, entries: Readonly<Record<string, Buffer>>): Promise<void> {
  const data = Object.fromEntries(Object.entries(entries).map(([key, bytes]) => [key, bytes.toString('base64')]));
  await stage.client.create<DataObject>(secrets, { metadata: { namespace: stage.namespace, name }, data });
}

/** An App whose version is a field of a ConfigMap. */
async function putApp(source: object): Promise<void> {
  const { client, namespace } = stage;
  const metadata = { namespace, name: 'web' };
  await client.create<DataObject>(configMaps, { metadata, data: { untouched: 'yes' } });
  const field = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    name: 'web',
    path: 'data.version',
    source: 'main',
    value: 'Digest',
  };
  const spec = {
    interval: '1m',
    sources: [{ name: 'main', ...source }],
    deploy: { patch: { targets: [field] } },
    health: { timeout: '1m', stableFor: '1s' },
  };
  await client.create<ProductObject>(apps, { metadata, spec });
}

async function data(): Promise<string | undefined> {
  const found = await stage.client.find<DataObject>(configMaps, { namespace: stage.namespace, name: 'web' });
  return found?.data?.['version'];
}

async function untilData(version: string): Promise<void> {
  await stage.until(async () => {
    expect(await data()).toBe(version);
    expect((await stage.updatesOf('web')).at(-1)?.status?.phase).toBe('Succeeded');
  });
  await stage.pass(1_000, 'web');
}

async function waits(reason: string, message: RegExp): Promise<void> {
  await stage.until(async () => {
    const { status } = await stage.app('web');
    expect(status?.waiting).toMatchObject({ reason, message: expect.stringMatching(message) });
  });
}

async function shownReasons(): Promise<readonly (readonly [string, string])[]> {
  const { sources } = (await stage.app('web')).status ?? {};
  return (sources?.[0]?.passedOver ?? []).map(({ tag, reason }) => [tag, reason]);
}
