/** Fulfils the engine's LiveObjects with the Kubernetes API. */
import { isOperationError, OperationError } from '../../core/errors.ts';
import { findField } from '../../core/object-path.ts';
import type {
  FieldSetting,
  LiveObject,
  LiveObjects,
  ObjectReference,
  ObjectWatcher,
} from '../../engine/ports/live-objects.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { Discovery } from '../../kube/discovery.ts';
import type { KubeObject, ResourceType } from '../../kube/objects.ts';
import { fieldManager } from './kinds.ts';
import { clientOf, ObjectWatches } from './object-watches.ts';

export interface LiveObjectsOptions {
  readonly client: KubeClient;
  readonly discovery: Discovery;
  readonly onChange: (watcher: ObjectWatcher) => void;
  readonly onError: (error: OperationError) => void;
  /** Ends all watches. */
  readonly signal: AbortSignal;
}

export function createLiveObjects(options: LiveObjectsOptions): LiveObjects {
  const { client, discovery } = options;
  const watches = new ObjectWatches(options);

  async function typeOf(reference: ObjectReference, signal: AbortSignal): Promise<ResourceType> {
    const type = await discovery.resourceType(reference.apiVersion, reference.kind, signal);
    if (!type.namespaced) {
      throw new OperationError(
        `read ${describe(reference)}: it is of the whole cluster, and an App keeps to its namespace`,
        {
          code: 'API_NOT_FOUND',
          retry: 'backoff',
        },
      );
    }
    return type;
  }

  async function read(reference: ObjectReference, signal: AbortSignal): Promise<LiveObject | undefined> {
    const object = await clientOf(client, reference).find(await typeOf(reference, signal), reference, { signal });
    return object && toLive(reference, object);
  }

  return {
    async watch(watcher, references, signal) {
      const typed: { reference: ObjectReference; type: ResourceType }[] = [];
      for (const reference of references) {
        typed.push({ reference, type: await typeOf(reference, signal) });
      }
      const found = await watches.follow(watcher, typed, signal);
      return typed.map(({ reference }, index) => {
        const object = found[index];
        return object && toLive(reference, object);
      });
    },
    unwatch: (watcher) => watches.drop(watcher),
    read,
    /** JSON patch whose tests make it conditional, ADR 0004. */
    async setFields(object, settings, signal, { dryRun = false } = {}) {
      const body = patchOf(object, settings);
      const patch = { kind: 'json', body } as const;
      try {
        const type = await typeOf(object, signal);
        const acting = clientOf(client, object);
        return toLive(object, await acting.patch<KubeObject>(type, object, patch, { fieldManager, dryRun, signal }));
      } catch (error) {
        throw await explainRefusal(error, { object, settings, now: () => read(object, signal) });
      }
    },
  };
}

/** The uid is tested too: the next object of the same name is another one. */
function patchOf(object: LiveObject, settings: readonly FieldSetting[]): object[] {
  const operations = settings.flatMap((setting) => operationsOf(object, setting));
  return [{ op: 'test', path: '/metadata/uid', value: object.uid }, ...operations];
}

function operationsOf(object: LiveObject, { path, expected, value }: FieldSetting): object[] {
  const found = findField(object.fields, path);
  if (found.kind === 'Missing') {
    throw conflict(object, found.reason);
  }
  const { pointer } = found;
  if (found.kind === 'Absent') {
    // Nothing in a patch can test that a field is not there, so the whole object has to be as it was.
    const unchanged = { op: 'test', path: '/metadata/resourceVersion', value: object.resourceVersion };
    return value === undefined ? [] : [unchanged, { op: 'add', path: pointer, value }];
  }
  const test = { op: 'test', path: pointer, value: expected };
  return value === undefined
    ? [test, { op: 'remove', path: pointer }]
    : [test, { op: 'replace', path: pointer, value }];
}

interface Refused {
  readonly object: LiveObject;
  readonly settings: readonly FieldSetting[];
  readonly now: () => Promise<LiveObject | undefined>;
}

/** A refused patch is a conflict when the object moved on, and the API server's own refusal when it did not. */
async function explainRefusal(error: unknown, { object, settings, now }: Refused): Promise<unknown> {
  if (!isOperationError(error) || !['API_INVALID', 'API_NOT_FOUND', 'API_CONFLICT'].includes(error.code)) {
    return error;
  }
  const present = await now();
  const holds = present?.uid === object.uid && settings.every((setting) => isAsExpected(present, setting));
  const isSame = present?.resourceVersion === object.resourceVersion;
  const testsWhole = settings.some(({ expected }) => expected === undefined);
  return holds && (isSame || !testsWhole) ? error : conflict(object, 'somebody else changed it', error);
}

function isAsExpected({ fields }: LiveObject, { path, expected }: FieldSetting): boolean {
  const found = findField(fields, path);
  return found.kind === 'Found' ? found.value === expected : found.kind === 'Absent' && expected === undefined;
}

function conflict(object: ObjectReference, what: string, cause?: unknown): OperationError {
  return new OperationError(`set fields of ${describe(object)}: ${what} meanwhile`, {
    code: 'UPDATE_CONFLICT',
    retry: 'backoff',
    cause,
  });
}

function toLive(reference: ObjectReference, object: KubeObject): LiveObject {
  const { apiVersion, kind, namespace, name, serviceAccount } = reference;
  const { uid = '', resourceVersion = '', deletionTimestamp } = object.metadata;
  return {
    ...{ apiVersion, kind, namespace, name, serviceAccount },
    ...{ uid, resourceVersion, deleting: deletionTimestamp !== undefined },
    fields: { ...object, apiVersion, kind },
  };
}

function describe({ kind, namespace, name }: ObjectReference): string {
  return `${kind} ${namespace}/${name}`;
}
