/** An API server that counts what it is asked: plain http in front, the real one behind with the rights of a kubeconfig. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Agent, request as requestTls } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { KubeConfig } from '../../src/kube/config.ts';
import { fixedCredentials } from '../../src/kube/credentials.ts';
import { loadKubeConfig } from '../../src/kube/kubeconfig.ts';

export interface ApiRequest {
  readonly method: string;
  /** Path with query. */
  readonly path: string;
  readonly isWatch: boolean;
}

export interface ApiProxy {
  /** For a client whose requests are to be counted. */
  readonly config: KubeConfig;
  /** In the order of their arrival. */
  readonly requests: readonly ApiRequest[];
  /** Paths with query of the watches that are open now. */
  openWatches(): readonly string[];
  /** After so many more writes nothing gets through any more, as from a process that was killed. Events and Leases do not count. */
  dieAfter(writes: number): void;
  /** The last write that got through, and whether another was held back. */
  death(): { readonly last: string; readonly isDead: boolean };
  stop(): Promise<void>;
}

/** Starts on a free port of 127.0.0.1. */
export async function startApiProxy(kubeconfigPath: string): Promise<ApiProxy> {
  const behind = await loadKubeConfig({ path: kubeconfigPath });
  const { clientCertificate } = await behind.credentials.current(AbortSignal.timeout(5_000));
  const agent = new Agent({
    keepAlive: true,
    ...(behind.tls.ca === undefined ? {} : { ca: behind.tls.ca }),
    ...(clientCertificate && { cert: clientCertificate.certificate, key: clientCertificate.key }),
  });
  const requests: ApiRequest[] = [];
  const watches = new Set<ApiRequest>();
  const life = { left: Number.POSITIVE_INFINITY, last: 'none', isDead: false };
  const server = createServer((near, answer) => {
    const { method = 'GET', url = '/' } = near;
    const request = { method, path: url, isWatch: /[?&]watch=(true|1)/.test(url) };
    if (life.isDead || (isCounted(request) && life.left === 0)) {
      life.isDead = true;
      near.destroy();
      return;
    }
    requests.push(request);
    if (isCounted(request)) {
      life.left -= 1;
      life.last = sayWrite(request);
    }
    if (request.isWatch) {
      watches.add(request);
      answer.on('close', () => watches.delete(request));
    }
    pass(near, answer, { agent, target: new URL(url, behind.server) });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    config: {
      server: `http://127.0.0.1:${port}`,
      namespace: behind.namespace,
      tls: {},
      credentials: fixedCredentials({}),
    },
    requests,
    openWatches: () => [...watches].map(({ path }) => path),
    dieAfter(writes) {
      life.left = writes;
    },
    death: () => ({ last: life.last, isDead: life.isDead }),
    async stop() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
      agent.destroy();
    },
  };
}

function isCounted({ method, path }: ApiRequest): boolean {
  return !['GET', 'HEAD'].includes(method) && !/\/(events|leases)(\/|\?|$)/.test(path);
}

/** `PUT channels/status`: without names, which differ from run to run. */
function sayWrite({ method, path }: ApiRequest): string {
  const parts = path.replace(/\?.*/, '').split('/');
  const [, , kind = 'namespaces', , sub] = parts.slice(parts.indexOf('namespaces'));
  return `${method} ${kind}${sub === undefined ? '' : `/${sub}`}`;
}

function pass(
  near: IncomingMessage,
  answer: ServerResponse,
  to: { readonly agent: Agent; readonly target: URL },
): void {
  const { host: _, connection: __, ...headers } = near.headers;
  const far = requestTls(to.target, { method: near.method ?? 'GET', headers, agent: to.agent }, (response) => {
    answer.writeHead(response.statusCode ?? 502, response.headers);
    // A watch's answer begins long before its first event.
    answer.flushHeaders();
    response.pipe(answer);
    response.on('error', () => answer.destroy());
  });
  far.on('error', () => answer.destroy());
  answer.on('close', () => far.destroy());
  near.pipe(far);
}
