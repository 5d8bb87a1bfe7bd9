/**
 * What is peculiar about the registries that people use, as their documentation and their answers on the wire have it: one handler for each host,
 * under its real name. Made for a client that reaches them through a proxy; the registries themselves cannot be reached from the tests.
 */
import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createAuthority } from '../cluster/certificates.ts';
import { type ConnectProxy, startConnectProxy } from './connect-proxy.ts';
import { type Handler, sendJson, startHttpServer, type TestServer } from './http-server.ts';

export interface KnownRegistries {
  readonly proxy: ConnectProxy;
  /** PEM. */
  readonly authority: string;
  /** `METHOD host/path?query` in the order of their arrival, with `+` behind where there was an Authorization. */
  readonly asked: string[];
  stop(): Promise<void>;
}

const config = JSON.stringify({ os: 'linux', architecture: 'arm64', variant: 'v8' });
const configDigest = digestOf(config);
const manifest = JSON.stringify({
  schemaVersion: 2,
  mediaType: 'application/vnd.docker.distribution.manifest.v2+json',
  config: { mediaType: 'application/vnd.docker.container.image.v1+json', digest: configDigest, size: config.length },
  layers: [],
});
export const knownDigest = digestOf(manifest);

/** By host. */
const handlers: Readonly<Record<string, Handler>> = {
  'registry-1.docker.io': (request, response, url) => {
    const [, , owner = '', name = ''] = url.pathname.split('/');
    const realm = `realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:${owner}/${name}:pull"`;
    if (request.headers.authorization !== `Bearer hub-${owner}/${name}`) {
      unauthorized(response, `Bearer ${realm}`);
    } else if (url.pathname.includes('/blobs/')) {
      // Blobs are elsewhere, and there a second way to sign in is an error.
      response
        .writeHead(307, { location: `https://production.cloudfront.docker.com${url.pathname}?Signature=x` })
        .end();
    } else {
      serveImage(request, response, ['3.22', '3.22.1']);
    }
  },
  'auth.docker.io': (_, response, url) => {
    const [, name = ''] = (url.searchParams.get('scope') ?? '').split(':');
    sendJson(response, {
      token: `hub-${name}`,
      access_token: `hub-${name}`,
      expires_in: 300,
      issued_at: '2026-01-01T00:00:00Z',
    });
  },
  'production.cloudfront.docker.com': (request, response) => {
    response.writeHead(request.headers.authorization === undefined ? 200 : 400).end(config);
  },
  'ghcr.io': (request, response, url) => {
    if (url.pathname === '/token') {
      const isPublic = url.searchParams.get('scope') === 'repository:org/app:pull';
      return isPublic
        ? sendJson(response, { token: 'ghcr' })
        : sendErrors(response, 403, 'DENIED', 'requested access to the resource is denied');
    }
    if (request.headers.authorization !== 'Bearer ghcr') {
      const path = repositoryOf(url);
      return unauthorized(
        response,
        `Bearer realm="https://ghcr.io/token",service="ghcr.io",scope="repository:${path}:pull"`,
      );
    }
    const isFirst = !url.searchParams.has('last');
    const link = isFirst ? '</v2/org/app/tags/list?last=1.0.0&n=0>; rel="next"' : undefined;
    return serveImage(request, response, isFirst ? ['1.0.0'] : ['1.1.0'], link);
  },
  /** Gives a hundred tags a page whatever is asked for, and an opaque place to go on from. */
  'quay.io': (request, response, url) => {
    if (url.pathname === '/v2/auth') {
      return sendJson(response, {
        token: url.searchParams.get('scope') === 'repository:org/app:pull' ? 'quay' : 'nothing',
      });
    }
    if (request.headers.authorization !== 'Bearer quay') {
      return unauthorized(
        response,
        `Bearer realm="https://quay.io/v2/auth",service="quay.io",scope="repository:${repositoryOf(url)}:pull"`,
      );
    }
    const isFirst = !url.searchParams.has('next_page');
    const tags = Array.from({ length: 100 }, (_, at) => `${isFirst ? 1 : 2}.${at}.0`);
    return serveImage(
      request,
      response,
      tags,
      isFirst ? '</v2/org/app/tags/list?n=100&next_page=gAAAAABm>; rel="next"' : undefined,
    );
  },
  'registry.gitlab.com': (request, response) => {
    if (request.headers.authorization === 'Bearer gitlab') {
      return serveImage(request, response, ['16.0']);
    }
    return unauthorized(
      response,
      'Bearer realm="https://gitlab.com/jwt/auth",service="container_registry",scope="repository:group/sub/app:pull"',
    );
  },
  'gitlab.com': (request, response) => {
    if (request.headers.authorization === basic('deploy-token:secret')) {
      return sendJson(response, { token: 'gitlab' });
    }
    return sendErrors(response, 403, 'DENIED', 'access forbidden');
  },
  /** Names no scope in its challenge, and robots have a dollar in their name. */
  'harbor.example.com': (request, response, url) => {
    if (url.pathname === '/service/token') {
      const isRobot = request.headers.authorization === basic('robot$shop+ci:secret');
      const isAsked = url.searchParams.get('scope') === 'repository:shop/web:pull';
      return sendJson(response, {
        token: isRobot && isAsked ? 'harbor' : 'nothing',
        access_token: '',
        expires_in: 1_800,
      });
    }
    if (request.headers.authorization !== 'Bearer harbor') {
      return unauthorized(
        response,
        'Bearer realm="https://harbor.example.com/service/token",service="harbor-registry"',
      );
    }
    const isFirst = !url.searchParams.has('last');
    const link = isFirst ? '</v2/shop/web/tags/list?last=1.0.0&n=1>; rel="next"' : undefined;
    return serveImage(request, response, isFirst ? ['1.0.0'] : ['1.0.1'], link);
  },
  /** Basic alone; refuses to be asked for more than a thousand; links with its whole address. */
  '123456789012.dkr.ecr.eu-central-1.amazonaws.com': (request, response, url) => {
    if (request.headers.authorization !== basic('AWS:token')) {
      return unauthorized(
        response,
        'Basic realm="https://123456789012.dkr.ecr.eu-central-1.amazonaws.com/",service="ecr.amazonaws.com"',
      );
    }
    if (!url.pathname.startsWith('/v2/web/')) {
      return sendErrors(
        response,
        404,
        'NAME_UNKNOWN',
        "The repository with name 'nosuch' does not exist in the registry with id '123456789012'",
      );
    }
    if (Number(url.searchParams.get('n') ?? '0') > 1_000) {
      return sendErrors(response, 400, 'UNSUPPORTED', "Invalid parameter at 'maxResults' failed to satisfy constraint");
    }
    const isFirst = !url.searchParams.has('next_token');
    const next = 'https://123456789012.dkr.ecr.eu-central-1.amazonaws.com/v2/web/tags/list?n=1000&next_token=abc%3D%3D';
    return serveImage(request, response, isFirst ? ['1'] : ['2'], isFirst ? `<${next}>; rel="next"` : undefined);
  },
  'shop.azurecr.io': (request, response, url) => {
    if (url.pathname === '/oauth2/token') {
      return sendJson(response, { access_token: 'acr' });
    }
    if (request.headers.authorization !== 'Bearer acr') {
      return unauthorized(
        response,
        'Bearer realm="https://shop.azurecr.io/oauth2/token",service="shop.azurecr.io",scope="repository:web:metadata_read"',
      );
    }
    const isFirst = !url.searchParams.has('last');
    return serveImage(
      request,
      response,
      isFirst ? ['a'] : ['b'],
      isFirst ? '</v2/web/tags/list?last=a&n=1&orderby=>; rel="next"' : undefined,
    );
  },
  /** Signs in with an access token as password; lists every manifest beside the tags; leads to blobs on its own host. */
  'europe-docker.pkg.dev': (request, response, url) => {
    if (url.pathname === '/v2/token') {
      return request.headers.authorization === basic('oauth2accesstoken:ya29')
        ? sendJson(response, { token: 'gar', expires_in: 43_200 })
        : sendErrors(response, 401, 'UNAUTHORIZED', 'authentication failed');
    }
    if (url.pathname.startsWith('/artifacts-downloads/')) {
      response.end(config);
      return;
    }
    if (request.headers.authorization !== 'Bearer gar') {
      const realm = 'realm="https://europe-docker.pkg.dev/v2/token",service="europe-docker.pkg.dev"';
      return unauthorized(response, `Bearer ${realm},scope="repository:${repositoryOf(url)}:pull"`);
    }
    if (url.pathname.endsWith('/tags/list')) {
      const details = {
        tag: ['1.0.0'],
        mediaType: 'application/vnd.oci.image.manifest.v1+json',
        timeUploadedMs: '1700000000000',
      };
      return sendJson(response, {
        child: [],
        manifest: { [knownDigest]: details },
        name: 'shop/web/app',
        tags: ['1.0.0'],
      });
    }
    if (url.pathname.includes('/blobs/')) {
      response.writeHead(302, { location: '/artifacts-downloads/namespaces/shop/downloads/AJ?x=y' }).end();
      return;
    }
    serveImage(request, response, []);
  },
  /** Does not name the digest to HEAD, and knows HEAD of tags alone. */
  'old.example.com': (request, response, url) => {
    if (request.method === 'HEAD') {
      response.writeHead(200, { 'content-type': 'application/vnd.docker.distribution.manifest.v2+json' }).end();
    } else if (url.pathname.endsWith('/tags/list')) {
      sendJson(response, { name: 'app', tags: ['1'] });
    } else {
      response.end(url.pathname.includes('/blobs/') ? config : manifest);
    }
  },
};

export async function startKnownRegistries(): Promise<KnownRegistries> {
  const authority = createAuthority('authority of known registries');
  const hosts = Object.keys(handlers);
  const asked: string[] = [];
  const server: TestServer = await startHttpServer(
    async (request, response, url) => {
      const host = request.headers.host ?? '';
      const mark = request.headers.authorization === undefined ? '' : ' +';
      asked.push(`${request.method} ${host}${url.pathname}${url.search}${mark}`);
      await handlers[host]?.(request, response, url);
    },
    authority.issue({ commonName: 'known registries', hosts }),
  );
  const proxy = await startConnectProxy(Object.fromEntries(hosts.map((host) => [`${host}:443`, server.host])));
  return {
    proxy,
    authority: authority.certificate,
    asked,
    stop: async () => {
      await Promise.all([server.stop(), proxy.stop()]);
    },
  };
}

function repositoryOf({ pathname }: URL): string {
  return pathname.replace(/^\/v2\/|\/(?:tags|manifests|blobs)\/.*$/g, '');
}

function serveImage(request: IncomingMessage, response: ServerResponse, tags: readonly string[], link?: string): void {
  const [path = ''] = (request.url ?? '').split('?');
  if (path.endsWith('/tags/list')) {
    sendJson(response, { name: 'app', tags }, link === undefined ? {} : { link });
  } else if (path.includes('/blobs/')) {
    response.end(config);
  } else if (path.endsWith('/manifests/missing')) {
    sendErrors(response, 404, 'MANIFEST_UNKNOWN', 'manifest unknown');
  } else {
    response
      .writeHead(200, { 'docker-content-digest': knownDigest })
      .end(request.method === 'HEAD' ? undefined : manifest);
  }
}

function unauthorized(response: ServerResponse, challenge: string): void {
  response.setHeader('www-authenticate', challenge);
  sendErrors(response, 401, 'UNAUTHORIZED', 'authentication required');
}

function sendErrors(response: ServerResponse, status: number, code: string, message: string): void {
  response.statusCode = status;
  response.end(JSON.stringify({ errors: [{ code, message }] }));
}

function basic(login: string): string {
  return `Basic ${Buffer.from(login).toString('base64')}`;
}

function digestOf(text: string): string {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}
