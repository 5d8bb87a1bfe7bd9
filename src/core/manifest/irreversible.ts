/**
 * What of a change of manifests cannot be taken back by applying the former manifests: found before it starts, so that it can be
 * said, and refused where a way back is required.
 */
import { type Fields, fieldAt, isFields, textAt } from '../health/objects/fields.ts';
import { canonicalJson } from './canonical.ts';
import { identityKey, type ManifestObject, type ObjectIdentity } from './manifest-object.ts';

export interface OneWay {
  readonly object: ObjectIdentity;
  /** For people: what happens, and why it stays so. */
  readonly reason: string;
}

type Judge = (before: Fields | undefined, after: Fields | undefined) => string | undefined;

/** `group/kind`. */
const judges: ReadonlyMap<string, Judge> = new Map<string, Judge>([
  ['batch/Job', judgeJob],
  ['apiextensions.k8s.io/CustomResourceDefinition', judgeDefinition],
  ['/PersistentVolumeClaim', judgeClaim],
  ['/Namespace', (_, after) => (after ? undefined : 'is deleted with everything in it')],
  ['/PersistentVolume', (_, after) => (after ? undefined : 'is deleted, and what it holds may be deleted with it')],
  ['apps/StatefulSet', immutable(['selector', 'serviceName', 'volumeClaimTemplates', 'podManagementPolicy'])],
  ['apps/Deployment', immutable(['selector'])],
  ['apps/DaemonSet', immutable(['selector'])],
  ['/Service', immutable(['clusterIP'])],
  ['/Secret', judgeFixed],
  ['/ConfigMap', judgeFixed],
]);

/** In the order of the objects' names. */
export function findOneWays(before: readonly ManifestObject[], after: readonly ManifestObject[]): readonly OneWay[] {
  const former = new Map(before.map((one) => [identityKey(one), one]));
  const next = new Map(after.map((one) => [identityKey(one), one]));
  return [...new Set([...former.keys(), ...next.keys()])].toSorted().flatMap((key) => {
    const object = next.get(key) ?? former.get(key);
    const judge = object && judges.get(`${object.group}/${object.kind}`);
    const reason = judge?.(former.get(key)?.object, next.get(key)?.object);
    return object === undefined || reason === undefined ? [] : [{ object, reason }];
  });
}

function judgeJob(before: Fields | undefined, after: Fields | undefined): string | undefined {
  if (after === undefined || isEqual(specOf(before), specOf(after))) {
    return undefined;
  }
  return before === undefined
    ? 'runs once; what it has done is not undone'
    : 'has another template, which a Job cannot change: it is made anew, and what it has done is not undone';
}

function judgeDefinition(before: Fields | undefined, after: Fields | undefined): string | undefined {
  if (before === undefined) {
    return undefined;
  }
  if (after === undefined) {
    return 'is deleted with all its objects';
  }
  const left = versionsOf(after);
  const gone = versionsOf(before).filter((version) => !left.includes(version));
  if (gone.length > 0) {
    return `no longer has ${gone.join(', ')}: objects stored in it cannot be read any more`;
  }
  const storage = storageOf(after);
  return storage !== undefined && !versionsOf(before).includes(storage)
    ? `stores objects as ${storage}, which the former definition cannot read`
    : undefined;
}

function judgeClaim(before: Fields | undefined, after: Fields | undefined): string | undefined {
  if (before !== undefined && after === undefined) {
    return 'is deleted, and what it holds may be deleted with it';
  }
  const size = (object: Fields | undefined) => object && fieldAt(object, 'spec.resources.requests.storage');
  return before !== undefined && !isEqual(size(before), size(after))
    ? 'has another size; a volume grows, but never shrinks again'
    : undefined;
}

function judgeFixed(before: Fields | undefined, after: Fields | undefined): string | undefined {
  if (before === undefined || after === undefined || after['immutable'] !== true) {
    return undefined;
  }
  const content = ({ data, stringData, binaryData }: Fields) => ({ data, stringData, binaryData });
  return isEqual(content(before), content(after)) && before['immutable'] === true
    ? undefined
    : 'is made immutable; it can only be deleted and made anew';
}

/** Fields of `spec` that the API server does not let change. */
function immutable(names: readonly string[]): Judge {
  return (before, after) => {
    if (before === undefined || after === undefined) {
      return undefined;
    }
    const changed = names.filter((name) => {
      const [was, is] = [fieldAt(before, `spec.${name}`), fieldAt(after, `spec.${name}`)];
      return was !== undefined && is !== undefined && !isEqual(was, is);
    });
    return changed.length === 0
      ? undefined
      : `changes spec.${changed.join(', spec.')}, which cannot be changed in place`;
  };
}

function versionsOf(definition: Fields): readonly string[] {
  const versions = fieldAt(definition, 'spec.versions');
  return Array.isArray(versions) ? versions.filter(isFields).map((version) => textAt(version, 'name', '')) : [];
}

function storageOf(definition: Fields): string | undefined {
  const versions = fieldAt(definition, 'spec.versions');
  const stored = Array.isArray(versions)
    ? versions.filter(isFields).find(({ storage }) => storage === true)
    : undefined;
  return stored && textAt(stored, 'name', '');
}

function specOf(object: Fields | undefined): unknown {
  return object?.['spec'];
}

function isEqual(left: unknown, right: unknown): boolean {
  return canonicalJson(left) === canonicalJson(right);
}
