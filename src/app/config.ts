/** Where settings come from outside: the only reader of the environment. */
import { randomUUID } from 'node:crypto';
import { accessSync, constants } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { homedir, hostname, tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { OperationError } from '../core/errors.ts';
import { type KubeConfig, loadInClusterConfig } from '../kube/config.ts';
import { loadKubeConfig } from '../kube/kubeconfig.ts';
import type { ProxySettings } from '../network/proxy.ts';
import { type ApplierVariable, applierVariables } from './applier/applier-settings.ts';

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

/** What programs are given that a person names, and what OpenTelemetry reads. */
export function ownEnvironment(): Readonly<Record<string, string | undefined>> {
  return process.env;
}

/** Absolute path of a program: as given where it has a slash, else by PATH; the name itself where PATH has none. */
export function findProgram(name: string): string {
  if (name.includes('/')) {
    return resolve(name);
  }
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders.map((folder) => join(folder, name)).find(isExecutable) ?? name;
}

/** The programs that are run where nothing is said of them. */
export function defaultPrograms(): { readonly helm: string; readonly kubectl: string } {
  return { helm: findProgram('helm'), kubectl: findProgram('kubectl') };
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Where temporary files go. */
export function temporaryFolder(): string {
  return tmpdir();
}

/** Has temporary files of this process and of the programs that it starts go elsewhere. @returns undoes it */
export function useTemporaryFolder(folder: string): () => void {
  const { TMPDIR: before } = process.env;
  process.env['TMPDIR'] = folder;
  return () => {
    if (before === undefined) {
      delete process.env['TMPDIR'];
    } else {
      process.env['TMPDIR'] = before;
    }
  };
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

/** Where programs are looked for. */
export function searchPath(): string {
  return process.env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin';
}

/** The name of whoever calls, as the record of a rollback shows it. */
export function callerName(): string {
  return process.env['USER'] ?? process.env['LOGNAME'] ?? 'unknown';
}

/** What Keel takes from the environment for workloads that name no schedule. Empty is unset. */
export function keelEnvironment(): { defaultSchedule: string | undefined } {
  return { defaultSchedule: process.env['POLL_DEFAULTSCHEDULE'] || undefined };
}

/** Where other pods reach this one; undefined outside a cluster. The chart sets it. */
export function podAddress(): string | undefined {
  return process.env['POD_IP'] || undefined;
}

/** What webhooks take from the environment: a secret for every sender, and Keel's PRIVATE_REGISTRY. Empty is unset. */
export function webhookEnvironment(): { secret: string | undefined; privateRegistry: string | undefined } {
  const { HEADGATE_WEBHOOK_SECRET: secret, PRIVATE_REGISTRY: privateRegistry } = process.env;
  return { secret: secret || undefined, privateRegistry: privateRegistry?.replace(/\/+$/, '') || undefined };
}

/**
 * How registries are reached: HTTPS_PROXY, HTTP_PROXY and NO_PROXY, each also in lower case, which goes before. Empty is unset.
 *
 * @throws CONFIG_INVALID
 */
export function proxyEnvironment(): ProxySettings | undefined {
  const [https, http] = ['https_proxy', 'http_proxy'].map((name) => {
    const text = process.env[name] || process.env[name.toUpperCase()];
    return text ? parseProxy(name.toUpperCase(), text) : undefined;
  });
  const exempt = process.env['no_proxy'] || process.env['NO_PROXY'] || '';
  return https === undefined && http === undefined ? undefined : { https, http, exempt };
}

/** A bare `host:port` is meant as http. The text may hold a password and is not shown. */
function parseProxy(name: string, text: string): string {
  const url = URL.parse(text.includes('://') ? text : `http://${text}`);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new OperationError(
      `read ${name}: it is no http or https address; write for example http://proxy.example:3128`,
      {
        code: 'CONFIG_INVALID',
        retry: 'never',
      },
    );
  }
  return url.href;
}

/**
 * Docker's configuration, and the environment of its credential helpers: DOCKER_CONFIG names its folder, else it is that of the user.
 *
 * @param whose `Named`: undefined when DOCKER_CONFIG is not set
 */
export function dockerEnvironment(
  whose: 'OfUser' | 'Named',
): { path: string; environment: Readonly<Record<string, string>> } | undefined {
  const named = process.env['DOCKER_CONFIG'] || undefined;
  if (named === undefined && whose === 'Named') {
    return undefined;
  }
  return { path: join(named ?? join(homedir(), '.docker'), 'config.json'), environment: environmentVariables() };
}

/** All that is set, for programs that we start and for those settings that the SDKs of clouds read there. */
export function environmentVariables(): Readonly<Record<string, string>> {
  const set = Object.entries(process.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]));
  return Object.fromEntries(set);
}

/** What git and ssh need of the environment. */
export function gitEnvironment(): Readonly<Record<string, string>> {
  const names = ['PATH', 'HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'http_proxy', 'https_proxy', 'no_proxy'];
  const values = names.map((name) => [name, process.env[name]] as const);
  return Object.fromEntries(values.filter((pair): pair is [string, string] => pair[1] !== undefined));
}

/** What `headgate apply` takes from the environment, under the names of kube-applier. */
export function applierEnvironment(): Readonly<Record<ApplierVariable, string | undefined>> {
  const values = applierVariables.map((name) => [name, process.env[name]]);
  return Object.fromEntries(values) as Record<ApplierVariable, string | undefined>;
}
