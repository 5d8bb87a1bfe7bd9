/** A decoded, watched copy of all objects of one kind, over one or several namespaces. */
import { isOperationError, type OperationError } from '../../core/errors.ts';
import type { KubeClient } from '../../kube/client.ts';
import { type Informer, startInformer } from '../../kube/informer.ts';
import { type KubeObject, keyOf, type ResourceType } from '../../kube/objects.ts';

/** What the store holds: enough metadata to be found by, and the decoded value. */
interface Held<T> extends KubeObject {
  /** Undefined when the object does not decode; then `problem` says why. */
  readonly value?: T;
  readonly problem?: OperationError;
}

export interface WatchedOptions<T> {
  readonly client: KubeClient;
  readonly type: ResourceType;
  /** Empty: all namespaces. */
  readonly namespaces: readonly string[];
  readonly decode: (object: KubeObject) => T;
  /** Further index besides the namespace, for example the App an Update belongs to. */
  readonly indexBy?: (value: T) => readonly string[];
  readonly onChange: (change: {
    readonly key: string;
    readonly value: T | undefined;
    readonly previous: T | undefined;
    /** Empty where the server gave none. */
    readonly resourceVersion: string;
  }) => void;
  readonly onError: (error: OperationError) => void;
  /** Told of each state of an object that does not decode; it is left out until it does. */
  readonly onProblem: (problem: OperationError) => void;
  readonly signal: AbortSignal;
}

export interface Watched<T> {
  find(namespace: string, name: string): T | undefined;
  list(namespace: string): readonly T[];
  listAll(): readonly T[];
  listBy(index: string): readonly T[];
  readonly synced: Promise<void>;
  readonly informers: readonly Informer<KubeObject>[];
}

/** Starts watching; ends with the signal. */
export function watch<T>(options: WatchedOptions<T>): Watched<T> {
  const scopes = options.namespaces.length === 0 ? [undefined] : options.namespaces;
  const informers = scopes.map((namespace) => start(options, namespace));
  const valuesOf = (objects: readonly Held<T>[]) =>
    objects.flatMap(({ value }) => (value === undefined ? [] : [value]));
  const get = (namespace: string, name: string) => {
    const key = keyOf({ metadata: { namespace, name } });
    return informers.map((informer) => informer.store.get(key)).find((object) => object !== undefined);
  };
  const synced = Promise.all(informers.map((informer) => informer.synced)).then(() => undefined);
  // Rejects when all is stopped before; that must not end the process of somebody who does not wait for it.
  synced.catch(() => undefined);
  return {
    find: (namespace, name) => get(namespace, name)?.value,
    list: (namespace) => valuesOf(informers.flatMap((informer) => informer.store.byIndex('namespace', namespace))),
    listAll: () => valuesOf(informers.flatMap((informer) => informer.store.list())),
    listBy: (index) => valuesOf(informers.flatMap((informer) => informer.store.byIndex('own', index))),
    synced,
    informers,
  };
}

function start<T>(options: WatchedOptions<T>, namespace: string | undefined): Informer<Held<T>> {
  const { client, type, decode, indexBy, onChange, onError, onProblem, signal } = options;
  return startInformer<Held<T>>({
    client,
    type,
    ...(namespace === undefined ? {} : { namespace }),
    transform: (object) => hold(object, decode),
    indexers: {
      namespace: (object) => [object.metadata.namespace ?? ''],
      own: (object) => (object.value === undefined || !indexBy ? [] : indexBy(object.value)),
    },
    onChange: (object, previous, kind) => {
      const isGone = kind === 'deleted';
      if (object.problem && !isGone) {
        onProblem(object.problem);
      }
      onChange({
        key: keyOf(object),
        value: isGone ? undefined : object.value,
        previous: isGone ? object.value : previous?.value,
        resourceVersion: object.metadata.resourceVersion ?? '',
      });
    },
    onError,
    signal,
  });
}

function hold<T>(object: Held<T>, decode: (object: KubeObject) => T): Held<T> {
  const { name, namespace, uid, resourceVersion } = object.metadata;
  const metadata = {
    name,
    ...(namespace === undefined ? {} : { namespace }),
    ...(uid === undefined ? {} : { uid }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
  };
  const base = { apiVersion: object.apiVersion, kind: object.kind, metadata };
  try {
    return { ...base, value: decode(object) };
  } catch (error) {
    if (isOperationError(error, 'OBJECT_INVALID')) {
      return { ...base, problem: error };
    }
    throw error;
  }
}
