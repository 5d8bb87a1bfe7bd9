/** Starts what runs on a node, in the order and with the users that a real one has. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { ControlPlane } from './control-plane.ts';
import { registryPort, writeNodeFiles } from './node-files.ts';
import type { NodeNamespace } from './node-namespace.ts';
import { freePort, isListening } from './ports.ts';
import { startRegistry } from './registry-process.ts';
import { outputOf } from './run-command.ts';
import type { Tool } from './tools.ts';
import { waitUntil } from './wait-until.ts';
import { type RunningProcess, type Warden, waitUntilReady } from './warden.ts';

export interface NodeSetup {
  readonly directory: string;
  readonly cgroup: string;
  readonly warden: Warden;
  readonly namespace: NodeNamespace;
  readonly controlPlane: ControlPlane;
  readonly programs: Readonly<Record<Extract<Tool, 'kubelet' | 'kube-proxy' | 'coredns'>, string>>;
}

export interface NodePrograms {
  readonly registry: string;
  readonly localRegistry: string;
  readonly nodeName: string;
  stopKubelet(): Promise<void>;
  startKubelet(): Promise<void>;
  stopRegistry(): Promise<void>;
  /** With what was pushed before. */
  startRegistry(): Promise<void>;
}

const nodeName = 'node-1';
const kubeletPort = 10_250;

/** Starts both registries, containerd, kubelet, kube-proxy and CoreDNS, and waits until pods can run and find each other. */
export async function startNodePrograms(setup: NodeSetup): Promise<NodePrograms> {
  const { directory, namespace, warden, programs, controlPlane } = setup;
  const { network } = namespace;
  await writeNodeFiles({ directory, cgroup: setup.cgroup, network });
  const registry = `${network.nodeAddress}:${registryPort}`;
  const localRegistry = `127.0.0.1:${await freePort('127.0.0.1')}`;
  const launchRegistry = (): Promise<RunningProcess> =>
    startRegistry({ name: 'registry', directory, address: registry, start: (command) => namespace.start(command) });
  let ownRegistry = launchRegistry();
  const registries = [
    ownRegistry,
    startRegistry({
      name: 'local-registry',
      directory,
      address: localRegistry,
      start: (command) => warden.start(command),
    }),
  ];
  await startContainerd(setup);
  const kubeconfigs = await writeKubeconfigs(setup);
  const launchKubelet = (): RunningProcess =>
    namespace.start({
      name: 'kubelet',
      program: programs.kubelet,
      arguments: kubeletFlags(setup, kubeconfigs.kubelet),
    });
  let kubelet = launchKubelet();
  namespace.start({
    name: 'kube-proxy',
    program: programs['kube-proxy'],
    arguments: proxyFlags(setup, kubeconfigs.proxy),
  });
  namespace.start({ name: 'coredns', program: programs.coredns, arguments: ['-conf', join(directory, 'Corefile')] });
  await Promise.all([...registries, applyDns(setup)]);
  const kubeletAnswers = (): Promise<boolean> => isListening(network.nodeAddress, kubeletPort);
  await waitUntilReady(kubelet, 60_000, () => canRunPods(controlPlane));
  return {
    registry,
    localRegistry,
    nodeName,
    async stopKubelet() {
      await kubelet.stop('SIGKILL');
      await waitUntil('the port of kubelet is closed', 10_000, async () => !(await kubeletAnswers()));
    },
    async startKubelet() {
      if (kubelet.ending !== undefined) {
        kubelet = launchKubelet();
        await waitUntilReady(kubelet, 60_000, async () => (await kubeletAnswers()) && (await canRunPods(controlPlane)));
      }
    },
    async stopRegistry() {
      await (await ownRegistry).stop();
    },
    async startRegistry() {
      ownRegistry = launchRegistry();
      await ownRegistry;
    },
  };
}

/** Imports an OCI archive into the node's containerd. */
export async function loadImage(directory: string, archivePath: string): Promise<void> {
  await outputOf(
    'ctr',
    ['--address', join(directory, 'containerd.sock'), '--namespace', 'k8s.io', 'images', 'import', archivePath],
    60_000,
  );
}

async function startContainerd({ directory, namespace }: NodeSetup): Promise<void> {
  const containerd = namespace.start({
    name: 'containerd',
    program: 'containerd',
    arguments: ['--config', join(directory, 'containerd.toml')],
  });
  await waitUntilReady(containerd, 20_000, async () => existsSync(join(directory, 'containerd.sock')));
  await loadImage(directory, join(directory, 'pause.tar'));
}

interface Kubeconfigs {
  readonly kubelet: string;
  readonly proxy: string;
}

/** Users as the API server's Node authorizer and its built-in roles know them. CoreDNS reads as an administrator: this is a test. */
async function writeKubeconfigs({ namespace, controlPlane }: NodeSetup): Promise<Kubeconfigs> {
  const server = new URL(controlPlane.server);
  server.hostname = namespace.network.hostAddress;
  const write = async (name: string, commonName: string, organization: string): Promise<string> =>
    await controlPlane.writeKubeconfig(`${name}.kubeconfig`, { commonName, organization }, server.origin);
  await write('coredns', 'coredns', 'system:masters');
  return {
    kubelet: await write('kubelet', `system:node:${nodeName}`, 'system:nodes'),
    proxy: await write('kube-proxy', 'system:kube-proxy', 'system:node-proxier'),
  };
}

function kubeletFlags({ directory, namespace }: NodeSetup, kubeconfig: string): string[] {
  return [
    `--config=${directory}/kubelet.json`,
    `--kubeconfig=${kubeconfig}`,
    `--root-dir=${directory}/kubelet`,
    `--cert-dir=${directory}/kubelet-pki`,
    `--hostname-override=${nodeName}`,
    `--node-ip=${namespace.network.nodeAddress}`,
  ];
}

function proxyFlags({ namespace }: NodeSetup, kubeconfig: string): string[] {
  return [
    `--kubeconfig=${kubeconfig}`,
    `--hostname-override=${nodeName}`,
    '--proxy-mode=nftables',
    `--cluster-cidr=${namespace.network.podRange}`,
    // 0 leaves the connection table's size alone, which belongs to the whole machine.
    '--conntrack-max-per-core=0',
    '--conntrack-min=0',
    `--nodeport-addresses=${namespace.network.nodeAddress}/32`,
  ];
}

/** The usual Service in front of a CoreDNS that is no pod. */
async function applyDns({ namespace, controlPlane }: NodeSetup): Promise<void> {
  const { dnsServiceAddress, nodeAddress } = namespace.network;
  const ports = [
    { name: 'dns', port: 53, protocol: 'UDP' },
    { name: 'dns-tcp', port: 53, protocol: 'TCP' },
  ];
  await controlPlane.client.apply('/api/v1/namespaces/kube-system/services/kube-dns', {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'kube-dns' },
    spec: { clusterIP: dnsServiceAddress, ports },
  });
  const labels = { 'kubernetes.io/service-name': 'kube-dns' };
  await controlPlane.client.apply('/apis/discovery.k8s.io/v1/namespaces/kube-system/endpointslices/kube-dns-host', {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'kube-dns-host', labels },
    addressType: 'IPv4',
    ports,
    endpoints: [{ addresses: [nodeAddress], conditions: { ready: true } }],
  });
}

interface NodeObject {
  readonly spec: { readonly taints?: readonly unknown[] };
  readonly status: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

/** The node is Ready, its starting taints are gone, and the `default` namespace has the ServiceAccount that every pod needs. */
async function canRunPods({ client }: ControlPlane): Promise<boolean> {
  const answer = await client.send('GET', `/api/v1/nodes/${nodeName}`);
  if (answer.status !== 200) {
    return false;
  }
  const { spec, status } = JSON.parse(answer.text) as NodeObject;
  const isReady = status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
  const account = await client.send('GET', '/api/v1/namespaces/default/serviceaccounts/default');
  return isReady && (spec.taints ?? []).length === 0 && account.status === 200;
}
