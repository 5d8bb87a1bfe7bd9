/** Connections to registries: a pool for each set of trusted certificates and each proxy. */
import { createHash, X509Certificate } from 'node:crypto';
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls';
import { Agent, type Dispatcher, ProxyAgent } from 'undici';
import { invalidBundle, type Operation } from './failure.ts';
import { type ProxySettings, proxyFor } from './proxy.ts';
import { lookupButLinkLocal } from './reach.ts';

export interface AgentPool {
  /** @throws SECRET_INVALID when the bundle holds no certificate */
  agentFor(url: URL, caBundle: string | undefined, operation: Operation): Dispatcher;
  isProxied(url: URL): boolean;
  /** Ends all connections. */
  destroy(): Promise<void>;
}

export interface AgentPoolOptions {
  readonly proxy: ProxySettings | undefined;
  /** For the metadata servers of clouds; no registry is there. */
  readonly allowLinkLocal: boolean;
}

/** Rotated bundles must not collect pools for ever. */
const maxAgents = 32;

export function createAgentPool({ proxy, allowLinkLocal }: AgentPoolOptions): AgentPool {
  const agents = new Map<string, Dispatcher>();

  const make = (uri: string | undefined, secureContext: SecureContext | undefined): Dispatcher => {
    const common = { connections: 8, keepAliveTimeout: 30_000, maxHeaderSize: 32_768 };
    const tls = secureContext === undefined ? {} : { secureContext };
    return uri === undefined
      ? new Agent({ ...common, connect: { ...tls, ...(allowLinkLocal ? {} : { lookup: lookupButLinkLocal }) } })
      : new ProxyAgent({ ...common, uri, requestTls: tls });
  };

  return {
    agentFor(url, caBundle, operation) {
      const uri = proxyFor(url, proxy);
      const hash = caBundle === undefined ? '' : createHash('sha256').update(caBundle).digest('base64url');
      const key = `${hash} ${uri ?? ''}`;
      const known = agents.get(key);
      if (known !== undefined) {
        return known;
      }
      const agent = make(uri, caBundle === undefined ? undefined : trust(caBundle, operation));
      agents.set(key, agent);
      const [oldest] = agents;
      if (agents.size > maxAgents && oldest !== undefined) {
        agents.delete(oldest[0]);
        // Requests that still use it end first.
        oldest[1].close().catch(() => undefined);
      }
      return agent;
    },
    isProxied: (url) => proxyFor(url, proxy) !== undefined,
    async destroy() {
      await Promise.all([...agents.values()].map((agent) => agent.destroy()));
    },
  };
}

function trust(caBundle: string, operation: Operation): SecureContext {
  try {
    // Node takes a bundle without any certificate in silence; the failure would come later and look like the server's.
    new X509Certificate(caBundle);
    return createSecureContext({ ca: [...getCACertificates('default'), caBundle] });
  } catch (error) {
    throw invalidBundle(operation, error);
  }
}
