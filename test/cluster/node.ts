/** A whole Kubernetes on this machine: a control plane with controllers and one real node whose pods run. */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { locateTools } from './binaries.ts';
import type { ClusterNetwork } from './cluster-network.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';
import { makeNodeNamespace } from './node-namespace.ts';
import { loadImage, startNodePrograms } from './node-programs.ts';
import { startVolumePrograms, volumePrograms } from './volume-programs.ts';
import { hireWarden } from './warden.ts';

export interface NodeOptions {
  /** State folder, made when missing and removed by `stop`; default: a fresh temporary folder. */
  readonly directory?: string;
  /** Name of the cluster and context in the kubeconfig; default `test`. */
  readonly name?: string;
  /** Also a CSI driver of the tests with snapshots (volume-programs.ts). */
  readonly volumes?: boolean;
}

export interface ClusterWithNode {
  readonly directory: string;
  readonly controlPlane: ControlPlane;
  /** Kubeconfig of a cluster administrator. */
  readonly kubeconfigPath: string;
  /** `host:port` of the registry that this machine, kubelet and pods all reach by this name, over plain http. */
  readonly registry: string;
  /** `host:port` of a second registry on loopback, for this machine alone. */
  readonly localRegistry: string;
  readonly nodeName: string;
  /** IPv4; NodePorts answer there. The cluster IPs of Services are reached from this machine too. */
  readonly nodeAddress: string;
  readonly network: ClusterNetwork;
  /** Imports an OCI archive into the node, so that pods can use the image without a registry. */
  loadImage(archivePath: string): Promise<void>;
  /** Kills kubelet; its pods go on, and after 40 s the node is NotReady. */
  stopKubelet(): Promise<void>;
  startKubelet(): Promise<void>;
  stopRegistry(): Promise<void>;
  /** With what was pushed before. */
  startRegistry(): Promise<void>;
  /** Ends everything and returns when nothing is left. */
  stop(): Promise<void>;
}

const systemPrograms = [
  'containerd',
  'ctr',
  'runc',
  'nft',
  'conntrack',
  'ip',
  'unshare',
  'nsenter',
  'setpriv',
  'docker-registry',
  'busybox',
];

/** Linux gives the path of a socket 108 bytes. */
const longestSocketPath = 107;

/** Starts it all and returns when the node is ready for pods (10 to 20 s). Needs root. Throws with the log of what did not start. */
export async function startNode(options: NodeOptions = {}): Promise<ClusterWithNode> {
  requireRootAndPrograms();
  const programs = await locateTools([
    'etcd',
    'kube-apiserver',
    'kube-controller-manager',
    'kube-scheduler',
    'kubelet',
    'kube-proxy',
    'coredns',
  ]);
  const directory = options.directory ?? join(tmpdir(), `headgate-${randomBytes(4).toString('hex')}`);
  if (join(directory, 'containerd.sock').length > longestSocketPath) {
    throw new Error(
      `start a node in ${directory}: the path is too long for a socket; a node's folder can have ${longestSocketPath - 16} characters`,
    );
  }
  const cgroup = `headgate-${basename(directory).replace(/^headgate-|[^\w-]/g, '')}`;
  const warden = await hireWarden({ directory, cgroup });
  let controlPlane: ControlPlane | undefined;
  try {
    const namespace = await makeNodeNamespace(warden, cgroup);
    controlPlane = await startControlPlane({
      directory: join(directory, 'control-plane'),
      name: options.name ?? 'test',
      controllers: true,
      network: namespace.network,
    });
    const node = await startNodePrograms({ directory, cgroup, warden, namespace, controlPlane, programs });
    if (options.volumes === true) {
      const found = await locateTools(volumePrograms);
      await startVolumePrograms({ directory, nodeName: node.nodeName, namespace, controlPlane, programs: found });
    }
    const { kubeconfigPath, stop } = controlPlane;
    return {
      ...node,
      directory,
      controlPlane,
      kubeconfigPath,
      nodeAddress: namespace.network.nodeAddress,
      network: namespace.network,
      loadImage: (archivePath) => loadImage(directory, archivePath),
      stop: async () => {
        await stop();
        await warden.dismiss();
      },
    };
  } catch (error) {
    await controlPlane?.stop();
    await warden.dismiss();
    throw error;
  }
}

function requireRootAndPrograms(): void {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) {
    throw new Error(`start a node: needs Linux and root; this is ${process.platform}, user ${process.getuid?.()}`);
  }
  const folders = [
    '/usr/local/sbin',
    '/usr/local/bin',
    '/usr/sbin',
    '/usr/bin',
    '/sbin',
    '/bin',
    ...(process.env['PATH'] ?? '').split(':'),
  ];
  const missing = systemPrograms.filter((program) => !folders.some((folder) => existsSync(join(folder, program))));
  if (missing.length > 0) {
    throw new Error(
      `start a node: ${missing.join(', ')} not found; scripts/bootstrap.sh node true installs the packages`,
    );
  }
}
