import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { type Handler, startHttpServer, type TestServer } from '../../../../test/servers/http-server.ts';
import type { ChartPlace } from '../../../engine/ports/charts.ts';
import type { RegistryAccess } from '../../../engine/ports/registry.ts';
import { createRegistryClient, type RegistryClient } from '../client.ts';
import { type ChartClient, type ChartClientOptions, createChartClient } from './charts.ts';
import { defaultIndexBounds } from './read-index.ts';

const never = new AbortController().signal;
const archive = Buffer.from('an archive');
const digest = `sha256:${createHash('sha256').update(archive).digest('hex')}`;

let now: Date;
let registry: RegistryClient;
let client: ChartClient;

beforeEach(() => {
  now = new Date('2026-05-04T12:00:00Z');
  registry = createRegistryClient({ clock: { now: () => now } });
  client = open();
});

afterEach(async () => {
  await client.close();
  await registry.close();
});

/** As `helm repo index` writes it, and with what its authors may put into a chart. */
const helmIndex = `apiVersion: v1
entries:
  other:
  - apiVersion: v2
    name: other
    urls:
    - other-9.9.9.tgz
    version: 9.9.9
  web:
  - annotations:
      version: "0.0.1"
      note: |
        version: 0.0.2

        - version: 0.0.3
    apiVersion: v2
    appVersion: 1.10
    created: "2026-05-01T10:00:00.123456789Z"
    dependencies:
    - name: postgres
      repository: https://charts.example
      version: 12.1.0
    description: a chart with a colon: and a # and a very long text that goes on
      in the next line
    digest: ${digest.slice('sha256:'.length)}
    kubeVersion: '>=1.25.0-0'
    name: web
    type: application
    urls:
    - https://cdn.example/web-1.2.0.tgz
    version: 1.2.0
  - apiVersion: v2
    deprecated: true
    name: web
    urls:
    - web-1.1.0+build.5.tgz
    version: 1.1.0+build.5
  - name: web
    version: [not, a, version]
  "quoted-name":
  - version: 1.0.0
generated: "2026-05-01T10:00:00Z"
serverInfo: {}
`;

describe('an index.yaml', () => {
  test('is read for one chart, whatever stands around it', async () => {
    const { place } = await serve(helmIndex);

    expect(await client.listVersions(place, never)).toEqual(['1.2.0', '1.1.0+build.5']);
    expect(await client.findVersion(place, '1.2.0', never)).toEqual({
      version: '1.2.0',
      digest,
      appVersion: '1.10',
      kubeVersion: '>=1.25.0-0',
      created: '2026-05-01T10:00:00.123456789Z',
      deprecated: false,
    });
    expect(await client.findVersion(place, '3.0.0', never)).toBeUndefined();
  });

  test.each([
    {
      form: 'with indented lists',
      text: 'entries:\n    web:\n        - version: 1.0.0\n          urls:\n            - a.tgz\n',
    },
    { form: 'with dashes alone', text: 'entries:\n  web:\n    -\n      version: 1.0.0\n' },
    { form: 'with CRLF', text: 'apiVersion: v1\r\nentries:\r\n  web:\r\n  - version: 1.0.0\r\n' },
    {
      form: 'with comments and blank lines',
      text: '# hello\n---\nentries: # all\n\n  # mine\n  web: # it\n  - version: "1.0.0" # new\n',
    },
    { form: 'with a quoted name', text: "entries:\n  'web':\n  - version: '1.0.0'\n" },
    { form: 'without a last line end', text: 'entries:\n  web:\n  - version: 1.0.0' },
    { form: 'as JSON', text: '{"apiVersion":"v1","entries":{"web":[{"version":"1.0.0","urls":["a.tgz"]}]}}' },
    {
      form: 'with entries first',
      text: 'entries:\n  web:\n  - version: 1.0.0\n  z:\n  - version: 2.0.0\napiVersion: v1\n',
    },
  ])('$form is read', async ({ text }) => {
    const { place } = await serve(text);

    expect(await client.listVersions(place, never)).toEqual(['1.0.0']);
  });

  test('is packed on the way where the server can', async () => {
    const { place } = await serve(helmIndex, (request, response) => {
      expect(request.headers['accept-encoding']).toContain('gzip');
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(helmIndex));
    });

    expect(await client.listVersions(place, never)).toEqual(['1.2.0', '1.1.0+build.5']);
  });

  test('is asked for once by many Apps and charts, and not sent again while it is the same', async () => {
    const { place, server } = await serve(helmIndex, (request, response) => {
      response.setHeader('etag', '"7"');
      response.setHeader('last-modified', 'Fri, 01 May 2026 10:00:00 GMT');
      const isSame = request.headers['if-none-match'] === '"7"';
      expect(request.headers['if-modified-since']).toBe(isSame ? 'Fri, 01 May 2026 10:00:00 GMT' : undefined);
      response.writeHead(isSame ? 304 : 200).end(isSame ? undefined : helmIndex);
    });
    const other = { ...place, location: { ...place.location, chart: 'other' } };

    await Promise.all([place, other, place].map((one) => client.listVersions(one, never)));
    expect(server.requests).toHaveLength(1);
    now = new Date(now.getTime() + 60_000);
    expect(await client.listVersions(place, never)).toEqual(['1.2.0', '1.1.0+build.5']);
    expect(await client.listVersions(other, never)).toEqual(['9.9.9']);
    expect(server.requests).toHaveLength(2);
    await client
      .findVersion({ ...place, location: { ...place.location, chart: 'quoted-name' } }, '1.0.0', never)
      .catch(() => undefined);
    expect(server.requests).toHaveLength(3);
  });

  test('without the chart says so', async () => {
    const { place } = await serve('entries: {}\n');

    await expect(client.listVersions(place, never)).rejects.toMatchObject({
      code: 'REGISTRY_NOT_FOUND',
      message: expect.stringContaining('it has no chart "web"'),
    });
  });

  test.each([
    { what: 'a page of HTML', text: '<html>\n<body>log in</body>\n</html>\n', message: 'no "entries"' },
    { what: 'nothing', text: '', message: 'empty' },
    { what: 'broken JSON', text: '{"entries": {', message: 'neither YAML in block style nor JSON' },
    { what: 'JSON without entries', text: '{"a": 1}', message: 'no "entries"' },
    {
      what: 'a chart twice',
      text: 'entries:\n  web:\n  - version: 1.0.0\n  web:\n  - version: 2.0.0\n',
      message: 'twice',
    },
    { what: 'lost indentation', text: 'entries:\n    web:\n  - version: 1.0.0\n', message: 'not indented alike' },
    {
      what: 'an endless line',
      text: `entries:\n  web:\n  - version: ${'1'.repeat(2_000_000)}`,
      message: 'a line of more',
    },
    {
      what: 'a version without end',
      text: `entries:\n  web:\n  - urls:\n${'    - https://x.example/a-long-name-of-an-archive.tgz\n'.repeat(2_000)}`,
      message: 'more than 65536 characters',
    },
  ])('that is $what is refused', async ({ text, message }) => {
    const { place } = await serve(text);

    await expect(client.listVersions(place, never)).rejects.toMatchObject({
      code: 'CHART_INVALID',
      message: expect.stringContaining(message),
    });
  });

  test('with a bomb of aliases costs nothing', async () => {
    const levels = Array.from({ length: 30 }, (_, at) => `    l${at + 1}: [*l${at}, *l${at}, *l${at}, *l${at}]`).join(
      '\n',
    );
    const { place } = await serve(
      `entries:\n  web:\n  - version: 1.0.0\n    annotations:\n${levels}\n    x: [[[[\n  - version: *l30\n  - version: 0.9.0\n`,
    );

    expect(await client.listVersions(place, never)).toEqual(['1.0.0', '0.9.0']);
  });

  test('that unpacks to more than the bound is left in the middle', async () => {
    const bounded = open({ bounds: { ...defaultIndexBounds, maxBytes: 1_000_000 } });
    const bomb = gzipSync(Buffer.alloc(50_000_000, '#'));
    const { place } = await serve('', (_request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb);
    });

    await expect(bounded.listVersions(place, never)).rejects.toMatchObject({ code: 'CHART_INVALID' });
  });

  test('of a million charts is read in little memory, a million versions of one are refused', async () => {
    const many = await serveParts(1_000_000, (at) => `  c${at}:\n  - version: 1.0.0\n`);
    const before = process.memoryUsage().heapUsed;

    await expect(client.listVersions(many, never)).rejects.toMatchObject({ code: 'REGISTRY_NOT_FOUND' });
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(200 * 2 ** 20);
    const long = await serveParts(1_000_000, (at) => `${at === 0 ? '  web:\n' : ''}  - version: 1.0.${at}\n`);
    await expect(client.listVersions(long, never)).rejects.toMatchObject({
      code: 'CHART_INVALID',
      message: expect.stringContaining('more than 20000 versions'),
    });
  });

  test('that drips is left after the time given', async () => {
    const impatient = open({ timeoutMs: 500 });
    const { place } = await serve('', (_request, response) => {
      response.write('entries:\n');
      const timer = setInterval(() => response.write('# wait\n'), 20);
      response.on('close', () => clearInterval(timer));
    });

    await expect(impatient.listVersions(place, never)).rejects.toMatchObject({
      code: 'REGISTRY_UNREACHABLE',
      message: expect.stringContaining('within 0.5 s'),
    });
  });

  test.each([
    { status: 401, code: 'REGISTRY_DENIED' },
    { status: 404, code: 'REGISTRY_NOT_FOUND' },
    { status: 429, code: 'REGISTRY_RATE_LIMITED' },
    { status: 500, code: 'REGISTRY_UNREACHABLE' },
  ])('answered by $status is $code', async ({ status, code }) => {
    const { place } = await serve('', (_request, response) => {
      response.writeHead(status).end();
    });

    await expect(client.listVersions(place, never)).rejects.toMatchObject({ code });
  });
});

describe('an archive', () => {
  const indexOf = (url: string, hex = digest.slice(7)) =>
    `entries:\n  web:\n  - version: 1.0.0\n    urls: ["${url}"]\n${hex === '' ? '' : `    digest: ${hex}\n`}`;

  test('is fetched from beside the index with the credentials, and compared with its digest', async () => {
    const access = { insecure: false, credentials: { username: 'me', password: 'secret' } };
    const { place, server } = await serveWithArchive(indexOf('web-1.0.0.tgz'), access);

    expect(await client.fetchArchive(place, { version: '1.0.0', digest }, never)).toEqual(archive);
    const basic = `Basic ${Buffer.from('me:secret').toString('base64')}`;
    expect(server.requests.map(({ path, authorization }) => [path, authorization])).toEqual([
      ['/charts/index.yaml', basic],
      ['/charts/web-1.0.0.tgz', basic],
    ]);
  });

  test('elsewhere is fetched without the credentials, also by a redirect', async () => {
    const cdn = await startHttpServer((_request, response) => void response.end(archive));
    const bounce = await startHttpServer((_request, response) => {
      response.writeHead(302, { location: `${cdn.origin}/second` }).end();
    });
    onTestFinished(() => Promise.all([cdn.stop(), bounce.stop()]).then(() => undefined));
    const access = { insecure: false, credentials: { username: 'me', password: 'secret' } };
    const { place } = await serve(indexOf(`${bounce.origin}/first`), undefined, access);

    expect(await client.fetchArchive(place, { version: '1.0.0', digest }, never)).toEqual(archive);
    expect([...bounce.requests, ...cdn.requests].map(({ path, authorization }) => [path, authorization])).toEqual([
      ['/first', undefined],
      ['/second', undefined],
    ]);
  });

  test('with another digest is refused', async () => {
    const { place } = await serveWithArchive(indexOf('web-1.0.0.tgz', '0'.repeat(64)));

    await expect(
      client.fetchArchive(place, { version: '1.0.0', digest: `sha256:${'0'.repeat(64)}` }, never),
    ).rejects.toMatchObject({ code: 'CHART_INVALID', message: expect.stringContaining(`has digest ${digest}`) });
  });

  test('tells the digest where the index does not, and once', async () => {
    const { place, server } = await serveWithArchive(indexOf('web-1.0.0.tgz', ''));

    expect(await client.findVersion(place, '1.0.0', never)).toMatchObject({ digest });
    expect(await client.findVersion(place, '1.0.0', never)).toMatchObject({ digest });
    expect(server.requests).toHaveLength(2);
  });

  test.each(['file:///etc/passwd', 'ftp://x/y', 'oci://x', 'http://[', ''])('at "%s" is refused', async (url) => {
    const { place } = await serve(indexOf(url));

    await expect(client.fetchArchive(place, { version: '1.0.0', digest }, never)).rejects.toMatchObject({
      code: expect.stringMatching(/^CHART_INVALID$/),
    });
  });

  async function serveWithArchive(index: string, access: RegistryAccess = { insecure: false }) {
    return await serve(
      index,
      (_request, response, url) => {
        response.end(url.pathname.endsWith('.tgz') ? archive : index);
      },
      access,
    );
  }
});

function open(options: Partial<ChartClientOptions> = {}): ChartClient {
  const opened = createChartClient({ registry, clock: { now: () => now }, ...options });
  onTestFinishedIfRunning(opened);
  return opened;
}

function onTestFinishedIfRunning(opened: ChartClient): void {
  if (client !== undefined) {
    onTestFinished(() => opened.close());
  }
}

async function serve(
  index: string,
  handler?: Handler,
  access: RegistryAccess = { insecure: false },
): Promise<{ place: ChartPlace & { location: { kind: 'Index' } }; server: TestServer }> {
  const server = await startHttpServer(handler ?? ((_request, response) => void response.end(index)));
  onTestFinished(() => server.stop());
  return { place: { location: { kind: 'Index', url: `${server.origin}/charts/`, chart: 'web' }, access }, server };
}

async function serveParts(count: number, part: (at: number) => string): Promise<ChartPlace> {
  const { place } = await serve('', (_request, response) => {
    const parts = function* () {
      yield 'entries:\n';
      for (let at = 0; at < count; at += 10_000) {
        yield Array.from({ length: 10_000 }, (_, offset) => part(at + offset)).join('');
      }
    };
    Readable.from(parts()).pipe(response);
  });
  return place;
}
