/** What was found of changes that others made to releases, kept from one look to the next. */
import type { Fields } from '../../../core/health/objects/fields.ts';
import type { StoredRelease } from '../../../core/helm/stored-release.ts';
import type { ObjectAddress } from '../../ports/cluster-objects.ts';

/** Of one App. */
export interface DriftKnowledge {
  readonly opened: StoredRelease;
  readonly objects: ReadonlyMap<string, ObjectAddress & { readonly object: Fields }>;
  readonly addresses: readonly ObjectAddress[];
  /** State in which each object was compared last. */
  readonly compared: Map<string, string>;
  /** A sentence for each object that is not as it should be. */
  readonly drifted: Map<string, string>;
}

/** By `namespace/name` of the App. */
export type DriftMemory = Map<string, DriftKnowledge>;
