/** Volumes that snapshots can be taken of: the real snapshot-controller and csi-snapshotter over the CSI driver of the tests. */
import { existsSync, readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { loadAll } from 'js-yaml';
import type { ControlPlane } from './control-plane.ts';
import type { NodeNamespace } from './node-namespace.ts';
import type { Tool } from './tools.ts';
import { waitUntil } from './wait-until.ts';
import { waitUntilReady } from './warden.ts';

interface VolumeSetup {
  readonly directory: string;
  readonly nodeName: string;
  readonly namespace: NodeNamespace;
  readonly controlPlane: ControlPlane;
  readonly programs: Readonly<Record<VolumeProgram, string>>;
}

export type VolumeProgram = Extract<Tool, 'snapshot-controller' | 'csi-snapshotter' | 'folder-csi-driver'>;

export const volumePrograms: readonly VolumeProgram[] = ['snapshot-controller', 'csi-snapshotter', 'folder-csi-driver'];

const driver = 'folders.csi.headgate.test';

/** StorageClass and VolumeSnapshotClass of the driver. */
export const folderClass = 'folders';

/** Returns when kubelet knows the driver. The classes are named `folders`; no class is the default of its driver. */
export async function startVolumePrograms(setup: VolumeSetup): Promise<void> {
  const { directory, nodeName, namespace, controlPlane, programs } = setup;
  await installDefinitions(controlPlane);
  const server = new URL(controlPlane.server);
  server.hostname = namespace.network.hostAddress;
  const user = { commonName: 'volumes', organization: 'system:masters' };
  const kubeconfig = await controlPlane.writeKubeconfig('volumes.kubeconfig', user, server.origin);
  const plugin = join(directory, 'kubelet', 'plugins', driver);
  await mkdir(plugin, { recursive: true });
  const socket = join(plugin, 'csi.sock');
  const started = namespace.start({
    name: 'folder-csi-driver',
    program: programs['folder-csi-driver'],
    arguments: [
      `--folder=${join(directory, 'csi-folders')}`,
      `--socket=${socket}`,
      `--plugins=${join(directory, 'kubelet', 'plugins_registry')}`,
      `--node=${nodeName}`,
      `--kubeconfig=${kubeconfig}`,
    ],
  });
  await waitUntilReady(started, 60_000, async () => existsSync(socket));
  const common = [`--kubeconfig=${kubeconfig}`, '--leader-election=false'];
  namespace.start({ name: 'snapshot-controller', program: programs['snapshot-controller'], arguments: common });
  namespace.start({
    name: 'csi-snapshotter',
    program: programs['csi-snapshotter'],
    arguments: [...common, `--csi-address=${socket}`],
  });
  await makeClasses(controlPlane);
  await waitUntil('kubelet knows the CSI driver of the tests', 60_000, async () => {
    const { text } = await controlPlane.client.send('GET', `/apis/storage.k8s.io/v1/csinodes/${nodeName}`);
    return text.includes(driver);
  });
}

/** The published definitions of external-snapshotter 8.7.0 (client/config/crd), packed. */
async function installDefinitions({ client }: ControlPlane): Promise<void> {
  const file = new URL('../crds/external-snapshotter-8.7.0.yaml.gz', import.meta.url);
  const definitions = loadAll(gunzipSync(readFileSync(file)).toString('utf8')) as { metadata: { name: string } }[];
  for (const definition of definitions.filter((one) => one)) {
    const path = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${definition.metadata.name}`;
    await client.apply(path, definition);
  }
  await waitUntil('VolumeSnapshots are served', 30_000, async () => {
    const answer = await client.send('GET', '/apis/snapshot.storage.k8s.io/v1/volumesnapshotclasses');
    return answer.status === 200;
  });
}

async function makeClasses({ client }: ControlPlane): Promise<void> {
  await client.apply(`/apis/storage.k8s.io/v1/csidrivers/${driver}`, {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'CSIDriver',
    metadata: { name: driver },
    spec: { attachRequired: false, podInfoOnMount: false, fsGroupPolicy: 'None' },
  });
  await client.apply(`/apis/storage.k8s.io/v1/storageclasses/${folderClass}`, {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name: folderClass },
    provisioner: driver,
    reclaimPolicy: 'Delete',
    volumeBindingMode: 'Immediate',
  });
  await client.apply(`/apis/snapshot.storage.k8s.io/v1/volumesnapshotclasses/${folderClass}`, {
    apiVersion: 'snapshot.storage.k8s.io/v1',
    kind: 'VolumeSnapshotClass',
    metadata: { name: folderClass },
    driver,
    deletionPolicy: 'Delete',
  });
}
