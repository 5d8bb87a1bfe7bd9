import { createServer as createPlainServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';

export interface RecordedRequest {
  readonly method: string;
  /** Path with query. */
  readonly path: string;
  readonly authorization: string | undefined;
}

export interface TestServer {
  /** `127.0.0.1:<port>` */
  readonly host: string;
  /** With scheme. */
  readonly origin: string;
  /** In the order of their arrival. */
  readonly requests: readonly RecordedRequest[];
  /** Opened so far. */
  readonly connections: number;
  stop(): Promise<void>;
}

export type Handler = (request: IncomingMessage, response: ServerResponse, url: URL) => void | Promise<void>;

export interface ServerTls {
  readonly certificate: string;
  readonly key: string;
  /** PEM; whoever shows no certificate of this authority is not let in. */
  readonly clientAuthority?: string;
  readonly maxVersion?: 'TLSv1.2' | 'TLSv1.3';
}

/** A real server on a free port of 127.0.0.1 that records what it is asked. With `tls` it speaks https. */
export async function startHttpServer(handler: Handler, tls?: ServerTls): Promise<TestServer> {
  const requests: RecordedRequest[] = [];
  let origin = '';
  const listener = (request: IncomingMessage, response: ServerResponse) => {
    const { method = '', url = '/', headers } = request;
    requests.push({ method, path: url, authorization: headers.authorization });
    Promise.resolve(handler(request, response, new URL(url, origin))).catch(() => response.destroy());
  };
  const server = tls ? createTlsServer(optionsOf(tls), listener) : createPlainServer(listener);
  let connections = 0;
  server.on('connection', () => {
    connections += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  origin = `${tls ? 'https' : 'http'}://127.0.0.1:${port}`;
  return {
    host: `127.0.0.1:${port}`,
    origin,
    requests,
    get connections() {
      return connections;
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function optionsOf({ certificate, key, clientAuthority, maxVersion }: ServerTls): ServerOptions {
  return {
    ...{ cert: certificate, key },
    ...(clientAuthority === undefined ? {} : { ca: clientAuthority, requestCert: true, rejectUnauthorized: true }),
    ...(maxVersion === undefined ? {} : { maxVersion }),
  };
}

/** Answers JSON. */
export function sendJson(
  response: ServerResponse,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(200, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}

/** The whole body as text. */
export async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) {
    chunks.push(Buffer.from(chunk));
  }
  return Buffer.concat(chunks).toString();
}
