import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadInClusterConfig } from './config.ts';
import { loadKubeConfig } from './kubeconfig.ts';

const { signal } = new AbortController();

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kubeconfig-'));
});

afterEach(() => rm(folder, { recursive: true }));

async function write(name: string, content: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content, { mode: 0o600 });
  return path;
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

/** A kubeconfig of one context whose user and cluster have the given YAML flow fields. */
function config(user: string, cluster = 'server: "https://api.example.org:6443/prefix"'): string {
  return [
    'current-context: main',
    `clusters: [{name: c, cluster: {${cluster}}}]`,
    'contexts: [{name: main, context: {cluster: c, user: u, namespace: demo}}, {name: other, context: {cluster: c, user: u}}]',
    `users: [{name: u, user: {${user}}}]`,
  ].join('\n');
}

describe('a context', () => {
  test('gives server, namespace and TLS settings', async () => {
    const cluster = `server: "https://10.0.0.1", certificate-authority-data: ${base64('CA')}, tls-server-name: api.internal, proxy-url: "http://proxy:3128"`;

    const loaded = await loadKubeConfig({ path: await write('config', config('token: t', cluster)) });

    expect(loaded).toMatchObject({
      server: 'https://10.0.0.1',
      namespace: 'demo',
      tls: { ca: 'CA', serverName: 'api.internal' },
      proxyUrl: 'http://proxy:3128',
    });
    expect(loaded.tls.skipVerify).toBeUndefined();
  });

  test('can be another than the current one; its namespace is default where none is said', async () => {
    const loaded = await loadKubeConfig({ path: await write('config', config('token: t')), context: 'other' });

    expect(loaded.namespace).toBe('default');
  });

  test('may stand in several files: the first one wins, missing ones are passed over', async () => {
    const first = await write('first', 'current-context: main\nusers: [{name: u, user: {token: first}}]');
    const second = await write('second', config('token: second'));

    const loaded = await loadKubeConfig({ path: [join(folder, 'missing'), first, second].join(delimiter) });

    expect(await loaded.credentials.current(signal)).toEqual({ authorization: 'Bearer first' });
  });

  test.each([
    { name: 'token', user: 'token: abc', proof: { authorization: 'Bearer abc' } },
    {
      name: 'basic auth',
      user: 'username: me, password: "p:w"',
      proof: { authorization: `Basic ${base64('me:p:w')}` },
    },
    {
      name: 'inline certificate',
      user: `client-certificate-data: ${base64('CERT')}, client-key-data: ${base64('KEY')}`,
      proof: { clientCertificate: { certificate: 'CERT', key: 'KEY' } },
    },
    {
      name: 'certificate files beside the kubeconfig',
      user: 'client-certificate: client.crt, client-key: client.key',
      proof: { clientCertificate: { certificate: 'CERT FILE', key: 'KEY FILE' } },
    },
    {
      name: 'token file beside the kubeconfig',
      user: 'tokenFile: token',
      proof: { authorization: 'Bearer from-file' },
    },
    { name: 'token before its file', user: 'token: abc, tokenFile: token', proof: { authorization: 'Bearer abc' } },
    { name: 'nothing', user: '', proof: {} },
  ])('$name is what a request carries', async ({ user, proof }) => {
    await write('client.crt', 'CERT FILE');
    await write('client.key', 'KEY FILE');
    await write('token', 'from-file\n');

    const loaded = await loadKubeConfig({ path: await write('config', config(user)) });

    expect(await loaded.credentials.current(signal)).toEqual(proof);
  });
});

describe('mistakes', () => {
  test.each([
    { name: 'not YAML', content: 'a: [b', message: /: not YAML$/ },
    { name: 'no current context', content: 'clusters: []', message: /: no current-context, and none was asked for$/ },
    { name: 'unknown context', content: 'current-context: nowhere', message: /: no context named nowhere$/ },
    {
      name: 'unknown cluster',
      content: 'current-context: a\ncontexts: [{name: a, context: {cluster: c}}]',
      message: /: no cluster named c$/,
    },
    { name: 'server is no URL', content: config('token: t', 'server: localhost'), message: /: cluster c: \/server / },
    { name: 'token is no text', content: config('token: [1]'), message: /: user u: \/token / },
    {
      name: 'certificate without key',
      content: config(`client-certificate-data: ${base64('C')}`),
      message: /without its key/,
    },
    {
      name: 'missing key file',
      content: config('client-certificate: nope.crt, client-key: nope.key'),
      message: /nope\.crt: ENOENT$/,
    },
    {
      name: 'plugin of an old version',
      content: config('exec: {apiVersion: client.authentication.k8s.io/v1alpha1, command: x}'),
      message: /\/exec/,
    },
    {
      name: 'plugin that wants a terminal',
      content: config('exec: {apiVersion: client.authentication.k8s.io/v1, command: x, interactiveMode: Always}'),
      message: /interactiveMode Always/,
    },
  ])('$name', async ({ content, message }) => {
    const path = await write('config', content);

    await expect(loadKubeConfig({ path })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(message),
    });
  });

  test('the message of broken YAML does not quote the file', async () => {
    const path = await write('config', 'users: [{name: u, user: {token: hunter2}}');

    await expect(loadKubeConfig({ path })).rejects.toMatchObject({ message: expect.not.stringContaining('hunter2') });
  });

  test('a missing file is named', async () => {
    await expect(loadKubeConfig({ path: join(folder, 'missing') })).rejects.toThrow(/missing: ENOENT$/);
  });
});

describe('in a pod', () => {
  test.each([
    { host: '10.96.0.1', server: 'https://10.96.0.1:443' },
    { host: 'fd00::1', server: 'https://[fd00::1]:443' },
  ])('$host gives $server', async ({ host, server }) => {
    await write('token', 'pod-token\n');
    await write('ca.crt', 'CA');
    await write('namespace', 'demo');

    const loaded = await loadInClusterConfig({ host, port: '443', folder });

    expect(loaded).toMatchObject({ server, namespace: 'demo', tls: { ca: 'CA' } });
    expect(await loaded.credentials.current(signal)).toEqual({ authorization: 'Bearer pod-token' });
  });

  test('without a mounted token says which file is missing', async () => {
    await expect(loadInClusterConfig({ host: 'h', port: '1', folder })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: `read token file ${join(folder, 'token')}: ENOENT`,
    });
  });
});
