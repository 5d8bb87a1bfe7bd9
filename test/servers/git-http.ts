/** Git over http as hosting services have it: git's own http-backend behind a server that asks for credentials. */
import { spawn } from 'node:child_process';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Handler, startHttpServer, type TestServer } from './http-server.ts';

export interface GitHttpOptions {
  /** Folder with bare repositories; each is at `<origin>/<its path>`. */
  readonly root: string;
  /** The whole Authorization header that lets in. Default: open to all. */
  readonly authorization?: string;
  readonly tls?: { readonly certificate: string; readonly key: string };
  /** Asked before git is; true when it has answered itself. */
  readonly intercept?: (request: IncomingMessage, response: ServerResponse, url: URL) => boolean;
}

/** Starts it on a free port of 127.0.0.1. Pushes are taken from whoever may read. */
export async function startGitHttp(options: GitHttpOptions): Promise<TestServer> {
  const handler: Handler = async (request, response, url) => {
    if (options.intercept?.(request, response, url)) {
      return;
    }
    if (options.authorization !== undefined && request.headers.authorization !== options.authorization) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end();
      return;
    }
    await serveByBackend(options.root, { request, response, url });
  };
  return await startHttpServer(handler, options.tls);
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
}

/** CGI (RFC 3875): the request as variables and standard input, the answer as headers, an empty line and the body. */
async function serveByBackend(root: string, { request, response, url }: Exchange): Promise<void> {
  const backend = spawn('git', ['http-backend'], {
    env: {
      PATH: process.env['PATH'],
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_CONFIG_COUNT: '1',
      GIT_CONFIG_KEY_0: 'safe.directory',
      GIT_CONFIG_VALUE_0: '*',
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: '1',
      PATH_INFO: decodeURIComponent(url.pathname),
      QUERY_STRING: url.search.slice(1),
      REQUEST_METHOD: request.method ?? 'GET',
      REMOTE_USER: 'someone',
      CONTENT_TYPE: request.headers['content-type'] ?? '',
      ...(request.headers['content-length'] !== undefined && { CONTENT_LENGTH: request.headers['content-length'] }),
      HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
      GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
    },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  response.on('close', () => backend.kill('SIGKILL'));
  backend.stdin.on('error', () => undefined);
  request.pipe(backend.stdin);
  let head: Buffer | undefined = Buffer.alloc(0);
  for await (const chunk of backend.stdout) {
    if (head === undefined) {
      response.write(chunk);
      continue;
    }
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf('\r\n\r\n');
    if (end >= 0) {
      writeHead(response, head.toString('latin1', 0, end));
      response.write(head.subarray(end + 4));
      head = undefined;
    }
  }
  response.end();
}

function writeHead(response: ServerResponse, text: string): void {
  for (const line of text.split('\r\n')) {
    const colon = line.indexOf(':');
    const [name, value] = [line.slice(0, colon), line.slice(colon + 1).trim()];
    if (name.toLowerCase() === 'status') {
      response.statusCode = Number.parseInt(value, 10);
    } else {
      response.setHeader(name, value);
    }
  }
}
