/** The objects of a shop with a database: claims on folders of the node, one pod that serves, and the App that keeps its data. */
import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { KubeClient } from '../../src/kube/client.ts';
import type { KubeObject, ResourceType } from '../../src/kube/objects.ts';
import { deployments, services } from '../../src/kube/resource-types.ts';
import type { AppSpecWire } from '../../src/resources/app/app.ts';

export interface ShopPlace {
  readonly client: KubeClient;
  readonly namespace: string;
  /** Folder on this machine, which is the node. */
  readonly folder: string;
}

const claims: ResourceType = {
  ...{ group: '', version: 'v1', plural: 'persistentvolumeclaims', kind: 'PersistentVolumeClaim', namespaced: true },
};
export const volumes: ResourceType = {
  ...{ group: '', version: 'v1', plural: 'persistentvolumes', kind: 'PersistentVolume', namespaced: false },
};

interface Anything extends KubeObject {
  readonly spec: object;
}

/** Makes the claim and the volume under it: a folder of the node (hostPath), which no driver looks after. */
export async function makeClaim({ client, namespace, folder }: ShopPlace, name: string, size = '1Gi'): Promise<string> {
  const path = join(folder, name);
  mkdirSync(path, { recursive: true });
  // The server in the pod is no root, and a hostPath has no fsGroup.
  chmodSync(path, 0o777);
  const common = { accessModes: ['ReadWriteOnce'], storageClassName: '' };
  const claimRef = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name };
  const volume = `${namespace}-${name}`;
  const spec = { ...common, capacity: { storage: size }, claimRef, hostPath: { path, type: 'Directory' } };
  await client.create<Anything>(volumes, { metadata: { name: volume }, spec });
  const claim = { ...common, volumeName: volume, resources: { requests: { storage: size } } };
  await client.create<Anything>(claims, { metadata: { namespace, name }, spec: claim });
  return path;
}

/** Makes a claim of a StorageClass, whose driver makes the volume. */
export async function claimFrom(
  { client, namespace }: Pick<ShopPlace, 'client' | 'namespace'>,
  {
    name,
    storageClassName,
    size = '1Gi',
  }: { readonly name: string; readonly storageClassName: string; readonly size?: string },
): Promise<void> {
  const spec = { accessModes: ['ReadWriteOnce'], storageClassName, resources: { requests: { storage: size } } };
  await client.create<Anything>(claims, { metadata: { namespace, name }, spec });
}

/** One pod with the database on claim `data`, reached by Service `shop`. */
export async function runShop({ client, namespace }: ShopPlace, image: string): Promise<void> {
  const labels = { app: 'shop' };
  const container = {
    ...{ name: 'shop', image, ports: [{ name: 'postgres', containerPort: 5432 }] },
    readinessProbe: { exec: { command: ['/bin/sh', '/shop/ready'] }, periodSeconds: 1, failureThreshold: 2 },
    volumeMounts: [{ name: 'data', mountPath: '/data' }],
    terminationMessagePolicy: 'FallbackToLogsOnError',
  };
  const spec = {
    replicas: 1,
    strategy: { type: 'Recreate' },
    selector: { matchLabels: labels },
    template: {
      metadata: { labels },
      spec: { terminationGracePeriodSeconds: 15, containers: [container], volumes: [volumeOf('data')] },
    },
  };
  await client.create<Anything>(deployments, { metadata: { namespace, name: 'shop', labels }, spec });
  const service = { selector: labels, ports: [{ name: 'postgres', port: 5432 }] };
  await client.create<Anything>(services, { metadata: { namespace, name: 'shop' }, spec: service });
}

/**
 * `spec.backup` of an App on it: a dump into claim `backup`, and back.
 *
 * @param image of any version; only its programs count
 * @param others volumes that stand in for the claim of their name: `backup` in the backup alone, `data` in the restore
 */
export function shopBackup(
  image: string,
  fields: object = {},
  others: { readonly backup?: object; readonly data?: object } = {},
): NonNullable<AppSpecWire['backup']> {
  const { backup = volumeOf('backup'), data = volumeOf('data') } = others;
  return {
    job: {
      template: jobOf(image, '/shop/backup', { backup }),
      restore: jobOf(image, '/shop/restore', { backup: volumeOf('backup'), data }),
    },
    timeout: '2m',
    ...fields,
  };
}

function jobOf(image: string, script: string, volumes: Readonly<Record<string, object>>) {
  const container = {
    ...{ name: 'main', image, command: ['/bin/sh', script], env: [{ name: 'DATABASE_HOST', value: 'shop' }] },
    volumeMounts: Object.keys(volumes).map((name) => ({ name, mountPath: `/${name}` })),
    terminationMessagePolicy: 'FallbackToLogsOnError',
  };
  return { spec: { template: { spec: { containers: [container], volumes: Object.values(volumes) } } } };
}

function volumeOf(name: string) {
  return { name, persistentVolumeClaim: { claimName: name } };
}
