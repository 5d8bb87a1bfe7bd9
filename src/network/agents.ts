/** Connections to servers outside: a pool for each set of trusted certificates and each proxy. */
import { createHash, X509Certificate } from 'node:crypto';
import type { LookupFunction } from 'node:net';
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls';
import { Agent, buildConnector, type Dispatcher, ProxyAgent } from 'undici';
import { type ProxySettings, proxyFor } from './proxy.ts';

export interface AgentPool {
  /** @throws what `invalid` makes of it when the bundle holds no certificate */
  agentFor(url: URL, caBundle: string | undefined, invalid: (cause: unknown) => Error): Dispatcher;
  isProxied(url: URL): boolean;
  /** Ends all connections. */
  destroy(): Promise<void>;
}

export interface AgentPoolOptions {
  readonly proxy: ProxySettings | undefined;
  /** Resolves names where no proxy does, and refuses what must not be connected to at a port. That of the system when undefined. */
  readonly lookupAt: ((port: number) => LookupFunction) | undefined;
}

/** Rotated bundles must not collect pools for ever. */
const maxAgents = 32;
const maxPorts = 64;

interface TlsOptions {
  readonly secureContext?: SecureContext;
}

export function createAgentPool({ proxy, lookupAt }: AgentPoolOptions): AgentPool {
  const agents = new Map<string, Dispatcher>();

  const make = (uri: string | undefined, secureContext: SecureContext | undefined): Dispatcher => {
    const common = { connections: 8, keepAliveTimeout: 30_000, maxHeaderSize: 32_768 };
    const tls = secureContext === undefined ? {} : { secureContext };
    return uri === undefined
      ? new Agent({ ...common, connect: lookupAt === undefined ? tls : connectBy(lookupAt, tls) })
      : new ProxyAgent({ ...common, uri, requestTls: tls });
  };

  return {
    agentFor(url, caBundle, invalid) {
      const uri = proxyFor(url, proxy);
      const hash = caBundle === undefined ? '' : createHash('sha256').update(caBundle).digest('base64url');
      const key = `${hash} ${uri ?? ''}`;
      const known = agents.get(key);
      if (known !== undefined) {
        return known;
      }
      const agent = make(uri, caBundle === undefined ? undefined : trust(caBundle, invalid));
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

/** The address that was looked up and found good is the one that is connected to: a name server has no second word. */
function connectBy(lookupAt: (port: number) => LookupFunction, tls: TlsOptions): buildConnector.connector {
  const byPort = new Map<number, buildConnector.connector>();
  return (options, callback) => {
    const port = options.port === '' ? (options.protocol === 'https:' ? 443 : 80) : Number(options.port);
    const known = byPort.get(port) ?? buildConnector({ ...tls, lookup: lookupAt(port) });
    if (byPort.size < maxPorts) {
      byPort.set(port, known);
    }
    known(options, callback);
  };
}

function trust(caBundle: string, invalid: (cause: unknown) => Error): SecureContext {
  try {
    // Node takes a bundle without any certificate in silence; the failure would come later and look like the server's.
    new X509Certificate(caBundle);
    return createSecureContext({ ca: [...getCACertificates('default'), caBundle] });
  } catch (error) {
    throw invalid(error);
  }
}
