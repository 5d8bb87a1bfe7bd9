/** Charts, git repositories and artifacts as sources of one App, on a real API server with a real registry and a real git server. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { pushImage } from '../../../scripts/oci/push.ts';
import { openRuntimeStage, type RuntimeStage } from '../../../test/runtime-stage.ts';
import { makeFluxArtifact, makeHelmArtifact, packFiles } from '../../../test/servers/artifact.ts';
import { startGitHttp } from '../../../test/servers/git-http.ts';
import { makeGitRoot, makeRepository, type TestRepository } from '../../../test/servers/git-repository.ts';
import { startHttpServer, type TestServer } from '../../../test/servers/http-server.ts';
import { type RunningRegistry, startRegistry } from '../../../test/servers/registry.ts';
import { apps, type ProductObject, rejections } from '../../adapters/cluster/kinds.ts';
import type { KubeObject } from '../../kube/objects.ts';
import { configMaps, secrets } from '../../kube/resource-types.ts';

const login = { username: 'ci', password: 'secret word' };
const authorization = `Basic ${Buffer.from(`${login.username}:${login.password}`).toString('base64')}`;

let registry: RunningRegistry;
let gitRoot: ReturnType<typeof makeGitRoot>;
let gitServer: TestServer;
let charts: TestServer;
/** Text of the index; undefined: the server fails. */
let index: string | undefined;
let stage: RuntimeStage;
let repository: TestRepository;
let sequence = 0;

beforeAll(async () => {
  registry = await startRegistry();
  gitRoot = makeGitRoot();
  gitServer = await startGitHttp({ root: gitRoot.directory, authorization });
  charts = await startHttpServer((_request, response) => {
    response.writeHead(index === undefined ? 503 : 200).end(index);
  });
});

afterAll(async () => {
  await Promise.all([registry.stop(), gitServer.stop(), charts.stop()]);
  gitRoot.remove();
});

beforeEach(async () => {
  sequence += 1;
  repository = makeRepository(gitRoot.directory, `repo-${sequence}`);
  stage = await openRuntimeStage(inject('kubeconfig'));
  const data = Object.fromEntries(
    Object.entries(login).map(([key, value]) => [key, Buffer.from(value).toString('base64')]),
  );
  const metadata = { namespace: stage.namespace, name: 'git-login' };
  await stage.client.create<KubeObject & { readonly data: typeof data }>(secrets, { metadata, data });
});

afterEach(() => stage.stop());

describe('several sources of one App', () => {
  test('move together, and none while one of them cannot be asked', async () => {
    const first = repository.commit({ 'deploy/a.yaml': '1' });
    setVersions('1.0.0');
    const artifact = await pushArtifact('1.0.0', { 'a.yaml': '1' });
    await putApp([gitSource({ branch: 'main' }), chartSource(), artifactSource()]);

    await untilData({ git: digestOf(first), chart: '1.0.0', artifact });
    expect((await stage.updatesOf('web')).map(({ spec }) => spec.changes.map(({ source }) => source))).toEqual([
      ['git', 'chart', 'artifact'],
    ]);

    setVersions(undefined);
    const second = repository.commit({ 'deploy/a.yaml': '2' });
    const newer = await pushArtifact('1.1.0', { 'a.yaml': '2' });
    await stage.pass(61_000, 'web');
    await stage.until(async () => {
      const { status } = await stage.app('web');
      expect(status?.waiting).toMatchObject({
        reason: 'RegistryUnavailable',
        message: expect.stringMatching(/^spec\.sources\[1\]\.chart\.repository: read index of .*503/),
      });
    });
    expect(await stage.updatesOf('web')).toHaveLength(1);
    expect(await readData()).toMatchObject({ git: digestOf(first), chart: '1.0.0', artifact });

    setVersions('1.0.0', '1.2.0');
    await stage.pass(120_000, 'web');
    await untilData({ git: digestOf(second), chart: '1.2.0', artifact: newer });
    const last = (await stage.updatesOf('web')).at(-1);
    expect(last?.spec.changes.map(({ source, to }) => [source, to.tag])).toEqual([
      ['git', 'main'],
      ['chart', '1.2.0'],
      ['artifact', '1.1.0'],
    ]);
  });
});

describe('a git source', () => {
  test('takes commits of its paths only, and is woken by a push', async () => {
    const first = repository.commit({ 'deploy/a.yaml': '1', 'docs/a.md': '1' });
    await putApp([gitSource({ branch: 'main', paths: ['deploy'] })]);
    await untilData({ git: digestOf(first) });

    repository.commit({ 'docs/a.md': '2' });
    await stage.pass(61_000, 'web');
    expect(await stage.updatesOf('web')).toHaveLength(1);
    const second = repository.commit({ 'deploy/a.yaml': '2' });
    repository.commit({ 'docs/a.md': '3' });

    expect(stage.runtime.webhooks.wakeTopic(`git ${gitServer.host.split(':')[0]}/repo-${sequence}`)).toBe(true);
    expect(stage.runtime.webhooks.wakeTopic('git 127.0.0.1/other')).toBe(false);
    await untilData({ git: digestOf(second) });
  });

  test('follows tags under a policy', async () => {
    repository.commit({ a: '1' });
    repository.tag('v1.0.0');
    const second = repository.commit({ a: '2' });
    repository.tag('v1.1.0', { annotated: true });
    repository.tag('v2.0.0');
    await putApp([gitSource({ tag: { semver: { range: '1.x' } } })]);

    await untilData({ git: digestOf(second) });
    expect((await stage.app('web')).status?.sources?.[0]?.current?.digest).toBe(digestOf(second));
  });

  test.each([
    {
      what: 'a branch that is not there',
      git: { branch: 'gone' },
      message: /gone may not be taken, because .* has no such branch/,
    },
    {
      what: 'a Secret that is not there',
      git: { branch: 'main', secretRef: { name: 'gone' } },
      message: /git\.secretRef: there is no Secret "gone"/,
    },
    {
      what: 'no Secret',
      git: { branch: 'main', secretRef: undefined },
      message: /git\.url: find branch main .*401|Authentication|could not read/,
    },
    {
      what: 'a server that is not there',
      git: { branch: 'main', url: 'http://127.0.0.1:9/x' },
      message: /git\.url: find branch main of .*(refused|connect)/i,
    },
  ])('with $what says so', async ({ git, message }) => {
    repository.commit({ a: '1' });
    await putApp([gitSource(git)]);

    await stage.until(async () => {
      expect((await stage.app('web')).status?.waiting?.message).toMatch(message);
    });
    expect(await stage.updatesOf('web')).toEqual([]);
  });

  test('gives its manifests to deploy.manifests', async () => {
    const manifest = (value: string) =>
      `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: applied\ndata:\n  value: "${value}"\n`;
    repository.commit({ 'deploy/config.yaml': manifest('1'), 'other/config.yaml': manifest('other') });
    await putApp([gitSource({ branch: 'main' })], { manifests: { path: 'deploy' } });
    await untilApplied('1');

    repository.commit({ 'deploy/config.yaml': manifest('2') });
    await stage.pass(61_000, 'web');
    await untilApplied('2');
  });
});

test('an artifact gives its manifests to deploy.manifests', async () => {
  const manifest = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: applied\ndata:\n  value: "packed"\n';
  await pushArtifact('1.0.0', { 'deploy/config.yaml': manifest });
  await putApp([artifactSource()], { manifests: { path: 'deploy' } });

  await untilApplied('packed');
});

describe('a chart source', () => {
  test('leaves out charts for another Kubernetes, and takes no rejected one', async () => {
    setVersions('1.0.0', '1.1.0', '1.2.0 >=1.99.0-0');
    await putApp([chartSource()]);
    await untilData({ chart: '1.1.0' });
    expect((await stage.app('web')).status?.waiting?.message).toMatch(
      /chart stays on 1\.1\.0: 1\.2\.0 may not be taken, because it needs Kubernetes >=1\.99\.0-0, and this is v1\./,
    );

    setVersions('1.0.0', '1.1.0', '1.1.1');
    const metadata = { namespace: stage.namespace, name: 'bad' };
    const spec = { app: 'web', digest: chartDigest('1.1.1'), reason: 'bad', author: 'Ada' };
    await stage.client.create<ProductObject>(rejections, { metadata, spec });
    await stage.pass(61_000, 'web');
    await stage.until(async () => {
      expect((await stage.app('web')).status?.waiting?.reason).toBe('VersionRejected');
    });
    expect(await readData()).toMatchObject({ chart: '1.1.0' });
  });

  test('in a registry takes versions by their tags', async () => {
    const push = async (version: string) =>
      await pushImage(
        makeHelmArtifact({ name: 'web', version, kubeVersion: '>=1.20.0-0' }, packFiles({ a: version })),
        {
          host: registry.host,
          repository: `charts/web-${sequence}`,
          tag: version.replace('+', '_'),
          insecure: true,
        },
      );
    await push('1.0.0');
    await push('1.1.0+b.7');
    await putApp([
      { name: 'chart', chart: { repository: `oci://${registry.host}/charts/web-${sequence}`, insecure: true } },
    ]);

    await untilData({ chart: '1.1.0+b.7' });
  });
});

type Source = Readonly<Record<string, unknown>> & { readonly name: string };

function gitSource(git: Readonly<Record<string, unknown>>): Source {
  const url = `${gitServer.origin}/repo-${sequence}`;
  const { secretRef, ...rest } = { secretRef: { name: 'git-login' }, ...git };
  return { name: 'git', git: { url, insecure: true, ...rest, ...(secretRef && { secretRef }) } };
}

function chartSource(): Source {
  return { name: 'chart', chart: { repository: charts.origin, name: 'web', insecure: true } };
}

function artifactSource(): Source {
  const policy = { semver: { range: '*' } };
  return { name: 'artifact', artifact: { repository: artifactRepository(), insecure: true, policy } };
}

function artifactRepository(): string {
  return `${registry.host}/manifests-${sequence}`;
}

async function pushArtifact(tag: string, files: Readonly<Record<string, string>>): Promise<string> {
  const target = { host: registry.host, repository: `manifests-${sequence}`, tag, insecure: true };
  return await pushImage(makeFluxArtifact(files), target);
}

/** Each version may be followed by its kubeVersion. */
function setVersions(...versions: readonly (string | undefined)[]): void {
  const entries = versions.map((text) => {
    const [version = '', kubeVersion] = text?.split(' ') ?? [];
    return `  - version: ${version}\n    digest: ${chartDigest(version).slice(7)}\n${kubeVersion ? `    kubeVersion: '${kubeVersion}'\n` : ''}`;
  });
  index = versions.includes(undefined) ? undefined : `entries:\n  web:\n${entries.join('')}`;
}

function chartDigest(version: string): string {
  return `sha256:${Buffer.from(version.padEnd(32, '.')).toString('hex')}`;
}

function digestOf(commit: string): string {
  return `sha1:${commit}`;
}

/** By default every source has a field of a ConfigMap. */
async function putApp(sources: readonly Source[], deploy?: object): Promise<void> {
  const { client, namespace } = stage;
  if (deploy === undefined) {
    await client.create<ConfigMap>(configMaps, { metadata: { namespace, name: 'web' }, data: { untouched: 'yes' } });
  }
  const targets = sources.map(({ name }) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    name: 'web',
    path: `data.${name}`,
    source: name,
    value: name === 'chart' ? 'Tag' : 'Digest',
  }));
  const spec = {
    interval: '1m',
    sources,
    deploy: deploy ?? { patch: { targets } },
    health: { timeout: '1m', stableFor: '1s' },
  };
  await client.create<ProductObject>(apps, { metadata: { namespace, name: 'web' }, spec });
}

interface ConfigMap extends KubeObject {
  readonly data?: Readonly<Record<string, string>>;
}

async function readData(name = 'web'): Promise<ConfigMap['data']> {
  return (await stage.client.find<ConfigMap>(configMaps, { namespace: stage.namespace, name }))?.data;
}

/** Set, and the Update is done. */
async function untilData(data: Readonly<Record<string, string>>): Promise<void> {
  await stage.until(async () => {
    expect(await readData()).toEqual({ untouched: 'yes', ...data });
    const update = (await stage.updatesOf('web')).at(-1);
    expect(update?.status?.phase).toBe('Succeeded');
  });
  await stage.pass(1_000, 'web');
}

async function untilApplied(value: string): Promise<void> {
  await stage.until(async () => {
    expect(await readData('applied')).toEqual({ value });
    const update = (await stage.updatesOf('web')).at(-1);
    expect(update?.status?.phase).toBe('Succeeded');
  });
  await stage.pass(1_000, 'web');
}
