/** What is remembered of an App that is made of manifests. */
import type { Fields } from '../health/objects/fields.ts';
import type { InventoryEntry } from './inventory.ts';

/** Which version of which source. */
export interface SourceVersion {
  readonly source: string;
  readonly tag?: string;
  readonly digest?: string;
}

/** What stands in the cluster. */
export interface AppRecord {
  /** Revision that was applied last, or is being applied. */
  readonly revision: string;
  readonly versions: readonly SourceVersion[];
  /** Of what `spec.deploy.manifests` asked for then. */
  readonly settings: string;
  readonly inventory: readonly InventoryEntry[];
  /** In whose name it was applied. */
  readonly serviceAccount?: string;
}

/** A whole set of objects, as it was applied or is to be. */
export interface Revision {
  readonly objects: readonly Fields[];
  /** The file that each was read from, in the same order; absent where that is not known. */
  readonly files?: readonly string[];
  readonly versions: readonly SourceVersion[];
  readonly settings: string;
}
