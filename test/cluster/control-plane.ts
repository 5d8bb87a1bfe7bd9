/** A real control plane on free loopback ports: etcd and kube-apiserver, on wish with the controllers and the scheduler. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type AdminClient, createAdminClient } from './admin-client.ts';
import { apiServerFlags, launchApiServer, writeServerKeys } from './api-server.ts';
import { locateTools } from './binaries.ts';
import { type Authority, createAuthority, type KeyKind, type Subject } from './certificates.ts';
import type { ClusterNetwork } from './cluster-network.ts';
import { startEtcd } from './etcd.ts';
import { type Access, writeKubeconfig } from './kubeconfig.ts';
import { freePort } from './ports.ts';
import { hireWarden, type RunningProcess, type Warden } from './warden.ts';

export interface ControlPlaneOptions {
  /** State folder, made when missing and removed by `stop`; default: a fresh temporary folder. */
  readonly directory?: string;
  /** Name of the cluster and context in the kubeconfig; default `test`. */
  readonly name?: string;
  /** Run kube-controller-manager and kube-scheduler too: ServiceAccounts, owner deletion, Deployments make Pods (which no node runs). */
  readonly controllers?: boolean;
  /** Further flags of kube-controller-manager. */
  readonly controllerFlags?: readonly string[];
  /** `false` makes the API server read watches from etcd itself; see `compactEtcd`. */
  readonly watchCache?: boolean;
  /** Keys of the certificates that are issued; default `p256`. */
  readonly keys?: KeyKind;
  /** Further flags of kube-apiserver; a later flag wins. */
  readonly apiServerFlags?: readonly string[];
  /** Addresses when a node joins; without it everything listens on loopback alone. */
  readonly network?: ClusterNetwork;
}

export interface ControlPlane {
  readonly directory: string;
  /** Kubeconfig of a cluster administrator (`system:masters`). */
  readonly kubeconfigPath: string;
  /** `https://127.0.0.1:<port>`; the port stays the same over restarts of the API server. */
  readonly server: string;
  readonly client: AdminClient;
  /** Writes a kubeconfig for another user (`commonName`) and group (`organization`); `server` replaces the loopback URL. Returns its path. */
  writeKubeconfig(fileName: string, subject: Subject, server?: string): Promise<string>;
  /** Ends every process and removes the folder; may be called twice. */
  stop(): Promise<void>;
  /**
   * Ends the API server and returns when its port is closed. SIGTERM (the default) is an orderly end, which takes seconds while watches
   * are open; SIGKILL is a crash. Nothing else may be asked for until `startApiServer`.
   */
  stopApiServer(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>;
  /** Starts the API server on the same port again and returns when it is ready. */
  startApiServer(): Promise<void>;
  /**
   * Makes etcd forget its history, so that a watch with any resourceVersion from before this call gets 410.
   *
   * With the API server's watch cache (the default) such watches are still served from its memory: either stop and start the API server
   * (its new cache knows nothing older), or make the control plane with `watchCache: false`. A watch that is open keeps running in
   * both cases; the 410 comes when it is opened again.
   */
  compactEtcd(): Promise<void>;
}

/** Starts a control plane and returns when it is ready (3 to 6 s). Everything ends with the calling process, however that ends. */
export async function startControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const controllers = options.controllers ?? false;
  const programs = await locateTools(['etcd', 'kube-apiserver', ...(controllers ? controllerPrograms : [])]);
  const setup = { ...options, controllers };
  try {
    return await attemptStart(setup, programs);
  } catch (error) {
    // Between finding a free port and listening on it, another process may have been quicker.
    if (!String(error).includes('address already in use')) {
      throw error;
    }
    return await attemptStart(setup, programs);
  }
}

async function attemptStart(options: Setup, programs: Programs): Promise<ControlPlane> {
  const warden = await hireWarden(options);
  try {
    return await start(warden, options, programs);
  } catch (error) {
    await warden.dismiss();
    throw error;
  }
}

const controllerPrograms = ['kube-controller-manager', 'kube-scheduler'] as const;

type Programs = Readonly<Record<'etcd' | 'kube-apiserver' | (typeof controllerPrograms)[number], string>>;

interface Setup extends ControlPlaneOptions {
  readonly controllers: boolean;
}

async function start(warden: Warden, options: Setup, programs: Programs): Promise<ControlPlane> {
  await mkdir(join(warden.directory, 'pki'), { recursive: true });
  const authority = createAuthority('kube-ca', new Date(), options.keys);
  await writeServerKeys(warden.directory, authority, options.network);
  const etcd = await startEtcd(warden, programs.etcd);
  const port = await freePort(options.network === undefined ? '127.0.0.1' : '0.0.0.0');
  const flags = apiServerFlags({
    port,
    etcdUrl: etcd.url,
    controllers: options.controllers,
    network: options.network,
    watchCache: options.watchCache ?? true,
    flags: options.apiServerFlags ?? [],
  });
  const access = accessFor(authority, options.name ?? 'test', `https://127.0.0.1:${port}`);
  const admin = access({ commonName: 'admin', organization: 'system:masters' });
  const kubeconfigPath = join(warden.directory, 'kubeconfig');
  await writeKubeconfig(kubeconfigPath, admin);
  const client = createAdminClient(admin);
  let apiServer = await launchApiServer(warden, programs['kube-apiserver'], flags, client);
  if (options.controllers) {
    startControllers(warden, programs, options.controllerFlags ?? []);
  }
  return {
    directory: warden.directory,
    kubeconfigPath,
    server: admin.server,
    client,
    async writeKubeconfig(fileName, subject, server) {
      const path = join(warden.directory, fileName);
      await writeKubeconfig(path, access(subject, server));
      return path;
    },
    stop: async () => {
      await client.close();
      await warden.dismiss();
    },
    stopApiServer: (signal) => apiServer.stop(signal),
    async startApiServer() {
      if (apiServer.ending !== undefined) {
        apiServer = await launchApiServer(warden, programs['kube-apiserver'], flags, client);
      }
    },
    compactEtcd: () => etcd.compact(),
  };
}

function accessFor(
  authority: Authority,
  cluster: string,
  ownServer: string,
): (subject: Subject, server?: string) => Access {
  return (subject, server = ownServer) => ({
    cluster,
    server,
    authority: authority.certificate,
    client: authority.issue(subject),
  });
}

function startControllers(warden: Warden, programs: Programs, flags: readonly string[]): RunningProcess[] {
  return [
    warden.start({
      name: 'kube-controller-manager',
      program: programs['kube-controller-manager'],
      arguments: [
        '--kubeconfig=kubeconfig',
        '--service-account-private-key-file=pki/sa.key',
        '--root-ca-file=pki/ca.crt',
        '--use-service-account-credentials',
        '--leader-elect=false',
        '--secure-port=0',
        '--controllers=*,-node-ipam-controller',
        ...flags,
      ],
    }),
    warden.start({
      name: 'kube-scheduler',
      program: programs['kube-scheduler'],
      arguments: ['--kubeconfig=kubeconfig', '--leader-elect=false', '--secure-port=0'],
    }),
  ];
}
