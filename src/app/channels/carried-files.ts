/** Files of channels for the Apps of Subscriptions: only where the Subscription puts Apps, and only what was verified. */
import { ArchiveFault, readArchive } from '../../adapters/artifact/read-archive.ts';
import { OperationError } from '../../core/errors.ts';
import type { CarriedFile } from '../../core/policy/policy.ts';
import type { CarriedFiles } from '../../engine/ports/carried-files.ts';
import type { Subscriptions } from '../../engine/ports/subscriptions.ts';
import type { FollowContext } from '../../engine/subscription/subscription-pass.ts';
import { parseKey } from '../../kube/objects.ts';
import type { SubscriptionObjectWire } from '../../resources/channel/decode-subscription.ts';

const maxFileBytes = 134_217_728;
const bounds = { maxFiles: 10_000, maxBytes: 64 * 2 ** 20 };

export function createCarriedFiles(
  subscriptions: Pick<Subscriptions, 'find'>,
  channels: FollowContext['channels'],
): CarriedFiles {
  const read: CarriedFiles['read'] = async (file, namespace, signal) => {
    const { namespace: of, name } = parseKey(file.subscription);
    const subscription = subscriptions.find(of, name);
    const known = channels.get(file.subscription)?.known;
    if (subscription === undefined || !putsAppsInto(subscription, namespace)) {
      throw refused(file, `there is no Subscription ${file.subscription} that puts Apps into namespace ${namespace}`);
    }
    if (known === undefined) {
      throw refused(file, 'the channel was not looked at yet');
    }
    return await known.view.read(file.path, maxFileBytes, signal);
  };
  return {
    read,
    async readTree(file, namespace, signal) {
      const archive = await read(file, namespace, signal);
      try {
        return await readArchive(archive, '', bounds);
      } catch (error) {
        if (error instanceof ArchiveFault) {
          const message = `read ${file.path} of the channel: ${error.message}`;
          throw new OperationError(message, { code: 'ARTIFACT_INVALID', retry: 'never', cause: error });
        }
        throw error;
      }
    },
  };
}

/** For those that are made before the channels are. */
export function lateCarriedFiles(files: () => CarriedFiles): CarriedFiles {
  return {
    read: (file, namespace, signal) => files().read(file, namespace, signal),
    readTree: (file, namespace, signal) => files().readTree(file, namespace, signal),
  };
}

function putsAppsInto({ metadata, spec }: SubscriptionObjectWire, namespace: string): boolean {
  const overlaid = (spec.overlay ?? []).map((overlay) => overlay.namespace);
  return [metadata.namespace, ...Object.values(spec.namespaces ?? {}), ...overlaid].includes(namespace);
}

function refused({ path }: CarriedFile, problem: string): OperationError {
  return new OperationError(`read ${path} of the channel: ${problem}`, {
    code: 'CHANNEL_UNREACHABLE',
    retry: 'backoff',
  });
}
