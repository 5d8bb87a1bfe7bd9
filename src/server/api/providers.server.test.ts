/** Providers as they are in the wild: with a certificate of the house and a secret for us, and ones whose tokens must not be believed. */
import { createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { type ApiStage, openApiStage } from '../../../test/api-stage.ts';
import { type BrowserLike, createBrowserLike } from '../../../test/browser-like.ts';
import { createAuthority } from '../../../test/cluster/certificates.ts';
import { freePort } from '../../../test/cluster/ports.ts';
import { startHttpServer, type TestServer } from '../../../test/servers/http-server.ts';
import { type IdentityProvider, startIdentityProvider } from '../../../test/servers/identity-provider.ts';
import type { OidcSettings } from '../../app/listeners/sign-in-settings.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headgate-providers-'));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

const usual = { scopes: [], usernameClaim: 'sub', usernamePrefix: 'id:', groupsClaim: 'groups', groupsPrefix: 'id:' };

async function openStage(external: string, oidc: Pick<OidcSettings, 'issuerUrl'> & Partial<OidcSettings>) {
  return await openApiStage(inject('kubeconfig'), {
    listen: new URL(external).host,
    signIn: { externalUrl: external, oidc: { ...usual, clientId: 'headgate', ...oidc } },
  });
}

const freeAddress = async () => `http://127.0.0.1:${await freePort('127.0.0.1')}`;

async function whoIs(browser: BrowserLike, external: string): Promise<unknown> {
  return await (await browser.send(`${external}/api/v1/session`)).json();
}

describe('a provider with a certificate of the house, which asks for a secret', () => {
  const authority = createAuthority('house');
  let provider: IdentityProvider;
  let right: ApiStage;
  let files: { readonly ca: string; readonly secret: string };
  let external: string;

  beforeAll(async () => {
    files = { ca: join(folder, 'ca.crt'), secret: join(folder, 'secret') };
    await writeFile(files.ca, authority.certificate);
    await writeFile(files.secret, 'a secret of both\n');
    external = await freeAddress();
    provider = await startIdentityProvider({
      clientId: 'headgate',
      clientSecret: 'a secret of both',
      redirectUri: `${external}/auth/callback`,
      tls: authority.issue({ commonName: 'provider', hosts: ['127.0.0.1'] }),
    });
    provider.become('ann', {});
  });

  afterAll(async () => {
    await right?.stop();
    await provider.stop();
  });

  test('is believed with --oidc-ca-file and --oidc-client-secret-file', async () => {
    right = await openStage(external, {
      issuerUrl: provider.issuer,
      caFile: files.ca,
      clientSecretFile: files.secret,
    });
    const browser = createBrowserLike(authority.certificate);

    await browser.open(`${external}/auth/login`);

    expect(await whoIs(browser, external)).toMatchObject({ signedIn: true, name: 'id:ann' });
    await right.stop();
  });

  test.each([
    ['another authority', async () => ({ caFile: await write('other', createAuthority('other').certificate) })],
    ['no authority', async () => ({ caFile: undefined })],
    ['another secret', async () => ({ clientSecretFile: await write('wrong', 'not the secret') })],
  ])('with %s nobody comes in, and the log says why', async (_, change) => {
    const given = { issuerUrl: provider.issuer, caFile: files.ca, clientSecretFile: files.secret };
    const stage = await openStage(external, { ...given, ...(await change()) });
    const browser = createBrowserLike(authority.certificate);

    await browser.open(`${external}/auth/login`);

    expect(await whoIs(browser, external)).toMatchObject({ signedIn: false });
    expect(stage.apiLog.some(({ level }) => level === 'warn' || level === 'error')).toBe(true);
    await stage.stop();
  });

  async function write(name: string, text: string): Promise<string> {
    const path = join(folder, name);
    await writeFile(path, text);
    return path;
  }
});

describe('a provider that lies', () => {
  const keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const others = generateKeyPairSync('rsa', { modulusLength: 2048 });
  let server: TestServer;
  let stage: ApiStage;
  let external: string;
  let token: (nonce: string) => string = () => '';
  let nonce = '';

  beforeAll(async () => {
    external = await freeAddress();
    server = await startHttpServer((_request, response, url) => {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(answerOf(url.pathname)));
    });
    stage = await openStage(external, { issuerUrl: server.origin });
  });

  afterAll(async () => {
    await stage.stop();
    await server.stop();
  });

  function answerOf(path: string): object {
    switch (path) {
      case '/.well-known/openid-configuration':
        return {
          issuer: server.origin,
          authorization_endpoint: `${server.origin}/authorize`,
          token_endpoint: `${server.origin}/token`,
          jwks_uri: `${server.origin}/jwks`,
          response_types_supported: ['code'],
          id_token_signing_alg_values_supported: ['RS256', 'none', 'HS256'],
          code_challenge_methods_supported: ['S256'],
        };
      case '/jwks':
        return { keys: [{ ...keys.publicKey.export({ format: 'jwk' }), kid: 'one', use: 'sig', alg: 'RS256' }] };
      default:
        return { access_token: 'x', token_type: 'Bearer', id_token: token(nonce) };
    }
  }

  const now = () => Math.floor(Date.now() / 1_000);
  const claims =
    (changed: object = {}) =>
    (given: string) => ({
      iss: server.origin,
      aud: 'headgate',
      sub: 'ann',
      nonce: given,
      iat: now(),
      exp: now() + 600,
      ...changed,
    });
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = (payload: object, key: KeyObject = keys.privateKey, header: object = { alg: 'RS256', kid: 'one' }) => {
    const text = `${part(header)}.${part(payload)}`;
    return `${text}.${sign('sha256', Buffer.from(text), key).toString('base64url')}`;
  };

  async function signIn(make: (given: string) => string): Promise<{ browser: BrowserLike; location: string | null }> {
    token = make;
    const browser = createBrowserLike();
    const begun = await browser.send(`${external}/auth/login`);
    const asked = new URL(begun.headers.get('location') ?? '').searchParams;
    nonce = asked.get('nonce') ?? '';
    const back = `${external}/auth/callback?code=code&state=${asked.get('state')}`;
    return { browser, location: (await browser.send(back)).headers.get('location') };
  }

  test('is believed while it tells the truth', async () => {
    const { browser, location } = await signIn((given) => signed(claims()(given)));

    expect(location).toBe('/');
    expect(await whoIs(browser, external)).toMatchObject({ signedIn: true, name: 'id:ann' });
  });

  test.each<[string, (given: string) => string]>([
    ['alg none', (given) => `${part({ alg: 'none' })}.${part(claims()(given))}.`],
    ['alg none with a signature', (given) => signed(claims()(given), keys.privateKey, { alg: 'none' })],
    ['signed by somebody else', (given) => signed(claims()(given), others.privateKey)],
    [
      'changed after it was signed',
      (given) => signed(claims()(given)).replace(/\.[^.]+\./, `.${part(claims({ sub: 'eve' })(given))}.`),
    ],
    ['the public key as a shared secret', (given) => withPublicKey(claims()(given))],
    ['of yesterday', (given) => signed(claims({ iat: now() - 90_000, exp: now() - 86_400 })(given))],
    ['without an end', (given) => signed(claims({ exp: undefined })(given))],
    ['of another issuer', (given) => signed(claims({ iss: 'https://evil.example' })(given))],
    ['for another client', (given) => signed(claims({ aud: 'other' })(given))],
    ['with the nonce of another attempt', (given) => signed(claims({ nonce: 'other' })(given))],
    ['without a name', (given) => signed(claims({ sub: undefined })(given))],
    ['that is no token', () => 'nonsense'],
  ])('a token %s lets nobody in', async (_, make) => {
    const { browser, location } = await signIn(make);

    expect(location).toMatch(/^\/sign-in\?error=(refused|unavailable)$/);
    expect(await whoIs(browser, external)).toMatchObject({ signedIn: false });
  });

  /** The classic confusion of algorithms: HMAC with the key that everybody knows. */
  function withPublicKey(payload: object): string {
    const text = `${part({ alg: 'HS256', kid: 'one' })}.${part(payload)}`;
    const key = keys.publicKey.export({ format: 'pem', type: 'spki' });
    return `${text}.${createHmac('sha256', key).update(text).digest('base64url')}`;
  }
});

test('with --anonymous-read everybody reads, and nobody does anything or sees more than that', async () => {
  const stage = await openApiStage(inject('kubeconfig'), { anonymousRead: true });
  const { namespace } = stage;
  const status = async (path: string, method = 'GET') =>
    (await stage.ask(`/api/v1/${path}`, { method, ...(method === 'GET' ? {} : { body: {} }) })).status;

  for (const path of ['apps', 'updates', 'approvals', 'rejections', 'channels', 'sources', 'registries', 'figures']) {
    expect([path, await status(path)]).toEqual([path, 200]);
  }
  expect(await status(`apps/${namespace}/none`)).toBe(404);
  for (const path of [`updates/${namespace}/x/objects`, `updates/${namespace}/x/pods`]) {
    expect([path, await status(path)]).toEqual([path, 403]);
  }
  for (const path of ['apps/a/b/check', 'apps/a/b/hold', 'apps/a/b/restore', 'updates/a/b/approve']) {
    expect([path, await status(path, 'POST')]).toEqual([path, 403]);
  }
  const paused = await stage.ask('/api/v1/pause', { method: 'POST', body: {} });
  expect([paused.status, paused.body]).toEqual([200, { apps: 0, skipped: 0 }]);
  await stage.stop();
});
