/**
 * The connections to one API server: a small pool for calls, and one connection for each watch.
 *
 * HTTP/1.1 on purpose: on HTTP/2 a watch that nobody reads fast enough stops the calls that share its connection.
 */
import { Agent, type Dispatcher, ProxyAgent } from 'undici';
import type { KubeConfig } from './config.ts';
import type { ClientCertificate } from './credentials.ts';

export interface Agents {
  /** For calls: few connections, kept. */
  readonly calls: Dispatcher;
  /** For watches: as many connections as watches, and no limit on silence (watch.ts has its own). */
  readonly watches: Dispatcher;
}

/** What a WebSocket needs to reach the API server. */
export interface SocketAccess {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly dispatcher: Dispatcher;
}

export interface AgentPool {
  /** The agents for this certificate. A new certificate gets new connections; the old ones end when their requests do. */
  agentsFor(certificate: ClientCertificate | undefined): Agents;
  /** Cuts every connection. */
  destroy(): Promise<void>;
}

const callConnections = 8;
const connectTimeoutMs = 10_000;
const keepAliveMs = 60_000;

export function createAgentPool(config: KubeConfig): AgentPool {
  let current: (Agents & { readonly certificate: ClientCertificate | undefined }) | undefined;
  const retired = new Set<Dispatcher>();

  function retire(agents: Agents): void {
    for (const agent of [agents.calls, agents.watches]) {
      retired.add(agent);
      agent.close().then(
        () => retired.delete(agent),
        () => retired.delete(agent),
      );
    }
  }

  return {
    agentsFor(certificate) {
      if (current !== undefined && isSame(current.certificate, certificate)) {
        return current;
      }
      if (current !== undefined) {
        retire(current);
      }
      current = { ...buildAgents(config, certificate), certificate };
      return current;
    },
    async destroy() {
      const all = [...retired, ...(current === undefined ? [] : [current.calls, current.watches])];
      await Promise.all(all.map((agent) => agent.destroy()));
    },
  };
}

function isSame(a: ClientCertificate | undefined, b: ClientCertificate | undefined): boolean {
  return a?.certificate === b?.certificate && a?.key === b?.key;
}

function buildAgents(config: KubeConfig, certificate: ClientCertificate | undefined): Agents {
  const tls = {
    ...(config.tls.ca !== undefined && { ca: config.tls.ca }),
    ...(config.tls.serverName !== undefined && { servername: config.tls.serverName }),
    ...(certificate !== undefined && { cert: certificate.certificate, key: certificate.key }),
    rejectUnauthorized: config.tls.skipVerify !== true,
  };
  const common = { allowH2: false, keepAliveTimeout: keepAliveMs, headersTimeout: 0, bodyTimeout: 0 };
  const build = (connections: number | null): Dispatcher =>
    config.proxyUrl === undefined
      ? new Agent({ ...common, connections, connect: { ...tls, timeout: connectTimeoutMs } })
      : new ProxyAgent({
          ...common,
          connections,
          uri: config.proxyUrl,
          requestTls: { ...tls, timeout: connectTimeoutMs },
        });
  return { calls: build(callConnections), watches: build(null) };
}
