/** Objects of any kind in the cluster, as the deploy kind `manifests` and `headgate apply` put them there. */

import type { Fields } from '../../core/health/objects/fields.ts';
import type { Scope } from '../../core/manifest/desired-set.ts';
import type { ObjectIdentity } from '../../core/manifest/manifest-object.ts';

/** A kind as a manifest writes it. */
export interface KindName {
  readonly apiVersion: string;
  readonly kind: string;
}

/** Enough to speak to the API server about one object. */
export type ObjectAddress = ObjectIdentity & KindName;

export interface ApplyOptions {
  /** Take fields that another manager owns. */
  readonly force: boolean;
  /** Only ask what would come of it. */
  readonly dryRun?: boolean;
}

export interface AppliedObject {
  /** As the API server has it now. */
  readonly live: Fields;
  readonly created: boolean;
}

/** `Gone`: there was none. `Replaced`: one of that name is there, but it is not the one that was meant. */
export type DeletionResult = 'Deleted' | 'Gone' | 'Replaced';

export interface ClusterObjects {
  /** Scopes of kinds; asks the API server only for kinds that it was not asked about before. */
  scopesOf(kinds: readonly KindName[], signal: AbortSignal): Promise<(apiVersion: string, kind: string) => Scope>;
  /** Returns when the API server serves all of these kinds, or after 15 s at the latest: then the next call says what is missing. */
  awaitKinds(kinds: readonly KindName[], signal: AbortSignal): Promise<void>;
  /**
   * Server-side apply under Headgate's one field manager; unknown fields are refused.
   *
   * @throws API_CONFLICT (`context.reason` FieldManagerConflict) naming the other manager, API_INVALID, API_REJECTED,
   *   API_FORBIDDEN, API_NOT_FOUND for a namespace or kind that is not there
   */
  apply(
    object: ObjectAddress & { readonly object: Fields },
    options: ApplyOptions,
    signal: AbortSignal,
  ): Promise<AppliedObject>;
  /** Straight from the API server; undefined when there is none. */
  read(address: ObjectAddress, signal: AbortSignal): Promise<Fields | undefined>;
  /** Replaces `metadata.managedFields`. @throws API_INVALID, API_CONFLICT when the object changed since it was read */
  writeManagers(address: ObjectAddress, live: Fields, managers: readonly unknown[], signal: AbortSignal): Promise<void>;
  /**
   * @param uid precondition
   * @throws API_FORBIDDEN, API_REJECTED
   */
  delete(address: ObjectAddress, uid: string, signal: AbortSignal): Promise<DeletionResult>;
}

/** The same as Headgate itself, or as a ServiceAccount that Headgate acts for. */
export interface ObjectAccess {
  /** @param serviceAccount Headgate's own rights when undefined */
  actingAs(serviceAccount: { readonly namespace: string; readonly name: string } | undefined): ClusterObjects;
}
