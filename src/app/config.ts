/** Where settings come from outside: the only reader of the environment. */
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { homedir, hostname } from 'node:os';
import { join } from 'node:path';
import { OperationError } from '../core/errors.ts';
import { type KubeConfig, loadInClusterConfig } from '../kube/config.ts';
import { loadKubeConfig } from '../kube/kubeconfig.ts';

export interface ConnectionOptions {
  readonly kubeconfig?: string | undefined;
  readonly context?: string | undefined;
}

/**
 * How to reach the cluster: `--kubeconfig`, else KUBECONFIG, else the pod's ServiceAccount, else ~/.kube/config.
 *
 * @throws CONFIG_INVALID
 */
export async function loadConnection({ kubeconfig, context }: ConnectionOptions): Promise<KubeConfig> {
  const { KUBECONFIG, KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = process.env;
  const path = kubeconfig ?? (KUBECONFIG === '' ? undefined : KUBECONFIG);
  // A context can only be that of a file.
  if (path === undefined && context === undefined && host !== undefined && port !== undefined) {
    return await loadInClusterConfig({ host, port });
  }
  return await loadKubeConfig({
    path: path ?? join(homedir(), '.kube', 'config'),
    environment: process.env,
    ...(context === undefined ? {} : { context }),
  });
}

/** Unique among all processes that ever run: the pod's name in a cluster, and a random part. */
export function processIdentity(): string {
  return `${hostname()}-${randomUUID().slice(0, 8)}`;
}

const serviceAccountNamespace = '/var/run/secrets/kubernetes.io/serviceaccount/namespace';

/**
 * The namespace that the controller itself lives in, for its Lease.
 *
 * @throws CONFIG_INVALID outside a cluster when none was given
 */
export async function ownNamespace(given: string | undefined): Promise<string> {
  if (given !== undefined) {
    return given;
  }
  try {
    return (await readFile(serviceAccountNamespace, 'utf8')).trim();
  } catch (error) {
    throw new OperationError(
      'find the namespace for the Lease: not in a cluster; give --lease-namespace or --no-leader-election',
      {
        code: 'CONFIG_INVALID',
        retry: 'never',
        cause: error,
      },
    );
  }
}

/** The name of whoever calls, as the record of a rollback shows it. */
export function callerName(): string {
  return process.env['USER'] ?? process.env['LOGNAME'] ?? 'unknown';
}

/** What webhooks take from the environment: a secret for every sender, and Keel's PRIVATE_REGISTRY. Empty is unset. */
export function webhookEnvironment(): { secret: string | undefined; privateRegistry: string | undefined } {
  const { HEADGATE_WEBHOOK_SECRET: secret, PRIVATE_REGISTRY: privateRegistry } = process.env;
  return { secret: secret || undefined, privateRegistry: privateRegistry?.replace(/\/+$/, '') || undefined };
}
