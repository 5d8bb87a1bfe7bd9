/** The Secrets in which Helm stores revisions: `sh.helm.release.v1.NAME.vN`, JSON in gzip in base64. */
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import Type, { type Static } from 'typebox';
import { OperationError } from '../../core/errors.ts';
import { type Revision, type RevisionStatus, revisionStatuses } from '../../core/helm/release.ts';
import { decodeMarks } from '../../core/helm/revision-marks.ts';
import type { StoredHook, StoredRelease } from '../../core/helm/stored-release.ts';
import { isValues, type Value, type Values } from '../../core/helm/values.ts';
import { groupOf } from '../../core/manifest/manifest-object.ts';
import { parseManifests } from '../../kube/manifest-text.ts';
import type { KubeObject } from '../../kube/objects.ts';
import { decoderOf } from '../../resources/decode.ts';

export interface HelmSecret extends KubeObject {
  readonly type?: string;
  /** Values in base64, of which Helm's own base64 is another layer. */
  readonly data?: Readonly<Record<string, string>>;
}

/** Helm's own limit is that of a Secret, 1 MiB packed; this much may come out of it. */
const maxUnpackedBytes = 64 * 1024 * 1024;

const anything = Type.Unsafe<Value>(Type.Unknown());
const File = Type.Object({
  name: Type.String({ maxLength: 4096 }),
  data: Type.Optional(Type.Union([Type.String(), Type.Null()])),
});
const Payload = Type.Object({
  version: Type.Integer({ minimum: 1 }),
  info: Type.Object({
    status: Type.String(),
    description: Type.Optional(Type.String()),
    notes: Type.Optional(Type.String()),
  }),
  chart: Type.Object({
    metadata: anything,
    values: Type.Optional(anything),
    schema: Type.Optional(Type.Union([Type.String(), Type.Null()])),
    templates: Type.Optional(Type.Union([Type.Array(File), Type.Null()])),
    files: Type.Optional(Type.Union([Type.Array(File), Type.Null()])),
  }),
  config: Type.Optional(anything),
  manifest: Type.Optional(Type.String()),
  hooks: Type.Optional(
    Type.Union([
      Type.Array(
        Type.Object({
          name: Type.String(),
          kind: Type.String(),
          events: Type.Optional(Type.Union([Type.Array(Type.String()), Type.Null()])),
          last_run: Type.Optional(Type.Object({ phase: Type.Optional(Type.String()) })),
        }),
      ),
      Type.Null(),
    ]),
  ),
});
type Payload = Static<typeof Payload>;

const decodePayload = decoderOf(Payload);

/** @returns undefined for a Secret that is no revision */
export function revisionOf({ metadata }: KubeObject): (Revision & { readonly release: string }) | undefined {
  const { labels = {} } = metadata;
  const number = Number(labels['version']);
  const release = labels['name'];
  if (labels['owner'] !== 'helm' || release === undefined || !Number.isSafeInteger(number) || number < 1) {
    return undefined;
  }
  const changedAt = Number(labels['modifiedAt'] ?? labels['createdAt']) * 1_000;
  return {
    release,
    number,
    status: statusOf(labels['status']),
    stamp: stampOf({ metadata }),
    changedAt: new Date(Number.isNaN(changedAt) ? Date.parse(metadata.creationTimestamp ?? '') || 0 : changedAt),
    marks: decodeMarks(labels),
  };
}

/** Another text whenever the Secret was written again. */
export function stampOf({ metadata }: Pick<KubeObject, 'metadata'>): string {
  return `${metadata.uid}/${metadata.resourceVersion}`;
}

/** @throws HELM_RELEASE_INVALID naming the Secret */
export async function openSecret(secret: HelmSecret): Promise<StoredRelease> {
  const payload = decodePayload(await unpack(secret), `Helm release in ${nameOf(secret)}`);
  const { chart, info } = payload;
  const metadata = asValues(chart.metadata);
  const dependencies = metadata['dependencies'];
  return {
    number: payload.version,
    status: statusOf(info.status),
    description: info.description ?? '',
    notes: info.notes ?? '',
    chart: {
      name: textOf(metadata['name']),
      version: textOf(metadata['version']),
      appVersion: typeof metadata['appVersion'] === 'string' ? metadata['appVersion'] : undefined,
      metadata,
      values: asValues(chart.values),
      schema: Buffer.from(chart.schema ?? '', 'base64').toString('utf8'),
      files: filesOf(chart),
      dependencies: Array.isArray(dependencies) ? dependencies.map((one) => textOf(asValues(one)['name'])) : [],
    },
    values: asValues(payload.config),
    objects: objectsIn(payload.manifest ?? '', secret),
    hooks: (payload.hooks ?? []).map(hookOf),
  };
}

/** The same Secret with another status and description in label and payload, nothing else changed. */
export async function withStatus(secret: HelmSecret, status: RevisionStatus, description: string): Promise<HelmSecret> {
  const payload = asValues((await unpack(secret)) as Value);
  const changed = { ...payload, info: { ...asValues(payload['info']), status, description } };
  const packed = await promisify(gzip)(JSON.stringify(changed));
  const release = Buffer.from(packed.toString('base64'), 'utf8').toString('base64');
  const { managedFields: _, ...metadata } = secret.metadata;
  return {
    ...secret,
    metadata: { ...metadata, labels: { ...metadata.labels, status } },
    data: { ...secret.data, release },
  };
}

function objectsIn(manifest: string, secret: HelmSecret): StoredRelease['objects'] {
  const manifests = parseManifests(manifest, `the Helm release in ${nameOf(secret)}`) ?? [];
  return manifests.map((one) => ({ ...one, group: groupOf(one.apiVersion) }));
}

async function unpack(secret: HelmSecret): Promise<unknown> {
  try {
    const inner = Buffer.from(secret.data?.['release'] ?? '', 'base64').toString('latin1');
    const packed = Buffer.from(inner, 'base64');
    const isGzip = packed.subarray(0, 2).equals(Buffer.from([0x1f, 0x8b]));
    const bytes = isGzip ? await promisify(gunzip)(packed, { maxOutputLength: maxUnpackedBytes }) : packed;
    return JSON.parse(bytes.toString('utf8'));
  } catch (cause) {
    throw new OperationError(`read the Helm release in ${nameOf(secret)}: it is not what Helm writes`, {
      code: 'HELM_RELEASE_INVALID',
      retry: 'backoff',
      context: { secret: nameOf(secret) },
      cause,
    });
  }
}

function nameOf({ metadata }: HelmSecret): string {
  return `Secret ${metadata.namespace ?? ''}/${metadata.name}`;
}

function statusOf(text: string | undefined): RevisionStatus {
  return revisionStatuses.find((status) => status === text) ?? 'unknown';
}

function filesOf({ templates, files }: Payload['chart']): ReadonlyMap<string, Uint8Array> {
  const all = [...(templates ?? []), ...(files ?? [])];
  return new Map(all.map(({ name, data }) => [name, Buffer.from(data ?? '', 'base64')]));
}

function hookOf(hook: NonNullable<Payload['hooks']>[number]): StoredHook {
  const phase = hook.last_run?.phase ?? '';
  const lastRun = (['Unknown', 'Running', 'Succeeded', 'Failed'] as const).find((one) => one === phase);
  return { name: hook.name, kind: hook.kind, events: hook.events ?? [], lastRun };
}

function asValues(value: Value | undefined): Values {
  return isValues(value) ? value : {};
}

function textOf(value: Value | undefined): string {
  return typeof value === 'string' ? value : '';
}
