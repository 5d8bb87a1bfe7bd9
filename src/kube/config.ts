/**
 * Where the API server is and how to be let in: in-cluster files.
 *
 * Nothing here looks at the process environment; whoever starts the program passes paths and variables on.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { OperationError } from '../core/errors.ts';
import { type Clock, systemClock } from './clock.ts';
import { type Credentials, tokenFileCredentials } from './credentials.ts';

export interface KubeConfig {
  /** Base URL, possibly with a path. */
  readonly server: string;
  /** Namespace of the context or of the pod; `default` where none is said. */
  readonly namespace: string;
  readonly tls: TlsConfig;
  readonly credentials: Credentials;
  /** http:// or https:// proxy for all requests. */
  readonly proxyUrl?: string;
}

/** PEM texts. Without `ca` the system's certificates count. */
export interface TlsConfig {
  readonly ca?: string;
  /** Name that the server's certificate must have, where it is not the host of the URL. */
  readonly serverName?: string;
  /** Takes any certificate. Only because a kubeconfig can say so. */
  readonly skipVerify?: boolean;
}

export interface InClusterOptions {
  /** KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT. */
  readonly host: string;
  readonly port: string;
  /** Folder with token, ca.crt and namespace. */
  readonly folder?: string;
  readonly clock?: Clock;
}

/**
 * The ServiceAccount of the pod. Its token is read again as the kubelet rotates it.
 * Throws CONFIG_INVALID when a file is missing, that is, outside of a pod.
 */
export async function loadInClusterConfig(options: InClusterOptions): Promise<KubeConfig> {
  const folder = options.folder ?? '/var/run/secrets/kubernetes.io/serviceaccount';
  const host = options.host.includes(':') ? `[${options.host}]` : options.host;
  const credentials = tokenFileCredentials(join(folder, 'token'), options.clock ?? systemClock);
  await credentials.current(AbortSignal.timeout(10_000));
  return {
    server: `https://${host}:${options.port}`,
    namespace: (await readText(join(folder, 'namespace'))).trim() || 'default',
    tls: { ca: await readText(join(folder, 'ca.crt')) },
    credentials,
  };
}

/** Reads a small file of the configuration. Throws CONFIG_INVALID naming the path. */
export async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new OperationError(`read ${path}: ${(cause as NodeJS.ErrnoException).code ?? 'unreadable'}`, {
      code: 'CONFIG_INVALID',
      retry: 'never',
      context: { path },
      cause,
    });
  }
}
