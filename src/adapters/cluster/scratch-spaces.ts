/** Fulfils the engine's ScratchSpaces with namespaces of the Kubernetes API. */
import { isOperationError, OperationError } from '../../core/errors.ts';
import { clipMessage } from '../../core/text.ts';
import type { FoundSpace, Removal, ScratchSpace, ScratchSpaces } from '../../engine/ports/scratch-spaces.ts';
import type { Subscriptions } from '../../engine/ports/subscriptions.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { KubeObject, ResourceType } from '../../kube/objects.ts';
import { configMaps, namespaces, secrets, serviceAccounts } from '../../kube/resource-types.ts';
import { scratchChannelKey, scratchExpiresKey, scratchLabel } from '../../resources/metadata.ts';
import { apps, fieldManager, type ProductObject } from './kinds.ts';

export interface ScratchSpacesOptions {
  readonly client: KubeClient;
  readonly subscriptions: Pick<Subscriptions, 'findApp' | 'applyApp'>;
  /** One was made. */
  readonly onOpened: () => void;
}

/** What a pod may do there is what it may do where it runs. */
const securityPrefix = 'pod-security.kubernetes.io/';

export function createScratchSpaces({ client, subscriptions, onOpened }: ScratchSpacesOptions): ScratchSpaces {
  return {
    findApp: subscriptions.findApp,
    applyApp: subscriptions.applyApp,
    async open(space, { expiresAt, copies }, signal) {
      const existing = await findOwn(client, space, signal);
      if (existing?.metadata.deletionTimestamp !== undefined) {
        return removalOf(existing);
      }
      if (existing === undefined) {
        await make(client, space, expiresAt, signal);
        onOpened();
      }
      for (const [type, names] of [
        [secrets, copies.secrets],
        [configMaps, copies.configMaps],
        [serviceAccounts, copies.serviceAccounts],
      ] as const) {
        for (const name of names) {
          await copy(client, { type, name, space }, signal);
        }
      }
      return undefined;
    },
    clear: (space, signal) => clear(client, space, signal),
    async abandon(space, signal) {
      const own = await findMarked(client, space, signal);
      await (own && remove(client, own, signal));
    },
    async list(signal) {
      const { items } = await client.list<KubeObject>(namespaces, { labelSelector: scratchLabel, signal });
      return items.flatMap((item) => readSpace(item) ?? []);
    },
  };
}

interface Namespace extends KubeObject {
  readonly status?: { readonly conditions?: readonly { type: string; status: string; message?: string }[] };
}

/** By the conditions that the controller of namespaces sets: what is still there, and whose finalizers it has. */
function removalOf({ status }: Namespace): Removal {
  const held = (status?.conditions ?? []).filter(({ status: is, message = '' }) => is === 'True' && message !== '');
  return { heldBy: held.length === 0 ? undefined : clipMessage(held.map(({ message }) => message).join('; ')) };
}

async function findOwn(client: KubeClient, space: ScratchSpace, signal: AbortSignal): Promise<Namespace | undefined> {
  const { namespace: name, channel } = space;
  const object = await client.find<Namespace>(namespaces, { namespace: '', name }, { signal });
  if (object !== undefined && object.metadata.labels?.[scratchLabel] !== channel.uid) {
    throw new OperationError(
      `spec.tryOn: there is a namespace "${name}" that is not of Channel ${channel.namespace}/${channel.name}; name another one in spec.tryOn.namespace`,
      { code: 'CHANNEL_INVALID', retry: 'backoff', context: { namespace: name } },
    );
  }
  return object;
}

async function make(
  client: KubeClient,
  { namespace: name, channel }: ScratchSpace,
  expiresAt: Date,
  signal: AbortSignal,
): Promise<void> {
  const home = await client.get<KubeObject>(namespaces, { namespace: '', name: channel.namespace }, { signal });
  const security = Object.entries(home.metadata.labels ?? {}).filter(([key]) => key.startsWith(securityPrefix));
  const metadata = {
    name,
    labels: { ...Object.fromEntries(security), [scratchLabel]: channel.uid },
    annotations: {
      [scratchChannelKey]: `${channel.namespace}/${channel.name}`,
      [scratchExpiresKey]: expiresAt.toISOString(),
    },
  };
  await client.create<KubeObject>(namespaces, { metadata }, { fieldManager, signal });
}

interface Copied extends KubeObject {
  readonly type?: string;
  readonly data?: unknown;
  readonly binaryData?: unknown;
  readonly imagePullSecrets?: unknown;
}

async function copy(
  client: KubeClient,
  {
    type,
    name,
    space: { namespace, channel },
  }: { readonly type: ResourceType; readonly name: string; readonly space: ScratchSpace },
  signal: AbortSignal,
): Promise<void> {
  const object = await client.find<Copied>(type, { namespace: channel.namespace, name }, { signal });
  if (object === undefined) {
    throw new OperationError(
      `spec.tryOn.copy: there is no ${type.kind} "${name}" in namespace "${channel.namespace}"`,
      { code: 'CHANNEL_INVALID', retry: 'backoff', context: { field: 'spec.tryOn.copy' } },
    );
  }
  const { type: secretType, data, binaryData, imagePullSecrets } = object;
  const body = {
    apiVersion: 'v1',
    kind: type.kind,
    metadata: { namespace, name },
    ...(secretType !== undefined && { type: secretType }),
    ...(data !== undefined && { data }),
    ...(binaryData !== undefined && { binaryData }),
    ...(imagePullSecrets !== undefined && { imagePullSecrets }),
  };
  await client.apply<Copied>(type, { namespace, name }, body, { fieldManager, force: true, signal });
}

/** Apps first: where their objects go with them, those outside of the namespace go too. */
async function clear(client: KubeClient, space: ScratchSpace, signal: AbortSignal): Promise<Removal | undefined> {
  const { namespace } = space;
  const own = await findMarked(client, space, signal);
  if (own === undefined) {
    return undefined;
  }
  const { items } = await client.list<ProductObject>(apps, { namespace, signal });
  for (const { metadata } of items.filter((app) => app.metadata.deletionTimestamp === undefined)) {
    await deleted(client.delete(apps, { namespace, name: metadata.name }, { signal }));
  }
  if (items.length > 0) {
    return { heldBy: clipMessage(`Apps ${items.map(({ metadata }) => metadata.name).join(', ')}`) };
  }
  await remove(client, own, signal);
  return removalOf(own);
}

/** Nothing of the Channel is in a namespace that is somebody else's. */
async function findMarked(
  client: KubeClient,
  { namespace: name, channel }: ScratchSpace,
  signal: AbortSignal,
): Promise<Namespace | undefined> {
  const object = await client.find<Namespace>(namespaces, { namespace: '', name }, { signal });
  return object?.metadata.labels?.[scratchLabel] === channel.uid ? object : undefined;
}

async function remove(client: KubeClient, { metadata: { name, uid } }: Namespace, signal: AbortSignal): Promise<void> {
  await deleted(client.delete(namespaces, { namespace: '', name }, { ...(uid && { uid }), signal }));
}

async function deleted(deleting: Promise<void>): Promise<void> {
  try {
    await deleting;
  } catch (error) {
    // One that is being removed is answered 409.
    if (!isOperationError(error, 'API_NOT_FOUND') && !isOperationError(error, 'API_CONFLICT')) {
      throw error;
    }
  }
}

/** One that does not say whose it is, and until when, was not made here: it is left alone. */
function readSpace({ metadata }: KubeObject): FoundSpace | undefined {
  const { labels = {}, annotations = {} } = metadata;
  const uid = labels[scratchLabel] ?? '';
  const [namespace = '', name = '', ...more] = (annotations[scratchChannelKey] ?? '').split('/');
  const expiresAt = new Date(annotations[scratchExpiresKey] ?? Number.NaN);
  const isRead = uid !== '' && namespace !== '' && name !== '' && more.length === 0;
  return isRead && !Number.isNaN(expiresAt.getTime())
    ? { namespace: metadata.name, channel: { namespace, name, uid }, expiresAt }
    : undefined;
}
