import type { IncomingMessage } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createAuthority } from '../../../test/cluster/certificates.ts';
import { bodyOf, type Handler, sendJson, startHttpServer, type TestServer } from '../../../test/servers/http-server.ts';
import type { RegistryAccess, RegistryCredentials } from '../../engine/ports/registry.ts';
import type { AmbientCredentials, AmbientFinding } from './ambient.ts';
import { createRegistryClient, type RegistryClient } from './client.ts';

const never = new AbortController().signal;
const right: RegistryCredentials = { username: 'right', password: 'open-sesame' };
const wrong: RegistryCredentials = { username: 'wrong', password: 'hunter2' };
const other: RegistryCredentials = { username: 'other', password: 'hunter3' };

let server: TestServer;
let client: RegistryClient;
let handler: Handler;

beforeEach(async () => {
  server = await startHttpServer((request, response, url) => handler(request, response, url));
  client = open();
});

afterEach(async () => {
  await Promise.all([client.close(), server.stop()]);
});

describe('several credentials', () => {
  /** Opens to `right`; says `status` to all others. */
  const doorSaying =
    (status: number): Handler =>
    (request, response) => {
      const user = userOf(request);
      if (user === 'right') {
        sendJson(response, { tags: ['1.0.0'] });
      } else {
        const headers = { 'www-authenticate': 'Basic realm="x"' };
        response.writeHead(user === undefined ? 401 : status, headers).end();
      }
    };

  test.each([
    [401, [wrong, other, right], ['none', 'wrong', 'none', 'other', 'none', 'right']],
    [403, [wrong, right], ['none', 'wrong', 'none', 'right']],
    [404, [wrong, right], ['none', 'wrong', 'none', 'right']],
    [401, [right, wrong], ['none', 'right']],
  ])('are tried in turn where the registry says %i', async (status, credentials, users) => {
    handler = doorSaying(status);

    expect(await list(accessWith(credentials))).toEqual(['1.0.0']);
    expect(usersOf(server)).toEqual(users);
  });

  test('of which one opened: it is used first from then on', async () => {
    handler = doorSaying(401);
    const access = accessWith([wrong, right]);
    await list(access);
    const before = server.requests.length;

    await list(access);
    await list(access);

    expect(usersOf(server).slice(before)).toEqual(['right', 'right']);
  });

  test('of which the one that opened is revoked: the others are tried again', async () => {
    let opensTo = 'right';
    handler = (request, response) => {
      if (userOf(request) === opensTo) {
        sendJson(response, { tags: ['1.0.0'] });
      } else {
        response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
      }
    };
    const access = accessWith([wrong, right]);
    await list(access);
    opensTo = 'wrong';

    expect(await list(access)).toEqual(['1.0.0']);
  });

  test('of which none opens: the last refusal is told, and none of them', async () => {
    handler = (request, response) => {
      response.statusCode = userOf(request) === undefined ? 401 : 403;
      response.setHeader('www-authenticate', 'Basic realm="x"');
      const heard = Buffer.from((request.headers.authorization ?? '').slice(6), 'base64').toString();
      response.end(JSON.stringify({ errors: [{ code: 'DENIED', message: `not to ${heard}` }] }));
    };
    const access = { ...accessWith([wrong, other]), notes: ['Secret "third" is not there'] };

    const error = await list(access).catch((one: unknown) => one);

    expect(error).toMatchObject({ code: 'REGISTRY_DENIED' });
    expect(String(error)).toContain('403 Forbidden (DENIED: not to other:[redacted]); the credentials given do not');
    // It is the answer to all who ask with the same credentials.
    expect(String(error)).not.toContain('third');
    expect(String(error)).not.toContain('hunter');
  });

  test('are not tried over when a tag is not there in a repository that is open', async () => {
    handler = (request, response, url) => {
      if (userOf(request) !== 'right') {
        response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
      } else if (url.pathname.includes('/manifests/')) {
        response.writeHead(404).end();
      } else {
        sendJson(response, { tags: ['1.0.0'] });
      }
    };
    const access = accessWith([wrong, right]);
    await list(access);
    const before = server.requests.length;

    expect(await client.findDigest(place(), '9.9.9', access, never)).toBeUndefined();
    expect(usersOf(server).slice(before)).toEqual(['right']);
  });

  test('are not tried where the registry fails for another reason', async () => {
    handler = (_, response) => {
      response.writeHead(503).end();
    };

    await expect(list(accessWith([wrong, right]))).rejects.toMatchObject({ code: 'REGISTRY_UNREACHABLE' });
    expect(server.requests.length).toBe(1);
  });
});

describe('an identity token', () => {
  const identity: RegistryCredentials = { username: '', password: '', identityToken: 'refresh-me' };

  test('is exchanged as OAuth 2 has it', async () => {
    const bodies: string[] = [];
    handler = async (request, response, url) => {
      if (url.pathname === '/oauth2/token') {
        bodies.push(`${request.method} ${await bodyOf(request)}`);
        sendJson(response, { access_token: 'access', expires_in: 300 });
      } else if (request.headers.authorization === 'Bearer access') {
        sendJson(response, { tags: ['1.0.0'] });
      } else {
        const realm = `Bearer realm="${url.origin}/oauth2/token",service="x.azurecr.io"`;
        response.writeHead(401, { 'www-authenticate': realm }).end();
      }
    };

    expect(await list(accessWith([identity]))).toEqual(['1.0.0']);
    expect(bodies).toEqual([
      'POST grant_type=refresh_token&client_id=headgate&refresh_token=refresh-me&service=x.azurecr.io&scope=repository%3Aapp%3Apull',
    ]);
  });

  test('is not sent as a password, nor shown', async () => {
    handler = (_, response) => {
      response.statusCode = 401;
      response.setHeader('www-authenticate', 'Basic realm="x"');
      response.end(JSON.stringify({ errors: [{ code: 'UNAUTHORIZED', message: 'it is refresh-me' }] }));
    };

    const error = await list(accessWith([identity])).catch((one: unknown) => one);

    expect(String(error)).toContain('it is [redacted]');
    expect(usersOf(server)).toEqual(['none']);
  });
});

describe('what is found around us', () => {
  const source = (finding: AmbientFinding) => {
    const calls = { found: 0, forgotten: 0 };
    const ambient: AmbientCredentials = {
      find: () => {
        calls.found += 1;
        return Promise.resolve(finding);
      },
      forget: () => {
        calls.forgotten += 1;
      },
      close: () => Promise.resolve(),
    };
    return { calls, ambient };
  };
  const door: Handler = (request, response) => {
    if (userOf(request) === 'right') {
      sendJson(response, { tags: ['1.0.0'] });
    } else {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
    }
  };

  test('is used in order, where an App names nothing', async () => {
    handler = door;
    const first = source({ kind: 'Nothing' });
    const second = source({ kind: 'Found', credentials: right });
    const third = source({ kind: 'Found', credentials: wrong });
    const own = open([first.ambient, second.ambient, third.ambient]);

    expect(await own.listTags(place(), { insecure: true }, never)).toEqual(['1.0.0']);
    await own.close();

    expect([first.calls.found, second.calls.found, third.calls.found]).toEqual([1, 1, 0]);
  });

  test('is not used where an App names something', async () => {
    handler = door;
    const { ambient, calls } = source({ kind: 'Found', credentials: right });
    const own = open([ambient]);

    await expect(own.listTags(place(), accessWith([wrong]), never)).rejects.toMatchObject({ code: 'REGISTRY_DENIED' });
    await own.close();

    expect(calls).toEqual({ found: 0, forgotten: 0 });
  });

  test('is forgotten when it does not do, and never shown', async () => {
    handler = (request, response) => {
      response.statusCode = userOf(request) === undefined ? 401 : 403;
      response.setHeader('www-authenticate', 'Basic realm="x"');
      response.end(JSON.stringify({ errors: [{ code: 'DENIED', message: 'hunter2 is no password' }] }));
    };
    const { ambient, calls } = source({ kind: 'Found', credentials: wrong });
    const own = open([ambient]);

    const error = await own.listTags(place(), { insecure: true }, never).catch((one: unknown) => one);
    await own.close();

    expect(calls).toEqual({ found: 1, forgotten: 1 });
    expect(String(error)).toContain('DENIED: [redacted] is no password');
  });

  test('and cannot be used does not keep from what is public, and is told of what is not', async () => {
    handler = (_, response, url) => {
      if (url.pathname.startsWith('/v2/app/')) {
        sendJson(response, { tags: ['1.0.0'] });
      } else {
        response.writeHead(401).end();
      }
    };
    const own = open([source({ kind: 'Unusable', problem: 'the identity is away' }).ambient]);

    expect(await own.listTags(place(), { insecure: true }, never)).toEqual(['1.0.0']);
    const closed = own.listTags({ registry: server.host, path: 'closed' }, { insecure: true }, never);
    await expect(closed).rejects.toThrow('name its pull secret; the identity is away');
    await own.close();
  });
});

describe('a token server', () => {
  const authority = createAuthority('authority of the registry');
  const certificate = authority.issue({ commonName: 'registry', hosts: ['127.0.0.1'] });

  test.each([
    ['over http, of a registry over https', 'http://127.0.0.1:1/token', 'what is no https address'],
    ['at a metadata server', 'https://169.254.169.254/token', 'is a link-local address'],
    ['at a metadata server in disguise', 'https://2852039166/token', 'is a link-local address'],
    ['at a file', 'file:///etc/passwd', 'what is no https address'],
  ])('%s is told nothing', async (_, realm, part) => {
    const registry = await startHttpServer((__, response) => {
      response.writeHead(401, { 'www-authenticate': `Bearer realm="${realm}",service="s"` }).end();
    }, certificate);
    const access = { insecure: false, caBundle: authority.certificate, credentials: right };

    const error = await client
      .listTags({ registry: registry.host, path: 'app' }, access, never)
      .catch((one: unknown) => one);
    await registry.stop();

    expect(String(error)).toContain(part);
    expect(error).toMatchObject({ code: 'REGISTRY_ANSWER_INVALID' });
    expect(registry.requests.length).toBe(1);
  });
});

test.each([
  ['http://169.254.169.254/latest/meta-data/', 'is a link-local address, where no registry is'],
  ['http://[fe80::1]/', 'is a link-local address, where no registry is'],
])('a redirect to %s is not followed', async (location, part) => {
  handler = (_, response) => {
    response.writeHead(307, { location }).end();
  };

  const error = await list({ insecure: true }).catch((one: unknown) => one);

  expect(error).toMatchObject({ code: 'REGISTRY_ANSWER_INVALID' });
  expect(String(error)).toContain(part);
});

function open(ambient: readonly AmbientCredentials[] = []): RegistryClient {
  return createRegistryClient({ clock: { now: () => new Date() }, timeoutMs: 2_000, ambient });
}

function place() {
  return { registry: server.host, path: 'app' };
}

function list(access: RegistryAccess) {
  return client.listTags(place(), access, never);
}

function accessWith([credentials, ...fallbacks]: readonly RegistryCredentials[]): RegistryAccess {
  return { insecure: true, ...(credentials === undefined ? {} : { credentials }), fallbacks };
}

function userOf({ headers }: IncomingMessage): string | undefined {
  return userIn(headers.authorization);
}

function userIn(authorization: string | undefined): string | undefined {
  return authorization && Buffer.from(authorization.replace('Basic ', ''), 'base64').toString().split(':')[0];
}

function usersOf({ requests }: TestServer): readonly string[] {
  return requests.map(({ authorization }) => userIn(authorization) ?? 'none');
}
