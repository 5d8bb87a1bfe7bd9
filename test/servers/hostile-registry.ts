/**
 * A registry of which each repository misbehaves in its own way; the name says how. Tags in the good parts are 1.0.0 and so on.
 */
import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { type Handler, sendJson, startHttpServer, type TestServer } from './http-server.ts';

export interface HostileRegistry extends TestServer {
  /** Another origin, to which some repositories redirect or link. */
  readonly elsewhere: TestServer;
}

/** An image of linux/amd64 whose bytes are what its digest says. */
const honestConfig = JSON.stringify({ os: 'linux', architecture: 'amd64' });
export const honestManifest = JSON.stringify({
  schemaVersion: 2,
  mediaType: 'application/vnd.oci.image.manifest.v1+json',
  config: {
    mediaType: 'application/vnd.oci.image.config.v1+json',
    digest: digestOf(honestConfig),
    size: honestConfig.length,
  },
  layers: [],
});

/** Tags of the repository `paged`. */
export const manyTags = Array.from({ length: 2_500 }, (_, at) => `1.${Math.floor(at / 100)}.${at % 100}`);

export function digestOf(text: string): string {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}

export async function startHostileRegistry(): Promise<HostileRegistry> {
  const elsewhere = await startHttpServer((_, response, url) => {
    if (url.pathname.includes('challenge')) {
      const realm = `Bearer realm="${elsewhere.origin}/token",service="stolen"`;
      response.writeHead(401, { 'www-authenticate': realm }).end();
    } else {
      sendJson(response, { tags: ['6.6.6'], token: 'stolen' });
    }
  });
  const server = await startHttpServer(async (request, response, url) => {
    const [, , name = ''] = url.pathname.split('/');
    const behave = behaviours[name];
    if (behave === undefined) {
      sendError(response, 404, 'NAME_UNKNOWN', 'repository name not known to registry');
    } else {
      await behave({ elsewhere: elsewhere.origin, self: url.origin, method: request.method ?? '' })(
        request,
        response,
        url,
      );
    }
  });
  return {
    ...server,
    elsewhere,
    stop: async () => {
      await Promise.all([server.stop(), elsewhere.stop()]);
    },
  };
}

interface Surroundings {
  readonly elsewhere: string;
  readonly self: string;
  readonly method: string;
}

const behaviours: Readonly<Record<string, (surroundings: Surroundings) => Handler>> = {
  honest: () => (_, response, url) => {
    if (url.pathname.endsWith('/tags/list')) {
      sendJson(response, { name: 'honest', tags: ['1.0.0', '1.1.0'] });
    } else if (url.pathname.includes('/blobs/')) {
      response.end(honestConfig);
    } else {
      response.writeHead(200, { 'docker-content-digest': digestOf(honestManifest) }).end(honestManifest);
    }
  },
  /** 2,500 tags in pages as the specification wants them, a thousand each at most. */
  paged: () => (_, response, url) => {
    const last = url.searchParams.get('last');
    const size = Math.min(Number(url.searchParams.get('n')), 1_000);
    const start = last === null ? 0 : manyTags.indexOf(last) + 1;
    const tags = manyTags.slice(start, start + size);
    const isLast = start + size >= manyTags.length;
    sendJson(
      response,
      { name: 'paged', tags },
      isLast ? {} : link(`/v2/paged/tags/list?n=${size}&last=${tags.at(-1)}`),
    );
  },
  /** Three pages, of which the last answers 500. */
  'partial-pages': () => (_, response, url) => {
    const page = Number(url.searchParams.get('page') ?? '1');
    if (page === 3) {
      sendError(response, 500, 'UNKNOWN', 'storage is away');
    } else {
      sendJson(response, { tags: [`${page}.0.0`] }, link(`/v2/partial-pages/tags/list?page=${page + 1}`));
    }
  },
  'broken-off-page': () => (_, response) => {
    response.writeHead(200, { 'content-length': '1000' });
    response.write('{"tags": ["1.0.0", ');
    setImmediate(() => response.destroy());
  },
  'endless-links': () => (_, response, url) => {
    const page = Number(url.searchParams.get('page') ?? '1');
    sendJson(response, { tags: [`${page}.0.0`] }, link(`?page=${page + 1}`));
  },
  'too-many-tags': () => (_, response) => {
    sendJson(response, { tags: Array.from({ length: 200_001 }, (_each, at) => `${at}`) });
  },
  'link-loop': () => (_, response, url) => {
    const page = Number(url.searchParams.get('page') ?? '1');
    sendJson(response, { tags: [`${page}.0.0`] }, link(`?page=${page === 3 ? 1 : page + 1}`));
  },
  'link-elsewhere': (at) => (_, response) => {
    // 127.0.0.1 and localhost are different hosts.
    sendJson(response, { tags: ['1.0.0'] }, link(`${at.elsewhere.replace('127.0.0.1', 'localhost')}/v2/x/tags/list`));
  },
  /** What registries behind a proxy do: an absolute link with the wrong scheme and port. */
  'link-wrong-scheme': () => (_, response, url) => {
    const isFirst = !url.searchParams.has('page');
    const target = 'https://127.0.0.1/v2/link-wrong-scheme/tags/list?page=2';
    sendJson(response, { tags: [isFirst ? '1.0.0' : '2.0.0'] }, isFirst ? link(target) : {});
  },
  'not-json': () => (_, response) => {
    response.end('<html>Welcome to the hotel</html>');
  },
  'no-tags': () => (_, response) => sendJson(response, { name: 'no-tags' }),
  'null-tags': () => (_, response) => sendJson(response, { name: 'null-tags', tags: null }),
  'empty-list': () => (_, response) => sendJson(response, { name: 'empty-list', tags: [] }),
  'odd-tag': () => (_, response) => sendJson(response, { tags: ['1.0.0', 'a\u0000b'] }),
  'number-tag': () => (_, response) => sendJson(response, { tags: [1] }),
  'huge-body': () => (_, response) => {
    const chunk = Buffer.alloc(1_048_576, ' ');
    let sent = 0;
    const more = () => {
      while (sent < 64 && !response.destroyed && response.write(chunk)) {
        sent += 1;
      }
    };
    response.on('drain', more);
    more();
  },
  'huge-error': () => (_, response) => {
    response.writeHead(500).end(Buffer.alloc(1_048_576, 'x'));
  },
  'slow-drip': () => (_, response) => {
    const timer = setInterval(() => response.write(' '), 20);
    response.on('close', () => clearInterval(timer));
  },
  silent: () => () => undefined,
  'hangs-up': () => (request) => {
    request.socket.destroy();
  },
  'no-http': () => (request) => {
    request.socket.end('SSH-2.0-OpenSSH_9.2\r\n');
  },
  'wrong-digest': () => (_, response) => {
    response.writeHead(200, { 'docker-content-digest': digestOf('something else') }).end(honestManifest);
  },
  'wrong-config': () => (_, response, url) => {
    response.end(url.pathname.includes('/blobs/') ? '{"os":"linux","architecture":"evil"}' : honestManifest);
  },
  'no-digest-header': () => (_, response) => {
    response.end(honestManifest);
  },
  'no-head': (at) => (_, response) => {
    response.writeHead(at.method === 'HEAD' ? 405 : 200).end(honestManifest);
  },
  'odd-manifest': () => (_, response) => sendJson(response, { schemaVersion: 2 }),
  /** Where it redirects to asks for credentials. */
  'redirect-challenge': (at) => (_, response) => {
    response.writeHead(307, { location: `${at.elsewhere}/challenge` }).end();
  },
  'redirect-loop': (at) => (_, response) => {
    response.writeHead(302, { location: `${at.self}/v2/redirect-loop/tags/list` }).end();
  },
  'redirect-nowhere': () => (_, response) => {
    response.writeHead(302, { location: 'file:///etc/passwd' }).end();
  },
  'rate-limited': () => (_, response) => {
    response.setHeader('retry-after', '17');
    sendError(response, 429, 'TOOMANYREQUESTS', 'You have reached your pull rate limit');
  },
  'rate-limited-silently': () => (_, response) => {
    response.writeHead(429).end();
  },
  broken: () => (_, response) => sendError(response, 503, 'UNAVAILABLE', 'try later'),
  teapot: () => (_, response) => {
    response.writeHead(418).end();
  },
  forbidden: () => (_, response) => sendError(response, 403, 'DENIED', 'requested access is denied'),
  /** Says in its error what it was sent, in clear and as it came. */
  echo: () => (request, response) => {
    const header = request.headers.authorization;
    if (header === undefined) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="echo"' }).end();
    } else {
      const clear = Buffer.from(header.replace('Basic ', ''), 'base64').toString();
      sendError(response, 403, 'DENIED', `you sent ${header}, that is ${clear}\r\nX: y`);
    }
  },
  'always-401': () => (_, response) => {
    response.setHeader('www-authenticate', 'Basic realm="never enough"');
    sendError(response, 401, 'UNAUTHORIZED', 'authentication required');
  },
  'token-at-metadata': () => (_, response) => {
    const realm = 'http://169.254.169.254/latest/meta-data/iam/security-credentials/node';
    response.writeHead(401, { 'www-authenticate': `Bearer realm="${realm}",service="s"` }).end();
  },
  'redirect-to-metadata': () => (_, response) => {
    response.writeHead(307, { location: 'http://169.254.169.254/latest/meta-data/' }).end();
  },
  /** A token server that answers with more than any token has. */
  'huge-token': (at) => (_, response, url) => {
    if (url.pathname.endsWith('/token')) {
      response.end(Buffer.alloc(1_048_576, 'x'));
    } else {
      response.writeHead(401, { 'www-authenticate': `Bearer realm="${at.self}/v2/huge-token/token"` }).end();
    }
  },
  /** JSON so deep that a recursive reader would end. */
  'deep-json': () => (_, response) => {
    response.end(`{"tags":${'['.repeat(1_000_000)}`);
  },
  'token-elsewhere-plain': (at) => (_, response) => {
    response.writeHead(401, { 'www-authenticate': `Bearer realm="ftp://${new URL(at.elsewhere).host}/token"` }).end();
  },
};

function link(target: string): Record<string, string> {
  return { link: `<${target}>; rel="next"` };
}

function sendError(response: ServerResponse, status: number, code: string, message: string): void {
  response.statusCode = status;
  response.end(JSON.stringify({ errors: [{ code, message }] }));
}
