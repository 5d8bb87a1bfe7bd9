import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { dockerEnvironment, loadConnection, ownNamespace, processIdentity, proxyEnvironment } from './config.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headgate-config-'));
  await mkdir(join(folder, '.kube'));
  vi.stubEnv('HOME', folder);
  vi.stubEnv('KUBECONFIG', undefined);
  vi.stubEnv('KUBERNETES_SERVICE_HOST', undefined);
  vi.stubEnv('KUBERNETES_SERVICE_PORT', undefined);
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

/** Writes a kubeconfig whose clusters tell the file and the context they come from. */
async function write(name: string): Promise<string> {
  const contexts = ['main', 'other'];
  const path = join(folder, name);
  const config = {
    'current-context': 'main',
    clusters: contexts.map((context) => ({
      name: context,
      cluster: { server: `https://${name.replaceAll('/', '-')}-${context}` },
    })),
    contexts: contexts.map((context) => ({ name: context, context: { cluster: context } })),
    users: [],
  };
  await writeFile(path, JSON.stringify(config));
  return path;
}

function inPod(): void {
  vi.stubEnv('KUBERNETES_SERVICE_HOST', '10.96.0.1');
  vi.stubEnv('KUBERNETES_SERVICE_PORT', '443');
}

const tokenPath = '/var/run/secrets/kubernetes.io/serviceaccount/token';

describe('the cluster is found', () => {
  test('in --kubeconfig before all else', async () => {
    vi.stubEnv('KUBECONFIG', await write('variable'));
    await write('.kube/config');
    inPod();

    expect(await loadConnection({ kubeconfig: await write('flag') })).toMatchObject({ server: 'https://flag-main' });
  });

  test('in KUBECONFIG before the pod and the home folder', async () => {
    vi.stubEnv('KUBECONFIG', await write('variable'));
    await write('.kube/config');
    inPod();

    expect(await loadConnection({})).toMatchObject({ server: 'https://variable-main' });
  });

  test('in several files of KUBECONFIG, of which some are missing', async () => {
    vi.stubEnv('KUBECONFIG', [join(folder, 'missing'), await write('second')].join(delimiter));

    expect(await loadConnection({})).toMatchObject({ server: 'https://second-main' });
  });

  test('in the pod before the home folder', async () => {
    await write('.kube/config');
    inPod();

    await expect(loadConnection({})).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining(tokenPath),
    });
  });

  test.each(['', undefined])('in the home folder where KUBECONFIG is %j', async (variable) => {
    vi.stubEnv('KUBECONFIG', variable);
    await write('.kube/config');

    expect(await loadConnection({})).toMatchObject({ server: 'https://.kube-config-main', namespace: 'default' });
  });

  test('in the context that is asked for', async () => {
    const kubeconfig = await write('flag');

    expect(await loadConnection({ kubeconfig, context: 'other' })).toMatchObject({ server: 'https://flag-other' });
  });

  test('in the home folder also from a pod when a context is asked for, which a pod does not have', async () => {
    await write('.kube/config');
    inPod();

    expect(await loadConnection({ context: 'other' })).toMatchObject({ server: 'https://.kube-config-other' });
  });

  test('nowhere, and then the message names the file that was looked for', async () => {
    await expect(loadConnection({})).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: `read ${join(folder, '.kube', 'config')}: ENOENT`,
    });
  });

  test('but not in a context that is not there', async () => {
    await expect(loadConnection({ kubeconfig: await write('flag'), context: 'nosuch' })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('no context named nosuch'),
    });
  });
});

describe('the namespace of the Lease', () => {
  test('is the one given', async () => {
    expect(await ownNamespace('headgate')).toBe('headgate');
  });

  test('must be given outside a cluster', async () => {
    await expect(ownNamespace(undefined)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('--lease-namespace'),
    });
  });
});

test('no two processes have one identity', () => {
  expect(processIdentity()).not.toBe(processIdentity());
});

describe('the proxy of registries', () => {
  beforeEach(() => {
    for (const name of ['http_proxy', 'https_proxy', 'no_proxy']) {
      vi.stubEnv(name, undefined);
      vi.stubEnv(name.toUpperCase(), undefined);
    }
  });

  test.each([
    [{}, undefined],
    [{ HTTPS_PROXY: '' }, undefined],
    [{ NO_PROXY: 'a' }, undefined],
    [{ HTTPS_PROXY: 'http://a:1' }, { https: 'http://a:1/', http: undefined, exempt: '' }],
    [
      { https_proxy: 'b:2', HTTPS_PROXY: 'a:1' },
      { https: 'http://b:2/', http: undefined, exempt: '' },
    ],
    [
      { HTTP_PROXY: 'https://a', no_proxy: 'c' },
      { https: undefined, http: 'https://a/', exempt: 'c' },
    ],
  ])('of %j is %j', (variables, expected) => {
    for (const [name, value] of Object.entries(variables)) {
      vi.stubEnv(name, value);
    }

    expect(proxyEnvironment()).toEqual(expected);
  });

  test.each(['socks5://me:hunter2@a:1', 'http://me:hunter2@'])('is not %s, and its password is not shown', (text) => {
    vi.stubEnv('HTTPS_PROXY', text);

    expect(proxyEnvironment).toThrow('read HTTPS_PROXY: it is no http or https address');
    expect(proxyEnvironment).not.toThrow('hunter2');
  });
});

describe("docker's configuration", () => {
  test.each([
    [undefined, 'OfUser', '.docker/config.json'],
    ['', 'OfUser', '.docker/config.json'],
    ['elsewhere', 'OfUser', 'elsewhere/config.json'],
    ['elsewhere', 'Named', 'elsewhere/config.json'],
    [undefined, 'Named', undefined],
  ] as const)('with DOCKER_CONFIG %s and of kind %s is %s', (variable, whose, path) => {
    vi.stubEnv('DOCKER_CONFIG', variable ? join(folder, variable) : variable);

    expect(dockerEnvironment(whose)?.path).toBe(path && join(folder, path));
  });
});
