/**
 * Puts a set of objects into the cluster: stage by stage, within a stage several at once, and only those that differ from what
 * was applied last. Knows no App: objects in, one result for each out.
 */
import { isOperationError, OperationError } from '../../../core/errors.ts';
import { type Fields, fieldAt, isFields, textAt } from '../../../core/health/objects/fields.ts';
import { contentHash } from '../../../core/manifest/canonical.ts';
import type { Inventory } from '../../../core/manifest/inventory.ts';
import { describeObject, groupOf, identityKey, type ManifestObject } from '../../../core/manifest/manifest-object.ts';
import { optOutsOf } from '../../../core/manifest/opt-outs.ts';
import { inApplyOrder } from '../../../core/manifest/stages.ts';
import type { ClusterObjects, KindName } from '../../ports/cluster-objects.ts';
import { eachOf } from '../each-of.ts';
import { applyOne } from './apply-one.ts';
import type { ObjectResult } from './object-result.ts';

export interface ApplyRequest {
  readonly objects: readonly ManifestObject[];
  /** What was applied before; an object whose hash is there is not sent again. */
  readonly inventory: Inventory;
  /** `Force`: fields that others own are taken; `Fail`: an object with such fields is left as it is, and the owner is named. */
  readonly conflicts: 'Fail' | 'Force';
  /** Keys of objects that are sent although nothing of theirs has changed here, e.g. because somebody changed them there. */
  readonly again?: ReadonlySet<string>;
  /** Whether the stages after one with a failure are still tried. */
  readonly goOn?: boolean;
  /** Told of each object as it is done. */
  readonly onResult?: (result: ObjectResult) => void;
}

/** Requests under way at once; as many as the client has connections. */
const mostAtOnce = 8;

/**
 * Applies the objects. What the API server refuses is a result, not an error.
 *
 * @throws only what is not about one object: the signal's reason, broken invariants
 */
export async function applyObjects(
  cluster: ClusterObjects,
  request: ApplyRequest,
  signal: AbortSignal,
): Promise<readonly ObjectResult[]> {
  const results: ObjectResult[] = [];
  const report = (result: ObjectResult) => {
    results.push(result);
    request.onResult?.(result);
  };
  let failed = false;
  for (const stage of inApplyOrder(request.objects)) {
    if (failed && request.goOn !== true) {
      for (const object of stage) {
        report({ kind: 'NotTried', object });
      }
      continue;
    }
    const changed = stage.filter((object) => {
      const known = settled(request, object);
      if (known) {
        report(known);
      }
      return known === undefined;
    });
    const done = await eachOf(changed, mostAtOnce, (object) => applyOrFail(cluster, request, object, signal));
    for (const result of done) {
      report(result);
      failed ||= result.kind === 'Failed';
    }
    await settleDefinitions(cluster, done, signal);
  }
  return results;
}

/** The result of an object for which nothing need be asked. */
function settled(request: ApplyRequest, object: ManifestObject): ObjectResult | undefined {
  if (optOutsOf(object.object).ignore) {
    return { kind: 'Ignored', object };
  }
  const key = identityKey(object);
  const entry = request.inventory.get(key);
  const isKnown = entry !== undefined && entry.desiredHash !== '' && entry.uid !== '';
  return isKnown && entry.desiredHash === contentHash(object.object) && request.again?.has(key) !== true
    ? { kind: 'Unchanged', object, entry }
    : undefined;
}

async function applyOrFail(
  cluster: ClusterObjects,
  request: ApplyRequest,
  object: ManifestObject,
  signal: AbortSignal,
): Promise<ObjectResult> {
  const entry = request.inventory.get(identityKey(object));
  try {
    const force = request.conflicts === 'Force' || (entry !== undefined && entry.uid !== '');
    return await applyOne(cluster, { object, entry, force }, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (!isOperationError(error) || error.code === 'INVARIANT') {
      throw error;
    }
    return { kind: 'Failed', object, error: withPlace(error, object) };
  }
}

/** Says which file the object stands in, because that is where it is mended. */
function withPlace(error: OperationError, object: ManifestObject): OperationError {
  const { place } = object;
  if (place === undefined) {
    return error;
  }
  const message = error.message.includes(place.file)
    ? error.message
    : `${error.message} (${place.file}, document ${place.document})`;
  const { code, retry, retryAfterMs, context } = error;
  return new OperationError(message, {
    code,
    retry,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    context: { ...context, object: describeObject(object), file: place.file },
    cause: error,
  });
}

/** Objects of a kind can be applied once its definition is served. */
async function settleDefinitions(
  cluster: ClusterObjects,
  results: readonly ObjectResult[],
  signal: AbortSignal,
): Promise<void> {
  const kinds = results.flatMap((result) =>
    result.kind === 'Created' || result.kind === 'Configured' ? kindsDefinedBy(result.object) : [],
  );
  if (kinds.length > 0) {
    await cluster.awaitKinds(kinds, signal);
  }
}

function kindsDefinedBy({ apiVersion, kind, object }: ManifestObject): readonly KindName[] {
  if (kind !== 'CustomResourceDefinition' || groupOf(apiVersion) !== 'apiextensions.k8s.io') {
    return [];
  }
  const versions = fieldAt(object, 'spec.versions');
  const served: readonly Fields[] = Array.isArray(versions) ? versions.filter(isFields) : [];
  return served
    .filter((version) => version['served'] === true)
    .map((version) => ({
      apiVersion: `${textAt(object, 'spec.group', '')}/${textAt(version, 'name', '')}`,
      kind: textAt(object, 'spec.names.kind', ''),
    }));
}
