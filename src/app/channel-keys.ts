/** Keys of channels from Secrets, and publishers that use them. */
import { join } from 'node:path';
import { createFolderStore } from '../adapters/channel/folder-store.ts';
import { type ChannelKeys, createChannelPublisher } from '../adapters/channel/publisher.ts';
import { keyUnusable, type Signer, signerOfPem } from '../adapters/channel/signer.ts';
import { OperationError } from '../core/errors.ts';
import type { ChannelPublishers } from '../engine/ports/channels.ts';
import type { KubeClient } from '../kube/client.ts';
import type { Clock } from '../kube/clock.ts';
import type { KubeObject } from '../kube/objects.ts';
import { secrets } from '../kube/resource-types.ts';

export interface PublishersOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  /** Channels are published below it; undefined: none may be. */
  readonly folder: string | undefined;
}

interface SecretObject extends KubeObject {
  readonly data?: Readonly<Record<string, string>>;
}

export function createPublishers({ client, clock, folder }: PublishersOptions): ChannelPublishers {
  return {
    async publisherFor(namespace, { folder: below, keysSecret, lifetimes }, signal) {
      if (folder === undefined) {
        throw new OperationError(
          'publish the channel: Headgate was started without a folder for channels; start it with --channel-folder',
          { code: 'USAGE', retry: 'backoff' },
        );
      }
      const secret = await client.find<SecretObject>(secrets, { namespace, name: keysSecret }, { signal });
      if (secret === undefined) {
        throw new OperationError(
          `spec.publish.keysRef: there is no Secret "${keysSecret}" in namespace "${namespace}"`,
          {
            code: 'SECRET_NOT_FOUND',
            retry: 'backoff',
          },
        );
      }
      const entries = Object.entries(secret.data ?? {}).map(
        ([name, value]) => [name, Buffer.from(value, 'base64')] as const,
      );
      const keys = keysOf(new Map(entries), `Secret "${keysSecret}"`);
      return createChannelPublisher({ store: createFolderStore(join(folder, below)), keys, lifetimes, clock });
    },
  };
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
