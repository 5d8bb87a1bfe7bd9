/** What the engine needs of objects of any kind. */
import type { FieldPath } from '../../core/field-path.ts';
import type { Fields } from '../../core/health/objects/fields.ts';

export interface ObjectReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  /** ServiceAccount of the namespace with whose rights it is read and set; Headgate's own when undefined. */
  readonly serviceAccount?: string | undefined;
}

export interface LiveObject extends ObjectReference {
  readonly uid: string;
  readonly resourceVersion: string;
  readonly deleting: boolean;
  /** The whole object but managedFields. */
  readonly fields: Fields;
}

/** One field to set, under the condition that it still holds what the decision was made on. */
export interface FieldSetting {
  readonly path: FieldPath;
  /** Undefined: the field is not there. */
  readonly expected: string | undefined;
  /** Undefined: take it away. */
  readonly value: string | undefined;
}

/** Who is woken by a change of what it watches. */
export interface ObjectWatcher {
  readonly of: 'App' | 'Update';
  /** `namespace/name` */
  readonly key: string;
}

export interface LiveObjects {
  /**
   * From watched copies; those are watched from now on, and nothing else for this watcher. Undefined where there is no such object.
   *
   * @throws API_NOT_FOUND when there is no such kind, API_FORBIDDEN when it may not be read and watched
   */
  watch(
    watcher: ObjectWatcher,
    references: readonly ObjectReference[],
    signal: AbortSignal,
  ): Promise<readonly (LiveObject | undefined)[]>;
  unwatch(watcher: ObjectWatcher): void;
  /** Straight from the API server; undefined when there is none. */
  read(reference: ObjectReference, signal: AbortSignal): Promise<LiveObject | undefined>;
  /**
   * Sets fields and nothing else; with `dryRun` it only asks what would come of it.
   *
   * @throws UPDATE_CONFLICT when a field no longer holds what is expected, or the object was made anew; API_INVALID, API_REJECTED
   *   or API_FORBIDDEN when the API server refuses the change
   */
  setFields(
    object: LiveObject,
    settings: readonly FieldSetting[],
    signal: AbortSignal,
    options?: { readonly dryRun?: boolean },
  ): Promise<LiveObject>;
}
