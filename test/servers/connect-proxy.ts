/**
 * A proxy as companies have them: CONNECT for https, whole addresses for plain http. It is also the name server of the tests: names that
 * exist nowhere, such as those of the clouds, lead to servers on this machine.
 */
import { createServer, type IncomingMessage, request as requestHttp, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';

export interface ConnectProxy {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  /** `CONNECT host:port` or `GET http://...`, in the order of their arrival. */
  readonly requests: readonly string[];
  /** What came as Proxy-Authorization with each. */
  readonly authorizations: readonly (string | undefined)[];
  stop(): Promise<void>;
}

/**
 * Starts on a free port of 127.0.0.1.
 *
 * @param routes `host:port` as asked for -> `host:port` to connect to; all others are answered 502
 * @param authorization what Proxy-Authorization must be; others are answered 407
 */
export async function startConnectProxy(
  routes: Readonly<Record<string, string>>,
  authorization?: string,
): Promise<ConnectProxy> {
  const requests: string[] = [];
  const authorizations: (string | undefined)[] = [];
  const sockets = new Set<Socket>();

  const admit = (line: string, request: IncomingMessage): boolean => {
    requests.push(line);
    authorizations.push(request.headers['proxy-authorization']);
    return authorization === undefined || request.headers['proxy-authorization'] === authorization;
  };
  const server = createServer((request, response) => {
    const { method = 'GET', url = '' } = request;
    if (admit(`${method} ${url}`, request)) {
      forward(request, response, routes);
    } else {
      response.writeHead(407).end();
    }
  });
  server.on('connect', (request, near: Socket) => {
    const isAdmitted = admit(`CONNECT ${request.url}`, request);
    const target = routes[request.url ?? ''];
    near.on('error', () => near.destroy());
    if (!isAdmitted || target === undefined) {
      near.end(`HTTP/1.1 ${isAdmitted ? '502 Bad Gateway' : '407 Proxy Authentication Required'}\r\n\r\n`);
      return;
    }
    const far = connectTo(target, () => {
      near.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      near.pipe(far).pipe(near);
    });
    far.on('error', () => near.destroy());
    near.on('close', () => far.destroy());
  });
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    authorizations,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) {
          socket.destroy();
        }
      }),
  };
}

function forward(near: IncomingMessage, answer: ServerResponse, routes: Readonly<Record<string, string>>): void {
  const url = new URL(near.url ?? '');
  const target = routes[`${url.hostname}:${url.port || '80'}`];
  if (target === undefined) {
    answer.writeHead(502).end();
    return;
  }
  const { 'proxy-authorization': _, ...headers } = near.headers;
  const path = url.pathname + url.search;
  const far = requestHttp(`http://${target}${path}`, { method: near.method ?? 'GET', headers }, (response) => {
    answer.writeHead(response.statusCode ?? 502, response.headers);
    response.pipe(answer);
  });
  far.on('error', () => answer.destroy());
  near.pipe(far);
}

function connectTo(target: string, onConnect: () => void): Socket {
  const at = target.lastIndexOf(':');
  return connect(Number(target.slice(at + 1)), target.slice(0, at), onConnect);
}
