/** The objects of a set of manifests: what names one, and where it was written. */
import type { Fields } from '../health/objects/fields.ts';

/** Names one object of a cluster. The version of its API is no part of the name: it is only how it is spoken to. */
export interface ObjectIdentity {
  /** Empty for the core group. */
  readonly group: string;
  readonly kind: string;
  /** Empty for objects of the whole cluster. */
  readonly namespace: string;
  readonly name: string;
}

/** Where an object was read, for messages. */
export interface Place {
  readonly file: string;
  /** From 1. */
  readonly document: number;
  /** From 1. */
  readonly line: number;
}

/** One object as somebody wishes it to be. */
export interface ManifestObject extends ObjectIdentity {
  /** `v1`, `apps/v1`. */
  readonly apiVersion: string;
  readonly object: Fields;
  /** Absent where it was made and not read. */
  readonly place?: Place;
}

/** Equal exactly for the same object. */
export function identityKey({ group, kind, namespace, name }: ObjectIdentity): string {
  return `${group}/${kind}/${namespace}/${name}`;
}

/** As people are told of it: `Deployment demo/web`, `Namespace demo`. */
export function describeObject({ kind, namespace, name }: ObjectIdentity): string {
  return `${kind} ${namespace === '' ? '' : `${namespace}/`}${name}`;
}

/** `deploy/web.yaml, document 2, line 14`; empty without a place. */
export function describePlace(place: Place | undefined): string {
  return place === undefined ? '' : `${place.file}, document ${place.document}, line ${place.line}`;
}

/** `apps` of `apps/v1`, nothing of `v1`. */
export function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf('/');
  return slash === -1 ? '' : apiVersion.slice(0, slash);
}
