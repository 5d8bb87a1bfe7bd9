/** The objects of an App that a checkpoint keeps, as the API server has them now. */
import { usedClaims } from '../../core/checkpoint/used-claims.ts';
import { referencesOf } from '../../core/drill/copied-pod.ts';
import { isOperationError } from '../../core/errors.ts';
import { type Fields, fieldAt, isFields } from '../../core/health/objects/fields.ts';
import type { KeptWorkload } from '../../engine/ports/checkpoint-store.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { KubeObject, ResourceType } from '../../kube/objects.ts';
import { configMaps, secrets, services } from '../../kube/resource-types.ts';
import { workloadTypes } from './kinds.ts';
import { claims } from './volume-objects.ts';

export interface ReadObjects {
  /** The workloads, and then the claims that they mount. */
  readonly objects: readonly KubeObject[];
  /** ConfigMaps and Secrets that their pods name, and Services that lead to these. */
  readonly named: readonly KubeObject[];
  /** What could not be read, one sentence each. */
  readonly unread: readonly string[];
}

/** @throws errors of the API server, but not that something beside workloads and claims may not be read */
export async function readObjects(
  client: KubeClient,
  workloads: readonly KeptWorkload[],
  signal: AbortSignal,
): Promise<ReadObjects> {
  const found: KubeObject[] = [];
  for (const reference of workloads) {
    const object = await client.find<KubeObject>(workloadTypes[reference.kind], reference, { signal });
    found.push(...(object ? [withReplicas(object, reference.replicas)] : []));
  }
  const namespace = workloads[0]?.namespace ?? '';
  const unread: string[] = [];
  const named: KubeObject[] = [];
  const wanted = wantedBy(found.map((object) => ({ ...object })));
  for (const [type, names] of [
    [configMaps, wanted.configMaps],
    [secrets, wanted.secrets],
  ] as const) {
    named.push(...(await readSome(client, { namespace, type, names, unread }, signal)));
  }
  named.push(...(await servicesOf(client, { namespace, found, unread }, signal)));
  return { objects: [...found, ...(await claimsOf(client, { namespace, found }, signal))], named, unread };
}

/** One that stands still while its data is kept is kept as it was. */
function withReplicas(object: KubeObject, replicas: number | undefined): KubeObject {
  const fields: Fields = { ...object };
  const { spec } = fields;
  return replicas === undefined || !isFields(spec)
    ? object
    : Object.assign({}, object, { spec: { ...spec, replicas } });
}

async function claimsOf(
  client: KubeClient,
  { namespace, found }: { readonly namespace: string; readonly found: readonly KubeObject[] },
  signal: AbortSignal,
): Promise<readonly KubeObject[]> {
  const mounted = new Set(found.flatMap((object) => usedClaims({ ...object })));
  const kept: KubeObject[] = [];
  for (const name of mounted) {
    const claim = await client.find<KubeObject>(claims, { namespace, name }, { signal });
    kept.push(...(claim ? [claim] : []));
  }
  return kept;
}

function wantedBy(workloads: readonly Fields[]) {
  const all = workloads.map((workload) => referencesOf(templateOf(workload)));
  return {
    configMaps: new Set(all.flatMap((one) => one.configMaps)),
    secrets: new Set(all.flatMap((one) => one.secrets)),
  };
}

function templateOf(workload: Fields): Fields {
  const template = fieldAt(workload, 'spec.template') ?? fieldAt(workload, 'spec.jobTemplate.spec.template');
  return isFields(template) ? template : {};
}

interface Wanted {
  readonly namespace: string;
  readonly type: ResourceType;
  readonly names: ReadonlySet<string>;
  readonly unread: string[];
}

async function readSome(
  client: KubeClient,
  { namespace, type, names, unread }: Wanted,
  signal: AbortSignal,
): Promise<readonly KubeObject[]> {
  const read: KubeObject[] = [];
  for (const name of names) {
    try {
      const object = await client.find<KubeObject>(type, { namespace, name }, { signal });
      read.push(...(object ? [object] : []));
    } catch (error) {
      unread.push(forbidden(error, `${type.kind} ${name}`));
    }
  }
  return read;
}

async function servicesOf(
  client: KubeClient,
  {
    namespace,
    found,
    unread,
  }: { readonly namespace: string; readonly found: readonly KubeObject[]; readonly unread: string[] },
  signal: AbortSignal,
): Promise<readonly KubeObject[]> {
  if (found.length === 0) {
    return [];
  }
  const labels = found.map((object) => fieldAt(templateOf({ ...object }), 'metadata.labels')).filter(isFields);
  try {
    const { items } = await client.list<KubeObject>(services, { namespace, signal });
    return items
      .filter((service) => labels.some((one) => leadsTo({ ...service }, one)))
      .map((item) => ({ ...item, apiVersion: 'v1', kind: services.kind }));
  } catch (error) {
    unread.push(forbidden(error, 'Services'));
    return [];
  }
}

function leadsTo(service: Fields, labels: Fields): boolean {
  const selector = fieldAt(service, 'spec.selector');
  const wanted = Object.entries(isFields(selector) ? selector : {});
  return wanted.length > 0 && wanted.every(([key, value]) => labels[key] === value);
}

/** @throws the error, where it is another one */
function forbidden(error: unknown, what: string): string {
  if (isOperationError(error, 'API_FORBIDDEN')) {
    return `${what} could not be kept: ${error.message}`;
  }
  throw error;
}
