/** Keys of channels from Secrets, and publishers that use them. */
import { join } from 'node:path';
import { createFolderStore } from '../../adapters/channel/folder-store.ts';
import { type ChannelKeys, createChannelPublisher } from '../../adapters/channel/publisher.ts';
import { keyUnusable, type Signer, signerOfPem } from '../../adapters/channel/signer.ts';
import type { ChannelStore } from '../../adapters/channel/store.ts';
import type { PublishPlace } from '../../core/channel/channel.ts';
import { OperationError } from '../../core/errors.ts';
import type { ChannelPublishers } from '../../engine/ports/channels.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { Clock } from '../../kube/clock.ts';
import type { KubeObject } from '../../kube/objects.ts';
import { secrets } from '../../kube/resource-types.ts';
import { openChannelStore, type StoreTools } from './channel-stores.ts';

export interface PublishersOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  /** Channels are published below it; undefined: none may be. */
  readonly folder: string | undefined;
  readonly tools: StoreTools;
}

interface SecretObject extends KubeObject {
  readonly data?: Readonly<Record<string, string>>;
}

export function createPublishers(options: PublishersOptions): ChannelPublishers {
  return {
    async publisherFor(namespace, { place, keysSecret, lifetimes }, signal) {
      const read = (name: string, field: string) => readSecret(options.client, { namespace, name, field }, signal);
      const keys = keysOf(await read(keysSecret, 'spec.publish.keysRef'), `Secret "${keysSecret}"`);
      const store = await openPlace(options, place, read);
      return createChannelPublisher({ store, keys, lifetimes, clock: options.clock });
    },
  };
}

type Entries = ReadonlyMap<string, Buffer>;

async function openPlace(
  { folder, tools }: PublishersOptions,
  place: PublishPlace,
  read: (name: string, field: string) => Promise<Entries>,
): Promise<ChannelStore> {
  if (place.kind === 'Address') {
    const { loginSecret, caSecret } = place;
    const entries = loginSecret === undefined ? undefined : await read(loginSecret, 'spec.publish.secretRef');
    const login = entries && { of: `Secret "${loginSecret}"`, entries };
    const certificates = caSecret === undefined ? undefined : await read(caSecret, 'spec.publish.certSecretRef');
    return openChannelStore(tools, place.url, { login, caBundle: certificates?.get('ca.crt')?.toString('utf8') });
  }
  if (folder === undefined) {
    throw new OperationError(
      'publish the channel: Headgate was started without a folder for channels; start it with --channel-folder, or set spec.publish.url',
      { code: 'USAGE', retry: 'backoff' },
    );
  }
  return createFolderStore(join(folder, place.path));
}

async function readSecret(
  client: KubeClient,
  { namespace, name, field }: { readonly namespace: string; readonly name: string; readonly field: string },
  signal: AbortSignal,
): Promise<Entries> {
  const secret = await client.find<SecretObject>(secrets, { namespace, name }, { signal });
  if (secret === undefined) {
    throw new OperationError(`${field}: there is no Secret "${name}" in namespace "${namespace}"`, {
      code: 'SECRET_NOT_FOUND',
      retry: 'backoff',
    });
  }
  const entries = Object.entries(secret.data ?? {});
  return new Map(entries.map(([key, value]) => [key, Buffer.from(value, 'base64')]));
}

/**
 * The keys of the roles that publish, by the names of their files: `targets.pem`, and `targets-2.pem` where there are several.
 *
 * @param where for messages, e.g. `Secret "keys"`
 * @throws KEY_UNUSABLE
 */
function keysOf(files: ReadonlyMap<string, Buffer>, where: string): ChannelKeys {
  return {
    targets: signersFor('targets', files, where),
    snapshot: signersFor('snapshot', files, where),
    timestamp: signersFor('timestamp', files, where),
  };
}

/** @throws KEY_UNUSABLE where there is none */
function signersFor(role: string, files: ReadonlyMap<string, Buffer>, where: string): readonly Signer[] {
  const own = [...files].filter(([name]) => new RegExp(`^${role}(-[^.]+)?\\.pem$`).test(name));
  if (own.length === 0) {
    throw keyUnusable(`${where} has no ${role}.pem`);
  }
  return own.toSorted().map(([name, pem]) => signerOfPem(pem, `${name} of ${where}`));
}
