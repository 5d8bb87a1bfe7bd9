import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { sendJson, startHttpServer, type TestServer } from '../../../test/servers/http-server.ts';
import { createRegistryClient, type RegistryClient } from './client.ts';

const never = new AbortController().signal;

let server: TestServer;
let client: RegistryClient;
let tags: string[];
let pageSize: number;
/** Status of each answer. */
let statuses: number[];

beforeEach(async () => {
  tags = ['1.0.0', '1.1.0', '1.2.0'];
  pageSize = 1_000;
  statuses = [];
  server = await startHttpServer(sendPage);
  client = createRegistryClient({ clock: { now: () => new Date('2026-01-01T00:00:00Z') } });
});

afterEach(async () => {
  await client.close();
  await server.stop();
});

describe('a registry with ETags', () => {
  test('sends a list once, and after that only when it has changed', async () => {
    expect([await list(), await list(), await list()]).toEqual([tags, tags, tags]);
    tags = [...tags, '1.3.0'];
    expect(await list()).toEqual(tags);
    expect(await list()).toEqual(tags);

    expect(statuses).toEqual([200, 304, 304, 200, 304]);
  });

  test('with many pages: each is asked for by itself, so that a tag on a later page is seen', async () => {
    pageSize = 2;
    tags = ['a', 'b', 'c', 'd', 'e'];
    await list();
    tags = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];

    expect(await list()).toEqual(tags);

    expect(statuses).toEqual([200, 200, 200, 304, 304, 200, 200]);
  });

  test.each([10, 16, 100, 128, 1_000])(
    'whose last page is full with %i tags: the tag behind it is seen',
    async (size) => {
      pageSize = size;
      tags = Array.from({ length: size }, (_, at) => `1.${at}.0`);
      await list();
      tags = [...tags, '2.0.0'];

      expect(await list()).toEqual(tags);
    },
  );

  test('a page that fails spoils the list, also when the others are known', async () => {
    pageSize = 2;
    tags = ['a', 'b', 'c', 'd', 'e'];
    await list();
    tags = ['a', 'b', 'broken', 'd', 'e'];

    await expect(list()).rejects.toMatchObject({ code: 'REGISTRY_UNREACHABLE' });
  });

  test('what one identity was shown is not shown to another', async () => {
    await list();
    await client.listTags(
      { registry: server.host, path: 'app' },
      { insecure: true, credentials: { username: 'a', password: 'b' } },
      never,
    );

    expect(statuses).toEqual([200, 200]);
  });
});

test('a registry that refuses large pages is asked for modest ones from then on', async () => {
  const refusing = await startHttpServer((request, response, url) => {
    if (Number(url.searchParams.get('n')) > 1_000) {
      response.writeHead(400).end('{"errors":[{"code":"PAGINATION_NUMBER_INVALID"}]}');
    } else {
      sendPage(request, response, url);
    }
  });
  const repository = { registry: refusing.host, path: 'app' };

  expect(await client.listTags(repository, { insecure: true }, never)).toEqual(tags);
  await client.listTags(repository, { insecure: true }, never);

  expect(refusing.requests.map(({ path }) => path)).toEqual([
    '/v2/app/tags/list?n=10000',
    '/v2/app/tags/list?n=1000',
    '/v2/app/tags/list?n=1000',
  ]);
  await refusing.stop();
});

function list() {
  return client.listTags({ registry: server.host, path: 'app' }, { insecure: true }, never);
}

/** Its ETag is of the body alone, and 304 comes without Link, as servers behind a cache do it. */
function sendPage(request: IncomingMessage, response: ServerResponse, url: URL): void {
  const start = Number(url.searchParams.get('from') ?? '0');
  const page = tags.slice(start, start + pageSize);
  const etag = `"${createHash('sha256').update(page.join()).digest('hex')}"`;
  const next =
    start + pageSize < tags.length ? { link: `</v2/app/tags/list?from=${start + pageSize}>; rel="next"` } : {};
  if (page.includes('broken')) {
    statuses.push(500);
    response.writeHead(500).end();
  } else if (request.headers['if-none-match'] === etag) {
    statuses.push(304);
    response.writeHead(304, { etag }).end();
  } else {
    statuses.push(200);
    sendJson(response, { tags: page }, { etag, ...next });
  }
}
