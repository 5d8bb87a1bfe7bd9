/** What the programs of a node read: configuration of containerd, kubelet, CoreDNS and the registry. */
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { makeImage } from '../../scripts/oci/image.ts';
import { writeArchive } from '../../scripts/oci/layout.ts';
import type { ClusterNetwork } from './cluster-network.ts';

const pauseImage = 'headgate.test/pause:1';
export const registryPort = 5000;

export interface NodeFiles {
  readonly directory: string;
  readonly cgroup: string;
  readonly network: ClusterNetwork;
}

/** Writes them all below `directory`. Throws when the network plugins or busybox are not installed. */
export async function writeNodeFiles(node: NodeFiles): Promise<void> {
  const { directory, network } = node;
  const registry = `${network.nodeAddress}:${registryPort}`;
  const texts: Record<string, string> = {
    'cni/10-bridge.conflist': JSON.stringify(podNetwork(node)),
    'containerd.toml': containerdConfig(directory, pluginFolder()),
    [`registries/${registry}/hosts.toml`]: `server = "http://${registry}"\n[host."http://${registry}"]\n  capabilities = ["pull", "resolve"]\n`,
    'kubelet.json': JSON.stringify(kubeletConfig(node)),
    Corefile: corefile(node),
    'resolv.conf': '',
  };
  for (const [name, text] of Object.entries(texts)) {
    await mkdir(dirname(join(directory, name)), { recursive: true });
    await writeFile(join(directory, name), text);
  }
  await writePauseImage(join(directory, 'pause.tar'));
}

/** Configuration of docker-registry (distribution 2.8) with deletion on; it reads YAML and so JSON. */
export function registryConfig(folder: string, address: string): object {
  return {
    version: 0.1,
    log: { level: 'warn', accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: folder }, delete: { enabled: true } },
    http: { addr: address },
  };
}

function pluginFolder(): string {
  const folders = ['/usr/lib/cni', '/opt/cni/bin'];
  const found = folders.find((folder) => existsSync(join(folder, 'bridge')));
  if (found === undefined) {
    throw new Error(`find the network plugin bridge in ${folders.join(', ')}: install containernetworking-plugins`);
  }
  return found;
}

/** https://www.cni.dev/docs/spec/#section-1-network-configuration-format */
function podNetwork({ directory, network }: NodeFiles): object {
  return {
    cniVersion: '0.4.0',
    name: 'pods',
    plugins: [
      {
        type: 'bridge',
        bridge: 'pods0',
        isGateway: true,
        ipMasq: false,
        hairpinMode: true,
        ipam: {
          type: 'host-local',
          dataDir: join(directory, 'pod-addresses'),
          ranges: [[{ subnet: network.podRange }]],
          routes: [{ dst: '0.0.0.0/0' }],
        },
      },
      { type: 'portmap', capabilities: { portMappings: true } },
      { type: 'loopback' },
    ],
  };
}

/** https://github.com/containerd/containerd/blob/release/1.6/docs/cri/config.md; newer versions read version 2 too. */
function containerdConfig(directory: string, plugins: string): string {
  return `version = 2
root = "${directory}/containerd"
state = "${directory}/containerd-state"
[grpc]
  address = "${directory}/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${pauseImage}"
  disable_apparmor = true
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "${plugins}"
    conf_dir = "${directory}/cni"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = "${directory}/registries"
`;
}

/** https://kubernetes.io/docs/reference/config-api/kubelet-config.v1beta1/ */
function kubeletConfig({ directory, cgroup, network }: NodeFiles): object {
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    address: network.nodeAddress,
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: join(directory, 'control-plane', 'pki', 'ca.crt') },
    },
    authorization: { mode: 'Webhook' },
    cgroupDriver: 'cgroupfs',
    cgroupRoot: `/${cgroup}`,
    failCgroupV1: false,
    clusterDomain: 'cluster.local',
    clusterDNS: [network.dnsServiceAddress],
    containerRuntimeEndpoint: `unix://${directory}/containerd.sock`,
    enforceNodeAllocatable: [],
    failSwapOn: false,
    healthzPort: 0,
    // A developer's full disk must neither evict the pods of a test nor remove its images: 100 turns the collection off, and naming
    // one threshold takes the default ones for disks away.
    imageGCHighThresholdPercent: 100,
    evictionHard: { 'memory.available': '100Mi' },
    makeIPTablesUtilChains: false,
    podLogsDir: join(directory, 'pod-logs'),
    readOnlyPort: 0,
    resolvConf: join(directory, 'resolv.conf'),
    serializeImagePulls: false,
  };
}

/** Names of the cluster from the API server; everything else does not exist, at once and without asking anyone. */
function corefile({ directory, network }: NodeFiles): string {
  return `cluster.local:53 in-addr.arpa:53 {
  bind ${network.nodeAddress}
  kubernetes {
    kubeconfig ${directory}/control-plane/coredns.kubeconfig
    ttl 0
  }
  errors
}
.:53 {
  bind ${network.nodeAddress}
  template ANY ANY {
    rcode NXDOMAIN
  }
}
`;
}

/** The process that holds a pod's namespaces: sleeps until SIGTERM and reaps what is left to it. */
async function writePauseImage(path: string): Promise<void> {
  const image = makeImage({
    layers: [
      [
        { kind: 'file', path: 'bin/busybox', content: await readFile('/bin/busybox'), mode: 0o755 },
        { kind: 'link', path: 'bin/sh', target: 'busybox' },
        { kind: 'link', path: 'bin/sleep', target: 'busybox' },
      ],
    ],
    config: {
      Entrypoint: ['/bin/sh', '-c', 'trap "exit 0" TERM INT; while :; do sleep 86400 & wait $!; done'],
      Env: ['PATH=/bin'],
    },
    platform: { os: 'linux', architecture: process.arch === 'x64' ? 'amd64' : process.arch },
  });
  await writeArchive(image, path, pauseImage);
}
