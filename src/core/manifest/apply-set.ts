/** Labels by which kubectl and others see which objects belong together (KEP-3659, "ApplySet"). */
import { createHash } from 'node:crypto';
import type { Fields } from '../health/objects/fields.ts';
import { isFields } from '../health/objects/fields.ts';
import type { ManifestObject, ObjectIdentity } from './manifest-object.ts';

const partOfLabel = 'applyset.kubernetes.io/part-of';

/** Id of the set whose parent is the Secret of that name. */
export function applySetId(parent: { readonly namespace: string; readonly name: string }): string {
  const hash = createHash('sha256').update(`${parent.name}.${parent.namespace}.Secret.`).digest('base64url');
  return `applyset-${hash}-v1`;
}

/** The object with the label of the set. */
export function inApplySet(one: ManifestObject, id: string): ManifestObject {
  const metadata = isFields(one.object['metadata']) ? one.object['metadata'] : {};
  const labels = isFields(metadata['labels']) ? metadata['labels'] : {};
  return { ...one, object: { ...one.object, metadata: { ...metadata, labels: { ...labels, [partOfLabel]: id } } } };
}

/** Labels and annotations of the parent. */
export function applySetParent(id: string, members: readonly ObjectIdentity[], namespace: string): Fields {
  const kinds = [...new Set(members.map(({ group, kind }) => (group === '' ? kind : `${kind}.${group}`)))].sort();
  const others = [...new Set(members.map((member) => member.namespace))].filter(
    (one) => one !== '' && one !== namespace,
  );
  return {
    labels: { 'applyset.kubernetes.io/id': id },
    annotations: {
      'applyset.kubernetes.io/tooling': 'headgate/v1',
      'applyset.kubernetes.io/contains-group-kinds': kinds.join(','),
      ...(others.length === 0 ? {} : { 'applyset.kubernetes.io/additional-namespaces': others.sort().join(',') }),
    },
  };
}
