/** Fulfils the engine's DirectRecords and Records: Headgate's own objects in the Kubernetes API. */
import { createHash } from 'node:crypto';
import type { Rejection } from '../../core/app/rejection.ts';
import { isOperationError } from '../../core/errors.ts';
import type { Clock } from '../../engine/ports/clock.ts';
import type { DirectRecords, Records } from '../../engine/ports/records.ts';
import type { KubeClient } from '../../kube/client.ts';
import { apiVersionOf, type ResourceType } from '../../kube/objects.ts';
import { topicOfChoosers, topicOfNotifiers, topicOfWorkload, topicOfWritten } from '../../resources/app/app-topics.ts';
import { type AppObjectWire, decodeApp } from '../../resources/app/decode-app.ts';
import { appLabel, finalizer } from '../../resources/metadata.ts';
import { decodeRejection } from '../../resources/update/decode-rejection.ts';
import { decodeUpdate, type UpdateObjectWire } from '../../resources/update/decode-update.ts';
import type { RejectionSpecWire } from '../../resources/update/rejection.ts';
import type { UpdateSpecWire } from '../../resources/update/update.ts';
import { updateStatusOf } from '../../resources/update/update-status.ts';
import { ofApp, openAnywhere } from '../../resources/update/update-topics.ts';
import { apps, fieldManager, type ProductObject, rejections, updates } from './kinds.ts';
import type { Watched } from './watched.ts';

export interface WatchedRecords {
  readonly apps: Watched<AppObjectWire>;
  readonly updates: Watched<UpdateObjectWire>;
  readonly rejections: Watched<Rejection>;
}

/** Adds what the watched copies answer to the direct calls. */
export function createRecords(direct: DirectRecords, watched: WatchedRecords): Records {
  return {
    ...direct,
    listApps: (namespace) => watched.apps.list(namespace),
    listAppsOn: (namespace, names) => {
      const topics = [...names.map((name) => topicOfWorkload(namespace, name)), topicOfChoosers(namespace)];
      return [...new Set(topics.flatMap((topic) => watched.apps.listBy(topic)))];
    },
    listAppsWriting: (url) => watched.apps.listBy(topicOfWritten(url)),
    listAppsNotifying: (namespace) => watched.apps.listBy(topicOfNotifiers(namespace)),
    findApp: (namespace, name) => watched.apps.find(namespace, name),
    listUpdates: (namespace, app) => newestFirst(watched.updates.listBy(ofApp(namespace, app))),
    listOpenUpdates: () => watched.updates.listBy(openAnywhere),
    findUpdate: (namespace, name) => watched.updates.find(namespace, name),
    listRejections: (namespace) => watched.rejections.list(namespace),
  };
}

/** Calls of the API server, each one request (lists: one a page). */
export function createDirectRecords(client: KubeClient, clock: Clock): DirectRecords {
  return {
    async readApps(namespace, signal) {
      const { items } = await client.list<ProductObject>(apps, { ...scope(namespace), signal });
      return items.map(toApp);
    },
    async readApp(namespace, name, signal) {
      const object = await client.find<ProductObject>(apps, { namespace, name }, { signal });
      return object && toApp(object);
    },
    async setFinalizer({ metadata }, present, signal) {
      const others = (metadata.finalizers ?? []).filter((one) => one !== finalizer);
      const { resourceVersion } = metadata;
      const body = { metadata: { resourceVersion, finalizers: present ? [...others, finalizer] : others } };
      await client.patch(apps, metadata, { kind: 'merge', body }, { fieldManager, signal });
    },
    async writeAppStatus(app, status, signal) {
      const object = { ...typed(apps, app), status };
      return toApp(await client.replaceStatus<ProductObject>(apps, object, { fieldManager, signal }));
    },
    async applyApp({ metadata, spec }, existing, signal) {
      const { resourceVersion } = existing?.metadata ?? {};
      const body = {
        apiVersion: apiVersionOf(apps),
        kind: apps.kind,
        metadata: { ...metadata, ...(resourceVersion === undefined ? {} : { resourceVersion }) },
        spec,
      };
      // Not by force where there was none: one that a person makes at this very moment is theirs.
      const options = { fieldManager, force: existing !== undefined, signal };
      await client.patch(apps, metadata, { kind: 'apply', body }, options);
    },
    deleteApp: async ({ metadata }, signal) => await deleteObject(client, apps, metadata, signal),
    annotateApp: async (app, annotations, signal) => await annotate(client, apps, { key: app, annotations }, signal),
    annotateUpdate: async (update, annotations, signal) =>
      await annotate(client, updates, { key: update, annotations }, signal),
    async readUpdates({ namespace, app }, signal) {
      const { items } = await client.list<ProductObject>(updates, { ...scope(namespace), signal });
      // Not by label: one that a person made may have none, and its number is taken all the same.
      return newestFirst(items.map(toUpdate).filter(({ spec }) => app === undefined || spec.app === app));
    },
    readUpdate: async (namespace, name, signal) => await readUpdate(client, { namespace, name }, signal),
    createUpdate: async (app, spec, signal) =>
      toUpdate(await client.create<ProductObject>(updates, newUpdate(app, spec), { fieldManager, signal })),
    async writeJournal(update, journal, signal) {
      const object = { ...typed(updates, update), status: updateStatusOf(update, journal, clock.now()) };
      return toUpdate(await client.replaceStatus<ProductObject>(updates, object, { fieldManager, signal }));
    },
    deleteUpdate: async ({ metadata }, signal) => await deleteObject(client, updates, metadata, signal),
    async readRejections(namespace, signal) {
      const { items } = await client.list<ProductObject>(rejections, { ...scope(namespace), signal });
      return items.map(toRejection);
    },
    liftRejection: async (namespace, name, signal) =>
      await deleteObject(client, rejections, { namespace, name }, signal),
    reject: async (namespace, spec, signal) => await reject(client, namespace, spec, signal),
  };
}

async function readUpdate(
  client: KubeClient,
  key: { readonly namespace: string; readonly name: string },
  signal: AbortSignal,
): Promise<UpdateObjectWire | undefined> {
  const object = await client.find<ProductObject>(updates, key, { signal });
  return object && toUpdate(object);
}

async function annotate(
  client: KubeClient,
  type: ResourceType,
  {
    key,
    annotations,
  }: {
    readonly key: { readonly namespace: string; readonly name: string };
    readonly annotations: Readonly<Record<string, string | null>>;
  },
  signal: AbortSignal,
): Promise<void> {
  await client.patch(type, key, { kind: 'merge', body: { metadata: { annotations } } }, { fieldManager, signal });
}

async function deleteObject(
  client: KubeClient,
  type: ResourceType,
  { namespace, name, uid }: { readonly namespace: string; readonly name: string; readonly uid?: string },
  signal: AbortSignal,
): Promise<void> {
  try {
    await client.delete(type, { namespace, name }, { ...(uid === undefined ? {} : { uid }), signal });
  } catch (error) {
    if (!isOperationError(error, 'API_NOT_FOUND')) {
      throw error;
    }
  }
}

/** Follows from App and digest, so that rejecting twice makes one object. Without App the digest alone: any word before it could be an App. */
function rejectionName(spec: Pick<RejectionSpecWire, 'app' | 'digest'>): string {
  const shortHash = 12;
  const hash = createHash('sha256').update(spec.digest).digest('hex').slice(0, shortHash);
  return spec.app === undefined ? hash : `${spec.app}-${hash}`;
}

/** One that is there already is renewed: it may have been about to expire. */
async function reject(
  client: KubeClient,
  namespace: string,
  spec: RejectionSpecWire,
  signal: AbortSignal,
): Promise<void> {
  const name = rejectionName(spec);
  try {
    await client.create<ProductObject>(rejections, { metadata: { name, namespace }, spec }, { fieldManager, signal });
  } catch (error) {
    if (!isOperationError(error, 'API_CONFLICT')) {
      throw error;
    }
    const body = { spec: { ...spec, expiresAt: spec.expiresAt ?? null } };
    await client.patch(rejections, { namespace, name }, { kind: 'merge', body }, { fieldManager, signal });
  }
}

function newUpdate(app: AppObjectWire, spec: UpdateSpecWire) {
  const { namespace, name, uid } = app.metadata;
  const owner = { apiVersion: apiVersionOf(apps), kind: apps.kind, name, uid, controller: true };
  return {
    metadata: {
      name: `${name}-${spec.sequence}`,
      namespace,
      labels: { [appLabel]: name },
      ownerReferences: [owner],
    },
    spec,
  };
}

function toApp(object: ProductObject): AppObjectWire {
  return decodeApp(object, `App ${object.metadata.namespace}/${object.metadata.name}`);
}

function toUpdate(object: ProductObject): UpdateObjectWire {
  return decodeUpdate(object, `Update ${object.metadata.namespace}/${object.metadata.name}`);
}

function toRejection(object: ProductObject): Rejection {
  return decodeRejection(object, `Rejection ${object.metadata.namespace}/${object.metadata.name}`);
}

function scope(namespace: string | undefined): { namespace?: string } {
  return namespace === undefined ? {} : { namespace };
}

function typed(type: ResourceType, object: AppObjectWire | UpdateObjectWire): ProductObject {
  return { ...object, apiVersion: apiVersionOf(type), kind: type.kind };
}

function newestFirst(list: readonly UpdateObjectWire[]): readonly UpdateObjectWire[] {
  return list.toSorted((left, right) => right.spec.sequence - left.spec.sequence);
}
