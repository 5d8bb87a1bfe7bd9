import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AdminClient } from './admin-client.ts';
import { type Authority, createSigningKey } from './certificates.ts';
import type { ClusterNetwork } from './cluster-network.ts';
import { type RunningProcess, type Warden, waitUntilReady } from './warden.ts';

export interface ApiServerSetup {
  readonly port: number;
  readonly etcdUrl: string;
  /** The ServiceAccount admission and its tokens only work with controllers. */
  readonly controllers: boolean;
  readonly network: ClusterNetwork | undefined;
  readonly watchCache: boolean;
  readonly flags: readonly string[];
}

/** Writes the certificates and keys that the API server and the controllers read, into the folder `pki`. */
export async function writeServerKeys(
  directory: string,
  authority: Authority,
  network?: ClusterNetwork,
): Promise<void> {
  const own = network === undefined ? ['10.96.0.1'] : [network.hostAddress, network.apiServiceAddress];
  const server = authority.issue({
    commonName: 'kube-apiserver',
    hosts: [
      ...[
        'kubernetes',
        'kubernetes.default',
        'kubernetes.default.svc',
        'kubernetes.default.svc.cluster.local',
        'localhost',
      ],
      '127.0.0.1',
      ...own,
    ],
  });
  const kubeletClient = authority.issue({
    commonName: 'kube-apiserver-kubelet-client',
    organization: 'system:masters',
  });
  const files = {
    'ca.crt': authority.certificate,
    'apiserver.crt': server.certificate,
    'apiserver.key': server.key,
    'kubelet-client.crt': kubeletClient.certificate,
    'kubelet-client.key': kubeletClient.key,
    'sa.key': createSigningKey(),
  };
  await Promise.all(
    Object.entries(files).map(([name, text]) => writeFile(join(directory, 'pki', name), text, { mode: 0o600 })),
  );
}

/** The API server's flags. On loopback alone when there is no node. */
export function apiServerFlags(setup: ApiServerSetup): string[] {
  const { network } = setup;
  const reachability =
    network === undefined
      ? ['--bind-address=127.0.0.1', '--advertise-address=127.0.0.1', '--endpoint-reconciler-type=none']
      : [
          '--bind-address=0.0.0.0',
          `--advertise-address=${network.hostAddress}`,
          '--kubelet-preferred-address-types=InternalIP',
        ];
  return [
    `--etcd-servers=${setup.etcdUrl}`,
    `--secure-port=${setup.port}`,
    ...reachability,
    `--service-cluster-ip-range=${network?.serviceRange ?? '10.96.0.0/16'}`,
    '--client-ca-file=pki/ca.crt',
    '--tls-cert-file=pki/apiserver.crt',
    '--tls-private-key-file=pki/apiserver.key',
    '--kubelet-client-certificate=pki/kubelet-client.crt',
    '--kubelet-client-key=pki/kubelet-client.key',
    '--service-account-key-file=pki/sa.key',
    '--service-account-signing-key-file=pki/sa.key',
    '--service-account-issuer=https://kubernetes.default.svc',
    '--authorization-mode=Node,RBAC',
    '--allow-privileged=true',
    '--profiling=false',
    // The test process may be starved for a moment on a small machine; that must not look like a broken API server.
    '--http2-max-streams-per-connection=1000',
    ...(setup.controllers ? [] : ['--disable-admission-plugins=ServiceAccount']),
    ...(setup.watchCache ? [] : ['--watch-cache=false']),
    ...setup.flags,
  ];
}

/** Starts the API server and waits until it is ready and has made its own namespaces. */
export async function launchApiServer(
  warden: Warden,
  program: string,
  flags: readonly string[],
  client: AdminClient,
): Promise<RunningProcess> {
  const process = warden.start({ name: 'kube-apiserver', program, arguments: flags });
  await waitUntilReady(process, 180_000, () => isReady(client));
  return process;
}

/** The `default` namespace is made after readiness; nearly every test wants it. */
async function isReady(client: AdminClient): Promise<boolean> {
  try {
    const paths = ['/readyz', '/api/v1/namespaces/default'];
    for (const path of paths) {
      if ((await client.send('GET', path)).status !== 200) {
        return false;
      }
    }
    return true;
  } catch {
    return false;
  }
}
