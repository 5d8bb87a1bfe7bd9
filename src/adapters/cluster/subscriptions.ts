/** Fulfils the engine's Subscriptions: Subscriptions, their Apps and what was verified of their channels, in the Kubernetes API. */
import { generateKeyPairSync } from 'node:crypto';
import { parseChannelAddress, spellChannelAddress } from '../../core/channel/address.ts';
import { isOperationError, OperationError } from '../../core/errors.ts';
import type { ChannelPlace, TrustedFiles } from '../../engine/ports/channel-reader.ts';
import type { DirectRecords } from '../../engine/ports/records.ts';
import type { SubscribedApp, Subscriptions } from '../../engine/ports/subscriptions.ts';
import type { KubeClient } from '../../kube/client.ts';
import { apiVersionOf, type KubeObject } from '../../kube/objects.ts';
import { configMaps, secrets } from '../../kube/resource-types.ts';
import type { AppObjectWire } from '../../resources/app/decode-app.ts';
import type { SubscriptionObjectWire } from '../../resources/channel/decode-subscription.ts';
import { subscriptionLabel } from '../../resources/metadata.ts';
import { apps, fieldManager, type ProductObject, subscriptions } from './kinds.ts';
import type { Watched } from './watched.ts';

export interface ClusterSubscriptionsOptions {
  readonly client: KubeClient;
  readonly watched: {
    readonly subscriptions: Watched<SubscriptionObjectWire>;
    readonly apps: Pick<Watched<AppObjectWire>, 'find' | 'listAll'>;
  };
  readonly records: Pick<DirectRecords, 'deleteApp'>;
}

interface DataObject extends KubeObject {
  readonly data?: Readonly<Record<string, string>>;
  readonly binaryData?: Readonly<Record<string, string>>;
}

export function createSubscriptions({ client, watched, records }: ClusterSubscriptionsOptions): Subscriptions {
  return {
    find: (namespace, name) => watched.subscriptions.find(namespace, name),
    listApps: ({ metadata: { name } }) =>
      watched.apps.listAll().filter(({ metadata }) => metadata.labels?.[subscriptionLabel] === name),
    findApp: (namespace, name) => watched.apps.find(namespace, name),
    readPlace: (subscription, signal) => readPlace(client, subscription, signal),
    readTrusted: (subscription, signal) => readTrusted(client, subscription, signal),
    writeTrusted: (subscription, files, signal) => writeTrusted(client, subscription, files, signal),
    applyApp: (app, signal) => applyApp(client, app, signal),
    deleteApp: records.deleteApp,
    async writeStatus(subscription, status, signal) {
      const object = { ...subscription, apiVersion: apiVersionOf(subscriptions), kind: subscriptions.kind, status };
      await client.replaceStatus<ProductObject>(subscriptions, object, { fieldManager, signal });
    },
  };
}

/** What is needed to report: the key is made with the first report, and is of no other use. */
export async function readReportSender(
  client: KubeClient,
  { metadata, spec }: SubscriptionObjectWire,
  signal: AbortSignal,
): Promise<{ url: string; token: string | undefined; caBundle: string | undefined; key: string }> {
  const { namespace, name: owner, uid } = metadata;
  const { url = '', secretRef, certSecretRef } = spec.report ?? {};
  const read = (name: string, field: string) => readData(client, { kind: 'Secret', namespace, name, field }, signal);
  const login = secretRef && (await read(secretRef.name, 'spec.report.secretRef'));
  const certificates = certSecretRef && (await read(certSecretRef.name, 'spec.report.certSecretRef'));
  const name = `${owner}-report`;
  const kept = await client.find<DataObject>(secrets, { namespace, name }, { signal });
  const own = kept?.data?.['key.pem'];
  const key = own === undefined ? newReportKey() : Buffer.from(own, 'base64').toString('utf8');
  if (own === undefined) {
    const ownerReferences = [{ apiVersion: apiVersionOf(subscriptions), kind: subscriptions.kind, name: owner, uid }];
    const object = {
      metadata: { namespace, name, labels: { [subscriptionLabel]: owner }, ownerReferences },
      data: { 'key.pem': Buffer.from(key).toString('base64') },
    };
    await client.create<DataObject>(secrets, object, { fieldManager, signal });
  }
  return {
    url,
    token: login && entryOf(login, 'token', 'spec.report.secretRef').toString('utf8').trim(),
    caBundle: certificates && entryOf(certificates, 'ca.crt', 'spec.report.certSecretRef').toString('utf8'),
    key,
  };
}

function newReportKey(): string {
  return generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
}

async function applyApp(
  client: KubeClient,
  { namespace, name, labels, annotations, spec }: SubscribedApp,
  signal: AbortSignal,
): Promise<void> {
  const body = {
    apiVersion: apiVersionOf(apps),
    kind: apps.kind,
    metadata: { namespace, name, labels, annotations },
    spec,
  };
  await client.patch(apps, { namespace, name }, { kind: 'apply', body }, { fieldManager, force: true, signal });
}

async function readPlace(
  client: KubeClient,
  { metadata, spec }: SubscriptionObjectWire,
  signal: AbortSignal,
): Promise<ChannelPlace> {
  const { namespace, name } = metadata;
  const { trustedRoot, secretRef, certSecretRef } = spec;
  const read = (kind: 'ConfigMap' | 'Secret', object: string, field: string) =>
    readData(client, { kind, namespace, name: object, field }, signal);
  const root = await read(trustedRoot.kind ?? 'ConfigMap', trustedRoot.name, 'spec.trustedRoot');
  const rootKey = trustedRoot.key ?? 'root.json';
  const login = secretRef && (await read('Secret', secretRef.name, 'spec.secretRef'));
  const certificates = certSecretRef && (await read('Secret', certSecretRef.name, 'spec.certSecretRef'));
  const addresses = [spec.url, ...(spec.mirrors ?? [])].map((url) => parseChannelAddress(url, 'spec.url'));
  if (login !== undefined && addresses.some(({ kind }) => kind === 'Web')) {
    entryOf(login, 'username', 'spec.secretRef');
    entryOf(login, 'password', 'spec.secretRef');
  }
  return {
    owner: `Subscription ${namespace}/${name}`,
    urls: [spec.url, ...(spec.mirrors ?? [])].map(spellChannelAddress),
    trustedRoot: entryOf(root, rootKey, 'spec.trustedRoot'),
    login,
    caBundle: certificates && entryOf(certificates, 'ca.crt', 'spec.certSecretRef').toString('utf8'),
  };
}

interface Wanted {
  readonly kind: 'ConfigMap' | 'Secret';
  readonly namespace: string;
  readonly name: string;
  readonly field: string;
}

async function readData(
  client: KubeClient,
  { kind, namespace, name, field }: Wanted,
  signal: AbortSignal,
): Promise<{ readonly of: string; readonly entries: ReadonlyMap<string, Buffer> }> {
  const object = await client.find<DataObject>(
    kind === 'Secret' ? secrets : configMaps,
    { namespace, name },
    { signal },
  );
  if (object === undefined) {
    throw new OperationError(`${field}: there is no ${kind} "${name}" in namespace "${namespace}"`, {
      code: 'SECRET_NOT_FOUND',
      retry: 'backoff',
      context: { field },
    });
  }
  const plain = Object.entries(object.data ?? {}).map(
    ([key, value]) => [key, Buffer.from(value, kind === 'Secret' ? 'base64' : 'utf8')] as const,
  );
  const binary = Object.entries(object.binaryData ?? {}).map(
    ([key, value]) => [key, Buffer.from(value, 'base64')] as const,
  );
  return { of: `${kind} "${name}"`, entries: new Map([...plain, ...binary]) };
}

function entryOf(
  { of, entries }: { readonly of: string; readonly entries: ReadonlyMap<string, Buffer> },
  key: string,
  field: string,
): Buffer {
  const entry = entries.get(key);
  if (entry === undefined) {
    throw new OperationError(`${field}: ${of} has no entry "${key}"`, {
      code: 'SECRET_INVALID',
      retry: 'backoff',
      context: { field },
    });
  }
  return entry;
}

/** Everybody may read it; it is believed only as far as its signatures go. */
function trustedName({ metadata }: SubscriptionObjectWire): string {
  return `${metadata.name}-channel`;
}

async function readTrusted(
  client: KubeClient,
  subscription: SubscriptionObjectWire,
  signal: AbortSignal,
): Promise<TrustedFiles> {
  const { namespace } = subscription.metadata;
  const object = await client.find<DataObject>(configMaps, { namespace, name: trustedName(subscription) }, { signal });
  const files = Object.entries(object?.data ?? {}).filter(([key]) => key.endsWith('.json'));
  return new Map(files.map(([key, text]) => [key.slice(0, -'.json'.length), Buffer.from(text)]));
}

async function writeTrusted(
  client: KubeClient,
  subscription: SubscriptionObjectWire,
  files: TrustedFiles,
  signal: AbortSignal,
): Promise<void> {
  const { namespace, name: owner, uid } = subscription.metadata;
  const name = trustedName(subscription);
  const kept = [...files].filter(([role]) => /^(root|timestamp|snapshot|targets|releases)$/.test(role));
  const body = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      ...{ namespace, name },
      labels: { [subscriptionLabel]: owner },
      ownerReferences: [{ apiVersion: apiVersionOf(subscriptions), kind: subscriptions.kind, name: owner, uid }],
    },
    data: Object.fromEntries(kept.map(([role, bytes]) => [`${role}.json`, Buffer.from(bytes).toString('utf8')])),
  };
  try {
    await client.patch(configMaps, { namespace, name }, { kind: 'apply', body }, { fieldManager, force: true, signal });
  } catch (error) {
    if (!isOperationError(error, 'API_NOT_FOUND')) {
      throw error;
    }
  }
}
