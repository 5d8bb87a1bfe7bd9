/** Signing in: over a real identity provider, with tokens of a real cluster, behind a proxy; and all the ways in which it must not work. */
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { type Answer, type ApiStage, openApiStage, reader } from '../../../test/api-stage.ts';
import { type BrowserLike, createBrowserLike } from '../../../test/browser-like.ts';
import { freePort } from '../../../test/cluster/ports.ts';
import { type IdentityProvider, startIdentityProvider } from '../../../test/servers/identity-provider.ts';

const roleBindings = {
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  plural: 'rolebindings',
  kind: 'RoleBinding',
  namespaced: true,
};

let stage: ApiStage;
let provider: IdentityProvider;
let external: string;
let token: string;
let browser: BrowserLike;

beforeAll(async () => {
  const port = await freePort('127.0.0.1');
  external = `http://127.0.0.1:${port}/gate`;
  provider = await startIdentityProvider({ clientId: 'headgate', redirectUri: `${external}/auth/callback` });
  stage = await openApiStage(inject('kubeconfig'), {
    listen: `127.0.0.1:${port}`,
    prefix: '/gate',
    signIn: {
      externalUrl: external,
      oidc: {
        issuerUrl: provider.issuer,
        clientId: 'headgate',
        scopes: [],
        usernameClaim: 'sub',
        usernamePrefix: 'id:',
        groupsClaim: 'groups',
        groupsPrefix: 'id:',
      },
      proxy: { from: ['127.0.0.2'], userHeader: 'X-Remote-User', groupHeader: 'X-Remote-Group' },
    },
  });
  token = await stage.person('reader', [reader]);
  // The group of the provider has the rights of the person.
  await stage.client.create(roleBindings, {
    metadata: { namespace: stage.namespace, name: 'team' },
    roleRef: { apiGroup: roleBindings.group, kind: 'Role', name: 'reader' },
    subjects: [{ kind: 'Group', apiGroup: roleBindings.group, name: 'id:team' }],
  } as object as { metadata: { name: string } });
});

beforeEach(() => {
  browser = createBrowserLike();
});

afterAll(async () => {
  await stage.stop();
  await provider.stop();
});

async function session(): Promise<Record<string, unknown>> {
  return (await (await browser.send(`${external}/api/v1/session`)).json()) as Record<string, unknown>;
}

async function mayListHere(): Promise<boolean> {
  const response = await browser.send(`${external}/api/v1/apps/${stage.namespace}/none`);
  return response.status === 404;
}

describe('over the identity provider', () => {
  test('a person comes back as who the cluster knows them, with the rights of their groups', async () => {
    provider.become('ann', { groups: ['team', 'system:masters'] });

    await browser.open(`${external}/auth/login?return=/gate/updates`);

    expect(await session()).toMatchObject({
      signedIn: true,
      name: 'id:ann',
      groups: ['id:team', 'id:system:masters', 'system:authenticated'],
      via: 'Session',
      csrfToken: expect.any(String),
      provider: true,
    });
    expect(await mayListHere()).toBe(true);
  });

  test('a person without the group is signed in and sees nothing', async () => {
    provider.become('bob', { groups: [] });

    await browser.open(`${external}/auth/login`);

    expect(await session()).toMatchObject({ signedIn: true, name: 'id:bob' });
    expect(await mayListHere()).toBe(false);
  });

  test.each([
    ['/gate/updates?x=1', '/gate/updates?x=1'],
    ['https://evil.example', '/gate/'],
    ['//evil.example/gate/', '/gate/'],
    ['/gate/\\evil.example', '/gate/'],
    ['/gate/%0d%0aSet-Cookie:x', '/gate/%0d%0aSet-Cookie:x'],
    ['/elsewhere', '/gate/'],
  ])('return=%s leads to %s', async (asked, lands) => {
    provider.become('ann', {});
    const first = await browser.send(`${external}/auth/login?return=${encodeURIComponent(asked)}`);
    const back = await openUntilCallback(first);

    const last = await browser.send(back);

    expect([last.status, last.headers.get('location')]).toEqual([302, lands]);
  });

  test('the cookies are out of reach of scripts and of other sites, and show nothing', async () => {
    provider.become('ann', { groups: ['team'] });
    await browser.open(`${external}/auth/login`);

    for (const line of browser.cookieLines.filter((one) => one.startsWith('headgate'))) {
      expect(line).toMatch(/; Path=\/gate; (Expires=[^;]+; )?HttpOnly; SameSite=Lax$/);
    }
    const value = browser.cookie(new URL(external).host, 'headgate-session') ?? '';
    expect(Buffer.from(value, 'base64url').toString('latin1')).not.toContain('ann');
  });

  test('an answer that somebody else began, one used twice and one with another state are refused', async () => {
    provider.become('ann', {});
    const back = await openUntilCallback(await browser.send(`${external}/auth/login`));
    const stranger = createBrowserLike();

    expect((await stranger.send(back)).headers.get('location')).toBe('/gate/sign-in?error=refused');
    const forged = back.replace(/state=[^&]+/, 'state=forged');
    expect((await browser.send(forged)).headers.get('location')).toBe('/gate/sign-in?error=refused');
    expect((await browser.send(back)).headers.get('location')).toBe('/gate/sign-in?error=refused');
    expect(await session()).toMatchObject({ signedIn: false });
  });

  test('while the provider is down nobody new comes in, who is in stays, and after it all goes on', async () => {
    provider.become('ann', { groups: ['team'] });
    const inside = browser;
    await inside.open(`${external}/auth/login`);
    const halfWay = createBrowserLike();
    browser = halfWay;
    const back = await openUntilCallback(await halfWay.send(`${external}/auth/login`));

    await provider.stop();

    expect((await halfWay.send(back)).headers.get('location')).toBe('/gate/sign-in?error=unavailable');
    const program = await stage.ask(back.slice(stage.address.length));
    expect(program.status).toBe(401);
    browser = inside;
    expect(await mayListHere()).toBe(true);

    await provider.start();
    browser = createBrowserLike();
    await browser.open(`${external}/auth/login`);
    expect(await session()).toMatchObject({ signedIn: true });
  });
});

/** Follows the redirects of the provider; answers where it sends the browser back to. */
async function openUntilCallback(response: Response): Promise<string> {
  let location = response.headers.get('location') ?? '';
  let at = external;
  while (!new URL(location, at).href.startsWith(`${external}/auth/callback`)) {
    at = new URL(location, at).href;
    location = (await browser.send(at)).headers.get('location') ?? '';
    expect(location).not.toBe('');
  }
  return new URL(location, at).href;
}

describe('with a pasted token', () => {
  async function signIn(text: string): Promise<Response> {
    return await browser.send(`${external}/api/v1/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token: text }),
    });
  }

  test('a person is who the token says, until they sign out', async () => {
    expect((await signIn(token)).status).toBe(200);
    const { csrfToken, ...known } = await session();
    expect(known).toMatchObject({ name: `system:serviceaccount:${stage.namespace}:reader`, via: 'Session' });
    expect(await mayListHere()).toBe(true);
    const leave = (headers: Record<string, string>) =>
      browser.send(`${external}/api/v1/session`, { method: 'DELETE', headers });

    expect((await leave({})).status).toBe(403);
    expect((await leave({ 'x-csrf-token': 'wrong' })).status).toBe(403);
    expect((await leave({ 'x-csrf-token': String(csrfToken), 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    expect((await leave({ 'x-csrf-token': String(csrfToken) })).status).toBe(204);

    expect(await session()).toMatchObject({ signedIn: false });
  });

  test('a page of another site cannot sign anybody in', async () => {
    const body = JSON.stringify({ token });
    const asForm = await browser.send(`${external}/api/v1/session`, {
      method: 'POST',
      headers: { 'content-type': 'text/plain' },
      body,
    });
    const crossSite = await browser.send(`${external}/api/v1/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'sec-fetch-site': 'cross-site' },
      body,
    });

    expect([asForm.status, crossSite.status]).toEqual([415, 403]);
    expect(browser.cookieLines).toEqual([]);
  });

  test('a cookie that was changed is nobody', async () => {
    await signIn(token);
    const { host } = new URL(external);
    const value = browser.cookie(host, 'headgate-session') ?? '';
    browser.setCookie(host, 'headgate-session', `${value.slice(0, -4)}AAAA`);

    expect(await session()).toMatchObject({ signedIn: false });
    expect(await mayListHere()).toBe(false);
  });
});

describe('behind a proxy', () => {
  const headers = { 'x-remote-user': 'carol', 'x-remote-group': 'id:team, other' };

  test('its headers count for nothing from any other address', async () => {
    const { body } = await stage.ask('/gate/api/v1/session', { headers });

    expect(body).toMatchObject({ signedIn: false, via: 'Anonymous' });
  });

  test('from its address it names people and groups, and pages of others can do nothing in their name', async () => {
    const { body, headers: answered } = await askFrom('127.0.0.2', '/gate/api/v1/session', headers);
    expect(body).toMatchObject({ name: 'carol', groups: ['id:team', 'other', 'system:authenticated'], via: 'Proxy' });
    const cookie = (answered.get('set-cookie') ?? '').split(';')[0] ?? '';
    const { csrfToken } = body as { csrfToken: string };
    const trial = { policy: 'keel:minor', tags: ['1.0.0'] };
    const post = (more: Record<string, string>) =>
      askFrom('127.0.0.2', '/gate/api/v1/policies/try', { ...headers, ...more }, trial);

    expect((await post({})).status).toBe(403);
    expect((await post({ 'x-csrf-token': csrfToken })).status).toBe(403);
    expect((await post({ 'x-csrf-token': csrfToken, cookie })).status).toBe(200);
  });

  test.each([
    ['a name of Kubernetes', { 'x-remote-user': 'system:admin' }],
    ['a group of Kubernetes', { 'x-remote-user': 'carol', 'x-remote-group': 'system:masters' }],
    ['an empty name', { 'x-remote-user': '' }],
    ['two names', { 'x-remote-user': ['carol', 'dave'] }],
  ])('it may not say %s', async (_, said) => {
    expect((await askFrom('127.0.0.2', '/gate/api/v1/session', said)).status).toBe(401);
  });
});

async function askFrom(
  localAddress: string,
  path: string,
  headers: Readonly<Record<string, string | string[]>>,
  body?: object,
): Promise<Answer> {
  const { request } = await import('node:http');
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const sent = request(
    `${stage.address}${path}`,
    {
      localAddress,
      method: body ? 'POST' : 'GET',
      headers: { ...headers, ...(body && { 'content-type': 'application/json' }) },
      agent: false,
    },
    (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => {
        const answered = new Headers(
          Object.entries(response.headers).map(([name, value]): [string, string] => [name, String(value)]),
        );
        resolve({
          status: response.statusCode ?? 0,
          headers: answered,
          text,
          body: text === '' ? undefined : JSON.parse(text),
        });
      });
    },
  );
  sent.on('error', reject);
  sent.end(body && JSON.stringify(body));
  return await promise;
}

test('whoever tries many tokens is told to come again later; others are not', async () => {
  const attempt = (text: string) => stage.ask('/gate/api/v1/apps', { token: text });
  const statuses: number[] = [];
  for (let time = 0; time < 25; time += 1) {
    statuses.push((await attempt(`guess-${time}`)).status);
  }
  expect(statuses[0]).toBe(401);
  expect(statuses.at(-1)).toBe(429);
  const { headers, body } = await attempt(token);
  expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
  expect(body).toMatchObject({ code: 'too-many-requests' });

  const elsewhere = await askFrom('127.0.0.3', '/gate/api/v1/apps', { authorization: `Bearer ${token}` });
  expect(elsewhere.status).toBe(200);
});
