/**
 * Fulfils the engine's AppObjects with Secrets: the content of objects may be secret, and so may hashes of it be.
 *
 * One Secret for the inventory, written anew with each change; for each revision one or more that are never changed. All are
 * compressed, and belong to the App, so that they go with it.
 */
import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { isOperationError, OperationError } from '../../core/errors.ts';
import type { AppRecord, Revision } from '../../core/manifest/app-record.ts';
import { applySetId, applySetParent } from '../../core/manifest/apply-set.ts';
import { canonicalJson } from '../../core/manifest/canonical.ts';
import type { AppName, AppObjects } from '../../engine/ports/app-objects.ts';
import type { KubeClient } from '../../kube/client.ts';
import { apiVersionOf, type KubeObject, type ResourceType } from '../../kube/objects.ts';
import { secrets } from '../../kube/resource-types.ts';
import { decodeRecord, decodeRevision } from '../../resources/app/decode-app-objects.ts';
import { appLabel } from '../../resources/metadata.ts';
import { apps, fieldManager } from './kinds.ts';

interface SecretObject extends KubeObject {
  readonly type?: string;
  readonly immutable?: boolean;
  /** Values in base64. */
  readonly data?: Readonly<Record<string, string>>;
}

const revisionLabel = 'headgate.dev/revision';
/** A Secret holds 1 MiB; base64 makes three quarters of it. */
const chunkBytes = 700_000;
/** Of one App; 30 MiB of objects compress to about a tenth. */
const mostChunks = 8;
const largestContentBytes = 256 * 2 ** 20;
/** Revisions kept in memory, compressed, so that a correction need not fetch one. */
const mostCachedBytes = 16 * 2 ** 20;

const compress = promisify(gzip);
const decompress = promisify(gunzip);

export class ClusterAppObjects implements AppObjects {
  readonly #client: KubeClient;
  readonly #owner: ResourceType;
  readonly #records = new Map<string, { readonly uid: string; readonly record: AppRecord | undefined }>();
  readonly #revisions = new Map<string, Buffer>();

  /** @param owner kind of the objects that these belong to; Apps when absent */
  constructor(client: KubeClient, owner: ResourceType = apps) {
    this.#client = client;
    this.#owner = owner;
  }

  async readRecord(app: AppName, signal: AbortSignal): Promise<AppRecord | undefined> {
    const known = this.#records.get(keyFor(app));
    if (known?.uid === app.uid) {
      return known.record;
    }
    const key = { namespace: app.namespace, name: recordName(app) };
    const secret = await this.#client.find<SecretObject>(secrets, key, { signal });
    const own = secret && isOwnedBy(secret, app) ? secret : undefined;
    const bytes = own && Buffer.from(own.data?.['record'] ?? '', 'base64');
    const record = bytes && decodeRecord(await open(bytes), `Secret ${key.namespace}/${key.name}`);
    this.#records.set(keyFor(app), { uid: app.uid, record });
    return record;
  }

  async writeRecord(app: AppName, record: AppRecord, signal: AbortSignal): Promise<void> {
    const name = recordName(app);
    const bytes = await compress(JSON.stringify(record));
    if (bytes.length > chunkBytes) {
      throw tooMuch(app, `the inventory of ${record.inventory.length} objects does not fit into one Secret`);
    }
    const parent = applySetParent(applySetId({ ...app, name }), record.inventory, app.namespace);
    await this.#apply(
      app,
      { name, labels: parent['labels'], annotations: parent['annotations'] },
      { record: bytes },
      signal,
    );
    this.#records.set(keyFor(app), { uid: app.uid, record });
  }

  noteSeen(app: AppName, record: AppRecord): void {
    this.#records.set(keyFor(app), { uid: app.uid, record });
  }

  async readRevision(app: AppName, id: string, signal: AbortSignal): Promise<Revision | undefined> {
    const cached = this.#revisions.get(`${app.uid}/${id}`);
    const bytes = cached ?? (await this.#fetchRevision(app, id, signal));
    if (bytes === undefined) {
      return undefined;
    }
    this.#cache(`${app.uid}/${id}`, bytes);
    return decodeRevision(await open(bytes), `revision ${id} of App ${app.namespace}/${app.name}`);
  }

  async writeRevision(app: AppName, revision: Revision, signal: AbortSignal): Promise<string> {
    const text = canonicalJson(revision);
    const id = `sha256:${createHash('sha256').update(text).digest('hex')}`;
    if (this.#revisions.has(`${app.uid}/${id}`)) {
      return id;
    }
    const bytes = await compress(text);
    const count = Math.max(1, Math.ceil(bytes.length / chunkBytes));
    if (count > mostChunks) {
      throw tooMuch(
        app,
        `its objects are ${bytes.length} bytes after compression, of ${mostChunks * chunkBytes} at most`,
      );
    }
    for (let index = 0; index < count; index += 1) {
      const chunk = bytes.subarray(index * chunkBytes, (index + 1) * chunkBytes);
      const labels = { [revisionLabel]: shortId(id) };
      const annotations = { 'headgate.dev/chunks': String(count) };
      await this.#apply(app, { name: chunkName(app, id, index), labels, annotations }, { revision: chunk }, signal);
    }
    this.#cache(`${app.uid}/${id}`, bytes);
    return id;
  }

  async keepRevisions(app: AppName, ids: readonly string[], signal: AbortSignal): Promise<void> {
    const kept = ids.map(shortId);
    const { items } = await this.#client.list<SecretObject>(secrets, {
      namespace: app.namespace,
      labelSelector: `${appLabel}=${app.name},${revisionLabel}`,
      metadataOnly: true,
      signal,
    });
    for (const { metadata } of items) {
      if (!kept.includes(metadata.labels?.[revisionLabel] ?? '')) {
        await this.#delete(metadata.namespace ?? '', metadata.name, signal);
      }
    }
  }

  async readAgeKeys({ namespace }: AppName, name: string, signal: AbortSignal): Promise<string> {
    const secret = await this.#client.find<SecretObject>(secrets, { namespace, name }, { signal });
    const keys = Object.entries(secret?.data ?? {}).filter(([key]) => key.endsWith('.agekey'));
    if (keys.length === 0) {
      const what = secret === undefined ? 'is not there' : 'has no key that ends in .agekey';
      throw new OperationError(`read Secret ${namespace}/${name} (deploy.manifests.decryption): it ${what}`, {
        code: secret === undefined ? 'SECRET_NOT_FOUND' : 'SECRET_INVALID',
        retry: 'backoff',
        context: { secret: `${namespace}/${name}` },
      });
    }
    return keys.map(([, value]) => Buffer.from(value, 'base64').toString('utf8')).join('\n');
  }

  forget({ namespace, name }: { readonly namespace: string; readonly name: string }): void {
    const known = this.#records.get(`${namespace}/${name}`);
    this.#records.delete(`${namespace}/${name}`);
    for (const key of this.#revisions.keys()) {
      if (known && key.startsWith(`${known.uid}/`)) {
        this.#revisions.delete(key);
      }
    }
  }

  async #apply(
    app: AppName,
    metadata: { readonly name: string; readonly labels: unknown; readonly annotations: unknown },
    data: Readonly<Record<string, Buffer>>,
    signal: AbortSignal,
  ): Promise<void> {
    const { name, uid } = app;
    const owner = { apiVersion: apiVersionOf(this.#owner), kind: this.#owner.kind, name, uid, controller: true };
    const body = {
      apiVersion: 'v1',
      kind: 'Secret',
      type: 'headgate.dev/objects',
      metadata: {
        ...metadata,
        namespace: app.namespace,
        labels: { ...(metadata.labels as object), [appLabel]: app.name },
        ownerReferences: [owner],
      },
      data: Object.fromEntries(Object.entries(data).map(([key, bytes]) => [key, bytes.toString('base64')])),
    };
    const key = { namespace: app.namespace, name: metadata.name };
    await this.#client.apply(secrets, key, body, { fieldManager, force: true, signal });
  }

  async #fetchRevision(app: AppName, id: string, signal: AbortSignal): Promise<Buffer | undefined> {
    const chunks: Buffer[] = [];
    let count = 1;
    for (let index = 0; index < count; index += 1) {
      const key = { namespace: app.namespace, name: chunkName(app, id, index) };
      const secret = await this.#client.find<SecretObject>(secrets, key, { signal });
      if (secret === undefined || !isOwnedBy(secret, app)) {
        return undefined;
      }
      count = Math.min(Number(secret.metadata.annotations?.['headgate.dev/chunks'] ?? 1), mostChunks);
      chunks.push(Buffer.from(secret.data?.['revision'] ?? '', 'base64'));
    }
    return Buffer.concat(chunks);
  }

  async #delete(namespace: string, name: string, signal: AbortSignal): Promise<void> {
    try {
      await this.#client.delete(secrets, { namespace, name }, { signal });
    } catch (error) {
      if (!isOperationError(error, 'API_NOT_FOUND')) {
        throw error;
      }
    }
  }

  #cache(key: string, bytes: Buffer): void {
    this.#revisions.delete(key);
    this.#revisions.set(key, alone(bytes));
    let total = [...this.#revisions.values()].reduce((sum, one) => sum + one.length, 0);
    for (const [oldest, one] of this.#revisions) {
      if (total <= mostCachedBytes || oldest === key) {
        return;
      }
      this.#revisions.delete(oldest);
      total -= one.length;
    }
  }
}

/** A small Buffer is a piece of a block of 64 KiB that Node shares out, and keeps all of it: most revisions are of a few hundred bytes. */
function alone(bytes: Buffer): Buffer {
  if (bytes.buffer.byteLength === bytes.length) {
    return bytes;
  }
  const own = Buffer.allocUnsafeSlow(bytes.length);
  bytes.copy(own);
  return own;
}

/** Name of the Secret that is the parent of the App's set. */
function recordName(app: { readonly name: string }): string {
  return `headgate.${app.name}`;
}

/** @returns id of the ApplySet that the App's objects belong to */
export function applySetOf(app: { readonly namespace: string; readonly name: string }): string {
  return applySetId({ namespace: app.namespace, name: recordName(app) });
}

async function open(bytes: Buffer): Promise<unknown> {
  const content = await decompress(bytes, { maxOutputLength: largestContentBytes });
  return JSON.parse(content.toString('utf8')) as unknown;
}

/** One of another App of that name, or made by hand, is not believed. */
function isOwnedBy({ metadata }: SecretObject, app: AppName): boolean {
  return metadata.ownerReferences?.some(({ uid }) => uid === app.uid) === true;
}

function shortId(id: string): string {
  const characters = 20;
  return id.replace('sha256:', '').slice(0, characters);
}

function chunkName(app: AppName, id: string, index: number): string {
  return `headgate.${app.name}.${shortId(id)}.${index}`;
}

function keyFor({ namespace, name }: AppName): string {
  return `${namespace}/${name}`;
}

function tooMuch({ namespace, name }: AppName, what: string): OperationError {
  return new OperationError(`keep the objects of App ${namespace}/${name}: ${what}; make several Apps of it`, {
    code: 'MANIFEST_INVALID',
    retry: 'never',
    context: { app: `${namespace}/${name}` },
  });
}
