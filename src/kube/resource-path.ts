/** Paths of the Kubernetes API. Every part is escaped; an empty name is refused, because it would turn one object into all. */
import { invariant } from '../core/errors.ts';
import type { ObjectKey, ResourceType } from './objects.ts';

export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

/** `/apis/apps/v1/namespaces/demo/deployments`; all namespaces when `namespace` is '' or undefined. */
export function collectionPath(type: ResourceType, namespace?: string): string {
  const root = type.group === '' ? `/api/${type.version}` : `/apis/${type.group}/${type.version}`;
  const scope = type.namespaced && namespace ? `/namespaces/${encodeURIComponent(namespace)}` : '';
  return `${root}${scope}/${type.plural}`;
}

/** Path of one object or of its subresource. Throws INVARIANT for an empty name or a missing namespace. */
export function objectPath(type: ResourceType, key: ObjectKey, subresource?: string): string {
  invariant(
    key.name !== '' && key.name !== '.' && key.name !== '..',
    `path of ${type.kind}: name is ${JSON.stringify(key.name)}`,
  );
  invariant(!type.namespaced || key.namespace !== '', `path of ${type.kind} ${key.name}: no namespace`);
  const path = `${collectionPath(type, key.namespace)}/${encodeURIComponent(key.name)}`;
  return subresource === undefined ? path : `${path}/${subresource}`;
}

/** Adds a query; undefined values are left out. */
export function withQuery(path: string, query: Query): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) {
      parameters.append(name, String(value));
    }
  }
  const text = parameters.toString();
  return text === '' ? path : `${path}?${text}`;
}

/** How people are told of an object: `Deployment demo/web`, `Namespace demo`. */
export function describeObject(type: ResourceType, key: ObjectKey): string {
  return `${type.kind} ${type.namespaced && key.namespace ? `${key.namespace}/` : ''}${key.name}`;
}
