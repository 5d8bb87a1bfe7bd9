/**
 * The shapes every Kubernetes object shares, and the key by which stores and queues name one.
 *
 * Concrete types extend KubeObject with the few fields their user reads. They describe what the API server
 * answered; nothing here validates (resources/ decodes our own kinds).
 */
import { invariant } from '../core/errors.ts';

export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
  readonly blockOwnerDeletion?: boolean;
}

export interface ObjectMeta {
  readonly name: string;
  readonly generateName?: string;
  readonly namespace?: string;
  readonly uid?: string;
  /** Opaque; only compared for equality. */
  readonly resourceVersion?: string;
  readonly generation?: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly OwnerReference[];
  /** RFC 3339. */
  readonly creationTimestamp?: string;
  /** RFC 3339; set while the object waits for its finalizers. */
  readonly deletionTimestamp?: string;
  readonly finalizers?: readonly string[];
  readonly managedFields?: readonly unknown[];
}

export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
}

/** What may be sent to create an object: the type's fields are optional because the server has defaults for them. */
export type NewObject<T extends KubeObject> = Partial<Omit<T, 'metadata' | 'status'>> & {
  readonly metadata: Omit<ObjectMeta, 'name'> & { readonly name?: string };
};

/** One resource of the API, enough to build its path. `group` is '' for the core group. */
export interface ResourceType {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: boolean;
}

/** `namespace` is '' for cluster-scoped objects. */
export interface ObjectKey {
  readonly namespace: string;
  readonly name: string;
}

/** `namespace/name`, or `/name` for a cluster-scoped object. */
export function keyOf(object: { readonly metadata: { readonly name: string; readonly namespace?: string } }): string {
  return `${object.metadata.namespace ?? ''}/${object.metadata.name}`;
}

/** Reverses `keyOf`. Throws INVARIANT when the text is no key: keys are made by us, never by a person. */
export function parseKey(key: string): ObjectKey {
  const slash = key.indexOf('/');
  invariant(
    slash >= 0 && slash < key.length - 1 && key.indexOf('/', slash + 1) < 0,
    `parse object key ${key}: not namespace/name`,
  );
  return { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}

/** `v1` for the core group, else `group/version`: the apiVersion field of the type's objects. */
export function apiVersionOf(type: ResourceType): string {
  return type.group === '' ? type.version : `${type.group}/${type.version}`;
}
