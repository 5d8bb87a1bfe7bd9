/** Volumes of a service: claims, Secrets and ConfigMaps. */
import type { Fields } from './fields.ts';
import type { ManifestOut, ServiceContext } from './service-context.ts';

export interface Volumes {
  readonly claims: readonly ManifestOut[];
  readonly volumes: readonly object[];
  readonly mounts: readonly object[];
}

export function convertVolumes(service: Fields, { namespace }: ServiceContext): Volumes {
  const claims: ManifestOut[] = [];
  const volumes: object[] = [];
  const mounts: object[] = [];
  for (const volume of service.each('volumes')) {
    const name = volume.text('name');
    if (name === undefined) {
      volume.note('', 'a volume without a name is left out');
      continue;
    }
    const type = (volume.text('type') ?? '').toLowerCase();
    mounts.push({ name, mountPath: volume.text('path') ?? `/${name}` });
    if (type === 'secret') {
      volumes.push({ name, secret: { secretName: name } });
    } else if (type === 'configmap') {
      volumes.push({ name, configMap: { name } });
    } else {
      volumes.push({ name, persistentVolumeClaim: { claimName: name } });
      claims.push(claimOf(volume, { namespace, name, type }));
    }
    volume.take('modes');
    volume.take('size');
    volume.take('provisioning');
    volume.loseRest();
  }
  return { claims, volumes, mounts };
}

function claimOf(
  volume: Fields,
  { namespace, name, type }: { readonly namespace: string; readonly name: string; readonly type: string },
): ManifestOut {
  const isManual = volume.text('provisioning') === 'manual';
  if (type !== '' && !isManual) {
    volume.note(
      'type',
      `the claim ${name} takes the default StorageClass; write storageClassName for ${type.toUpperCase()}`,
    );
  }
  const accessModes = (volume.text('modes') ?? 'ReadWriteOnce').split(',').map((mode) => mode.trim());
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name, namespace },
    spec: {
      accessModes,
      resources: { requests: { storage: volume.text('size') ?? '1G' } },
      ...(isManual ? { volumeName: name, storageClassName: '' } : {}),
    },
  };
}
