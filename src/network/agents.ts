/** Connections to servers outside: a pool for each set of trusted certificates and each proxy. */
import { createHash, X509Certificate } from 'node:crypto';
import type { LookupFunction } from 'node:net';
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls';
import { Agent, buildConnector, type Dispatcher, ProxyAgent } from 'undici';
import { type ProxySettings, proxyFor } from './proxy.ts';

export interface AgentPool {
  /** @throws what `invalid` makes of it when the bundle holds no certificate, or that of the client does not fit its key */
  agentFor(url: URL, tls: TlsWishes, invalid: (cause: unknown, part: TlsPart) => Error): Dispatcher;
  isProxied(url: URL): boolean;
  /** Ends all connections. */
  destroy(): Promise<void>;
}

export interface AgentPoolOptions {
  readonly proxy: ProxySettings | undefined;
  /** Resolves names where no proxy does, and refuses what must not be connected to at a port. That of the system when undefined. */
  readonly lookupAt: ((port: number) => LookupFunction) | undefined;
}

export interface TlsWishes {
  /** PEM; trusted besides the public certificates. */
  readonly caBundle?: string | undefined;
  /** PEM, both of them. */
  readonly client?: { readonly certificate: string; readonly key: string } | undefined;
  /** That the certificate must bear; the host of the URL when absent. */
  readonly serverName?: string | undefined;
  readonly minVersion?: '1.2' | '1.3' | undefined;
}

/** What of the wishes cannot be read. */
export type TlsPart = 'CaBundle' | 'ClientCertificate';

/** Rotated bundles must not collect pools for ever. */
const maxAgents = 32;
const maxPorts = 64;

interface TlsOptions {
  readonly secureContext?: SecureContext;
  readonly servername?: string;
}

export function createAgentPool({ proxy, lookupAt }: AgentPoolOptions): AgentPool {
  const agents = new Map<string, Dispatcher>();

  const make = (uri: string | undefined, tls: TlsOptions): Dispatcher => {
    const common = { connections: 8, keepAliveTimeout: 30_000, maxHeaderSize: 32_768 };
    return uri === undefined
      ? new Agent({ ...common, connect: lookupAt === undefined ? tls : connectBy(lookupAt, tls) })
      : new ProxyAgent({ ...common, uri, requestTls: tls });
  };

  return {
    agentFor(url, wishes, invalid) {
      const uri = proxyFor(url, proxy);
      const key = `${digestOf(wishes)} ${uri ?? ''}`;
      const known = agents.get(key);
      if (known !== undefined) {
        return known;
      }
      const agent = make(uri, tlsOf(wishes, invalid));
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
    known(options, (...result) => {
      const [, socket] = result;
      // An alert of TLS 1.3 comes after the handshake; undici would put "other side closed", which follows it, in its place.
      socket?.once('error', (error) => socket.destroy(error));
      callback(...result);
    });
  };
}

/** Connections of one set of wishes are not used for another. */
function digestOf({ caBundle, client, serverName, minVersion }: TlsWishes): string {
  const parts = [caBundle, client?.certificate, client?.key, serverName, minVersion];
  return parts.every((part) => part === undefined)
    ? ''
    : createHash('sha256').update(JSON.stringify(parts)).digest('base64url');
}

function tlsOf(wishes: TlsWishes, invalid: (cause: unknown, part: TlsPart) => Error): TlsOptions {
  const { caBundle, client, serverName, minVersion } = wishes;
  const isUsual = caBundle === undefined && client === undefined && minVersion === undefined;
  return {
    ...(isUsual ? {} : { secureContext: contextOf(wishes, invalid) }),
    ...(serverName === undefined ? {} : { servername: serverName }),
  };
}

function contextOf(
  { caBundle, client, minVersion = '1.2' }: TlsWishes,
  invalid: (cause: unknown, part: TlsPart) => Error,
): SecureContext {
  let part: TlsPart = 'CaBundle';
  try {
    if (caBundle !== undefined) {
      // Node takes a bundle without any certificate in silence; the failure would come later and look like the server's.
      new X509Certificate(caBundle);
    }
    part = 'ClientCertificate';
    return createSecureContext({
      ca: [...getCACertificates('default'), ...(caBundle === undefined ? [] : [caBundle])],
      minVersion: `TLSv${minVersion}`,
      ...(client === undefined ? {} : { cert: client.certificate, key: client.key }),
    });
  } catch (error) {
    throw invalid(error, part);
  }
}
