/** What applying an object came to. */
import type { OperationError } from '../../../core/errors.ts';
import type { InventoryEntry } from '../../../core/manifest/inventory.ts';
import type { ManifestObject } from '../../../core/manifest/manifest-object.ts';

/** What became of one object. */
export type ObjectResult =
  | {
      readonly kind: 'Created' | 'Configured' | 'Unchanged';
      readonly object: ManifestObject;
      readonly entry: InventoryEntry;
    }
  /** An annotation of the object says that it is to be left alone. */
  | { readonly kind: 'Ignored'; readonly object: ManifestObject }
  | { readonly kind: 'Failed'; readonly object: ManifestObject; readonly error: OperationError }
  /** An earlier stage failed. */
  | { readonly kind: 'NotTried'; readonly object: ManifestObject };
