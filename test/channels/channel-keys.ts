/** Keys and the first root of a channel that a hub publishes into a folder. */
import { createFolderStore } from '../../src/adapters/channel/folder-store.ts';
import type { ChannelKeys } from '../../src/adapters/channel/publisher.ts';
import { makeRoot, publishRoot } from '../../src/adapters/channel/root-ceremony.ts';
import { signerOfPem } from '../../src/adapters/channel/signer.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import type { KubeObject } from '../../src/kube/objects.ts';
import { configMaps, secrets } from '../../src/kube/resource-types.ts';
import { newKey, planFor, signal } from './channel-ground.ts';

export interface NewChannel {
  /** root.json, to hand out. */
  readonly root: string;
  /** For what tests publish themselves. */
  readonly keys: ChannelKeys;
}

interface DataObject extends KubeObject {
  readonly data: Readonly<Record<string, string>>;
}

const yearMs = 365 * 24 * 3_600_000;

/** Makes the root in a folder, and the Secret `keys` with the other keys. */
export async function createChannelKeys(
  { client, namespace }: { readonly client: KubeClient; readonly namespace: string },
  folder: string,
): Promise<NewChannel> {
  const pems = { targets: newKey(), snapshot: newKey(), timestamp: newKey() };
  const one = (pem: string) => [signerOfPem(pem, 'a key of the test')];
  const keys = {
    root: one(newKey()),
    targets: one(pems.targets),
    snapshot: one(pems.snapshot),
    timestamp: one(pems.timestamp),
  };
  const root = await makeRoot(planFor(keys, new Date(Date.now() + yearMs), 1), undefined, keys.root, signal);
  await publishRoot(createFolderStore(folder), root, undefined, signal);
  const data = Object.fromEntries(
    Object.entries(pems).map(([role, pem]) => [`${role}.pem`, Buffer.from(pem).toString('base64')]),
  );
  await client.create<DataObject>(secrets, { metadata: { namespace, name: 'keys' }, data });
  return { root: root.bytes.toString('utf8'), keys };
}

/** Hands the root over to a cluster that subscribes. */
export async function createTrustedRoot(
  { client, namespace }: { readonly client: KubeClient; readonly namespace: string },
  { root }: NewChannel,
): Promise<void> {
  const data = { 'root.json': root };
  await client.create<DataObject>(configMaps, { metadata: { namespace, name: 'stable-root' }, data });
}
