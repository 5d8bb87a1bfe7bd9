/** From what was read to what is to stand in the cluster: whole, without contradictions, with namespaces filled in, or not at all. */
import { type Fields, fieldAt, isFields, textAt } from '../health/objects/fields.ts';
import { describeObject, describePlace, groupOf, identityKey, type ManifestObject } from './manifest-object.ts';

/** One object as the parser gives it. */
export type ReadObject = Pick<ManifestObject, 'apiVersion' | 'kind' | 'namespace' | 'name' | 'object' | 'place'>;

/** `Unknown`: the API server has no such kind. */
export type Scope = 'Namespaced' | 'Cluster' | 'Unknown';

export interface SetRequest {
  readonly read: readonly ReadObject[];
  readonly scopeOf: (apiVersion: string, kind: string) => Scope;
  /** For namespaced objects that name none. */
  readonly defaultNamespace: string;
}

export interface DesiredSet {
  readonly objects: readonly ManifestObject[];
  /** What forbids to apply any of it; each names object, place and remedy. */
  readonly problems: readonly string[];
}

/** Fields that only the API server sets; written in a manifest they are left-overs of `kubectl get -o yaml`. */
const serverMetadata = ['creationTimestamp', 'generation', 'managedFields', 'resourceVersion', 'selfLink', 'uid'];
const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';

/** Checks everything before anything is applied: all problems are told at once. */
export function makeDesiredSet({ read, scopeOf, defaultNamespace }: SetRequest): DesiredSet {
  const defined = definedScopes(read);
  const problems: string[] = [];
  const byKey = new Map<string, ManifestObject>();
  for (const one of read) {
    const own = defined.get(`${one.apiVersion} ${one.kind}`);
    const scope = own ?? scopeOf(one.apiVersion, one.kind);
    if (scope === 'Unknown') {
      problems.push(unknownKind(one));
      continue;
    }
    const object = complete(one, scope, defaultNamespace);
    const key = identityKey(object);
    const first = byKey.get(key);
    if (first === undefined) {
      byKey.set(key, object);
    } else {
      problems.push(duplicate(first, object));
    }
  }
  return { objects: [...byKey.values()], problems };
}

/** Kinds that a CRD of the same set defines: they need not be served yet. */
export function definedScopes(read: readonly ReadObject[]): ReadonlyMap<string, Scope> {
  const scopes = new Map<string, Scope>();
  for (const { kind, apiVersion, object } of read) {
    if (kind !== 'CustomResourceDefinition' || groupOf(apiVersion) !== 'apiextensions.k8s.io') {
      continue;
    }
    const versions = fieldAt(object, 'spec.versions');
    const scope = fieldAt(object, 'spec.scope') === 'Cluster' ? 'Cluster' : 'Namespaced';
    for (const version of Array.isArray(versions) ? versions.filter(isFields) : []) {
      const named = `${textAt(object, 'spec.group', '')}/${String(version['name'])}`;
      scopes.set(`${named} ${textAt(object, 'spec.names.kind', '')}`, scope);
    }
  }
  return scopes;
}

function complete(one: ReadObject, scope: Scope, defaultNamespace: string): ManifestObject {
  const namespace = scope === 'Cluster' ? '' : one.namespace || defaultNamespace;
  const { status: _, ...rest } = one.object;
  return {
    ...one,
    group: groupOf(one.apiVersion),
    namespace,
    object: { ...rest, metadata: cleanMetadata(one.object['metadata'], namespace) },
  };
}

function cleanMetadata(metadata: unknown, namespace: string): Fields {
  const entries = Object.entries(isFields(metadata) ? metadata : {}).filter(
    ([name]) => !serverMetadata.includes(name) && name !== 'namespace',
  );
  const { annotations, ...rest } = Object.fromEntries(entries) as { annotations?: unknown };
  return {
    ...rest,
    ...(namespace === '' ? {} : { namespace }),
    ...(isFields(annotations) ? { annotations: withoutLastApplied(annotations) } : {}),
  };
}

function withoutLastApplied(annotations: Fields): Fields {
  const { [lastApplied]: _, ...rest } = annotations;
  return rest;
}

function unknownKind({ apiVersion, kind, name, place }: ReadObject): string {
  const where = describePlace(place);
  const remedy = 'correct apiVersion and kind, or install its CustomResourceDefinition first';
  return `${kind} ${name}${where && ` (${where})`}: the API server has no kind ${kind} in ${apiVersion}; ${remedy}`;
}

function duplicate(first: ManifestObject, second: ManifestObject): string {
  const places = [first, second].map(({ place }) => describePlace(place)).filter((place) => place !== '');
  return `${describeObject(first)} is there twice${places.length === 2 ? `: ${places.join(' and ')}` : ''}; remove one`;
}
