/** The exchange of a volume with the real controllers for claims and volumes: it dies before each of its writes, and whoever comes next ends it. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type ControlPlane, startControlPlane } from '../../../test/cluster/control-plane.ts';
import { waitUntil } from '../../../test/cluster/wait-until.ts';
import { mortalClient } from '../../../test/headgate/death.ts';
import { connectTo, createNamespace } from '../../../test/kube/server-fixtures.ts';
import type { SwappedVolume } from '../../core/checkpoint/checkpoint.ts';
import { newClaimNameOf } from '../../core/checkpoint/volume-names.ts';
import type { KubeClient } from '../../kube/client.ts';
import { startInformer } from '../../kube/informer.ts';
import type { KubeObject } from '../../kube/objects.ts';
import { ClusterVolumes } from './cluster-volumes.ts';
import { type ClaimObject, claims, type VolumeObject, volumes } from './volume-objects.ts';

// The controllers take their time.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 120_000 });

const snapshot = 'data-web-0-web-1';
const policy = 'Delete';

let controlPlane: ControlPlane;
let client: KubeClient;

beforeAll(async () => {
  controlPlane = await startControlPlane({ controllers: true, controllerFlags: ['--pvclaimbinder-sync-period=1s'] });
  client = await connectTo(controlPlane.kubeconfigPath);
});

afterAll(async () => {
  await client.close();
  await controlPlane.stop();
});

interface PhasedVolume extends VolumeObject {
  readonly status?: { readonly phase?: string };
}

interface Exchange {
  readonly namespace: string;
  readonly volume: SwappedVolume;
}

/** A claim with the broken volume, and one that holds the new one; both are deleted with their claims. */
async function begin(): Promise<Exchange> {
  const namespace = await createNamespace(client);
  const claim = 'data-web-0';
  const id = randomBytes(4).toString('hex');
  const volume = { claim, brokenVolume: `broken-${id}`, newVolume: `new-${id}`, brokenClaim: `${claim}-broken` };
  await bind(namespace, claim, volume.brokenVolume);
  await bind(namespace, newClaimNameOf(claim, snapshot), volume.newVolume);
  return { namespace, volume };
}

async function bind(namespace: string, name: string, volumeName: string): Promise<void> {
  const common = { accessModes: ['ReadWriteOnce'], storageClassName: '' };
  const storage = '1Gi';
  await client.create<KubeObject & { readonly spec: object }>(volumes, {
    metadata: { name: volumeName },
    spec: {
      ...common,
      capacity: { storage },
      claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name },
      // Its driver is not there: nothing is deleted, but what would be is seen.
      csi: { driver: 'nobody.example.com', volumeHandle: volumeName },
      persistentVolumeReclaimPolicy: policy,
    },
  });
  await client.create<ClaimObject>(claims, {
    metadata: { namespace, name, labels: { app: 'web' }, annotations: { owner: 'shop' } },
    spec: { ...common, volumeName, resources: { requests: { storage } } },
  });
  await waitUntil(`claim ${name} is bound`, 30_000, async () => (await claimAt(namespace, name))?.bound === true);
}

async function claimAt(namespace: string, name: string) {
  const found = await client.find<ClaimObject>(claims, { namespace, name });
  const { labels, annotations } = found?.metadata ?? {};
  return (
    found && {
      ...{ bound: found.status?.phase === 'Bound', volume: found.spec.volumeName, app: labels?.['app'] },
      owner: annotations?.['owner'],
    }
  );
}

async function volumeAt(name: string) {
  const { metadata, spec, status } = await client.get<PhasedVolume>(volumes, { namespace: '', name });
  const { namespace, name: claim } = spec.claimRef ?? {};
  const kept = metadata.annotations?.['headgate.dev/reclaim-policy'];
  return { claim: `${namespace}/${claim}`, policy: spec.persistentVolumeReclaimPolicy, phase: status?.phase, kept };
}

/** Passes until it is done. */
async function exchange(through: KubeClient, { namespace, volume }: Exchange): Promise<void> {
  const { signal } = new AbortController();
  await waitUntil('the volumes are exchanged', 60_000, async () => {
    const left = await new ClusterVolumes(through).swap(namespace, { volume, snapshot }, signal);
    return left === undefined;
  });
}

/** Volumes that whoever makes them would have deleted at some time, as a watch shows them. */
function watchLosses(): { readonly lost: readonly string[]; stop(): Promise<void> } {
  const lost: string[] = [];
  const stopping = new AbortController();
  const { stopped } = startInformer<PhasedVolume>({
    ...{ client, type: volumes, signal: stopping.signal, onError: () => undefined },
    onChange({ metadata, spec, status }, _, kind) {
      const isReleased = status?.phase === 'Released' && spec.persistentVolumeReclaimPolicy === policy;
      if (isReleased || kind === 'deleted') {
        lost.push(`${metadata.name} ${kind === 'deleted' ? 'deleted' : 'released'}`);
      }
    },
  });
  return {
    lost,
    async stop() {
      stopping.abort();
      await stopped;
    },
  };
}

class Killed extends Error {}

/** Whether it died before the `count`th write, and which that would have been. */
async function dieBefore(count: number, begun: Exchange): Promise<string | undefined> {
  const death = { kind: 'write', write: 'any', count } as const;
  let last: string | undefined;
  const mortal = mortalClient(client, death, (name) => {
    last = name;
    throw new Killed(name);
  });
  try {
    await exchange(mortal, begun);
  } catch (error) {
    if (!(error instanceof Killed)) {
      throw error;
    }
  }
  return last;
}

/** In the order in which they come. */
const writes = [
  ...['patch persistentvolumes', 'patch persistentvolumes', 'create persistentvolumeclaims'],
  ...['delete persistentvolumeclaims', 'delete persistentvolumeclaims'],
  ...['patch persistentvolumes', 'patch persistentvolumes', 'create persistentvolumeclaims'],
  ...['patch persistentvolumes', 'patch persistentvolumes'],
];

/** What became of an exchange that was killed before its `count`th write and ended by another. */
async function endAfterDeath(count: number) {
  const begun = await begin();
  const { namespace, volume } = begun;
  const last = await dieBefore(count, begun);
  await exchange(client, begun);
  return {
    last,
    claim: await claimAt(namespace, volume.claim),
    brokenClaim: await claimAt(namespace, volume.brokenClaim),
    holder: await claimAt(namespace, newClaimNameOf(volume.claim, snapshot)),
    newVolume: await volumeAt(volume.newVolume),
    brokenVolume: await volumeAt(volume.brokenVolume),
    wanted: {
      claim: { ...{ bound: true, app: 'web', owner: 'shop' }, volume: volume.newVolume },
      brokenClaim: { ...{ bound: true, app: 'web', owner: 'shop' }, volume: volume.brokenVolume },
      holder: undefined,
      newVolume: { ...settled, claim: `${namespace}/${volume.claim}` },
      brokenVolume: { ...settled, claim: `${namespace}/${volume.brokenClaim}` },
    },
  };
}

const settled = { policy, phase: 'Bound', kept: undefined };

test('killed before any of its writes, the next one ends it: each claim has its volume, and none was ever let go', async () => {
  const watched = watchLosses();
  try {
    const ends = await Promise.all([...writes, undefined].map((_, index) => endAfterDeath(index + 1)));

    for (const { last, wanted, ...found } of ends) {
      expect(found, `killed before ${last}`).toEqual(wanted);
    }
    expect(ends.map(({ last }) => last)).toEqual([...writes, undefined]);
  } finally {
    await watched.stop();
  }
  expect(watched.lost).toEqual([]);
});
