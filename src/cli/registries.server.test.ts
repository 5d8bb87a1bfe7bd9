/** `headgate run --once` on a host: how it signs in to registries and reaches them, as a process of its own. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import { connectTo, createNamespace } from '../../test/kube/server-fixtures.ts';
import { completeRollouts, createDeployment, pushVersions } from '../../test/runtime-stage.ts';
import { startConnectProxy } from '../../test/servers/connect-proxy.ts';
import { type RunningRegistry, reader, startRegistry } from '../../test/servers/registry.ts';
import { apps, type ProductObject } from '../adapters/cluster/kinds.ts';
import type { KubeClient } from '../kube/client.ts';

let client: KubeClient;
let open: RunningRegistry;
let closed: RunningRegistry;
let namespace: string;
let folder: string;
let stop: AbortController;

beforeAll(async () => {
  client = await connectTo(inject('kubeconfig'));
  open = await startRegistry();
  await pushVersions(open.host, 'library/web', ['1.0.0', '1.1.0']);
  closed = await startRegistry({ storage: open.storage, auth: { kind: 'basic' } });
});

afterAll(async () => {
  await Promise.all([client.close(), open.stop(), closed.stop()]);
});

beforeEach(async () => {
  namespace = await createNamespace(client);
  folder = await mkdtemp(join(tmpdir(), 'headgate-host-'));
  stop = new AbortController();
  completeRollouts({ client, namespace }, stop.signal);
});

afterEach(async () => {
  stop.abort();
  await rm(folder, { recursive: true });
});

test("with the user's docker login", async () => {
  const auth = Buffer.from(`${reader.username}:${reader.password}`).toString('base64');
  await writeDockerConfig({ auths: { [closed.host]: { auth } } });

  expect(await update(`${closed.host}/library/web`)).toBe('1.1.0');
});

test('with a credential helper, which is given the name of the registry', async () => {
  await writeDockerConfig({ credHelpers: { [closed.host]: 'test' } });
  await mkdir(join(folder, 'bin'));
  const answer = JSON.stringify({ Username: reader.username, Secret: reader.password });
  const program = join(folder, 'bin', 'docker-credential-test');
  await writeFile(
    program,
    `#!/bin/sh\nread -r server\n[ "$1 $server" = "get ${closed.host}" ] && cat <<'END'\n${answer}\nEND\n`,
  );
  await chmod(program, 0o755);

  expect(await update(`${closed.host}/library/web`)).toBe('1.1.0');
});

test('without any it says why, and not what it was told', async () => {
  await writeDockerConfig({ credsStore: 'nosuch' });

  expect(await update(`${closed.host}/library/web`)).toMatch(
    /401 Unauthorized.*no credentials were given.*credential helper "nosuch" .* is not installed: no such program in PATH/,
  );
});

test('with a substitute for Docker Hub', async () => {
  expect(await update('web', ['--registry-substitute', `docker.io=http://${open.host}`])).toBe('1.1.0');
});

test('through the proxy of the environment', async () => {
  const proxy = await startConnectProxy({ 'registry.test:80': open.host });

  expect(await update('registry.test/library/web', [], { HTTP_PROXY: proxy.url, NO_PROXY: '127.0.0.1' })).toBe('1.1.0');
  await proxy.stop();
  expect(new Set(proxy.requests.map((line) => line.split('/').slice(0, 3).join('/')))).toEqual(
    new Set(['GET http://registry.test', 'HEAD http://registry.test']),
  );
});

/** The tag that an Update has brought, or what the App waits for. */
async function update(
  repository: string,
  words: readonly string[] = [],
  variables: Readonly<Record<string, string>> = {},
): Promise<string | undefined> {
  await createDeployment({ client, namespace }, 'web', `${repository}:1.0.0`);
  await client.create<ProductObject>(apps, {
    metadata: { namespace, name: 'web' },
    spec: {
      sources: [{ name: 'web', image: { repository, insecure: true, policy: { semver: { range: '1.x' } } } }],
      deploy: { workloads: { targets: [{ kind: 'Deployment', name: 'web' }] } },
      health: { stableFor: '1s' },
    },
  });
  const common = ['run', '--once', '--timeout', '30s', '--output', 'json', '-n', namespace];
  const { out, error } = await spawnHeadgate([...common, '--kubeconfig', inject('kubeconfig'), ...words], variables);
  expect(error).not.toContain(reader.password);
  expect(out).not.toContain(reader.password);
  const report = JSON.parse(out) as {
    readonly updates: readonly {
      readonly spec: { readonly changes: readonly { readonly to: { readonly tag: string } }[] };
    }[];
    readonly apps: readonly { readonly status?: { readonly waiting?: { readonly message: string } } }[];
  };
  return report.updates[0]?.spec.changes[0]?.to.tag ?? report.apps[0]?.status?.waiting?.message;
}

async function spawnHeadgate(words: readonly string[], variables: Readonly<Record<string, string>>) {
  const PATH = [join(folder, 'bin'), process.env['PATH'] ?? ''].join(delimiter);
  const env = { ...process.env, DOCKER_CONFIG: folder, PATH, ...variables };
  const child = spawn(process.execPath, ['src/main.ts', ...words], { stdio: ['ignore', 'pipe', 'pipe'], env });
  const said = { out: '', error: '' };
  child.stdout.on('data', (chunk: Buffer) => {
    said.out += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    said.error += chunk.toString();
  });
  await once(child, 'close');
  return said;
}

async function writeDockerConfig(config: object): Promise<void> {
  await writeFile(join(folder, 'config.json'), JSON.stringify(config));
}
