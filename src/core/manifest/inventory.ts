/** What an App has put in the cluster, and in which state: the memory by which nothing is sent twice and nothing is left behind. */
import { identityKey, type ManifestObject, type ObjectIdentity } from './manifest-object.ts';
import { optOutsOf } from './opt-outs.ts';

export interface InventoryEntry extends ObjectIdentity {
  /** By which it is spoken to, e.g. `apps/v1`. */
  readonly apiVersion: string;
  /** Empty while it is not known whether it was made. */
  readonly uid: string;
  /** Of the manifest that was applied last; empty when that failed. */
  readonly desiredHash: string;
  /** Of our fields as the API server answered them (owned-fields.ts). */
  readonly ownedHash: string;
  /** Of that answer. */
  readonly resourceVersion: string;
  /** Of that answer; absent for kinds without. */
  readonly generation?: number;
  /** Of labels and annotations in that answer, which count in no generation; absent for kinds without one. */
  readonly metadataHash?: string;
  /** It stays in the cluster when it leaves the manifests. */
  readonly keep?: boolean;
  /** It has left the manifests, and could not be deleted yet. */
  readonly left?: boolean;
}

/** By `identityKey`. */
export type Inventory = ReadonlyMap<string, InventoryEntry>;

export function toInventory(entries: readonly InventoryEntry[]): Inventory {
  return new Map(entries.map((entry) => [identityKey(entry), entry]));
}

/** Entries of the inventory that the new set does not have: to be pruned, or to be forgotten where they are to stay. */
export function leftOver(
  inventory: Inventory,
  objects: readonly ManifestObject[],
): { readonly prune: readonly InventoryEntry[]; readonly keep: readonly InventoryEntry[] } {
  const wanted = new Set(objects.map(identityKey));
  const others = [...inventory].filter(([key]) => !wanted.has(key)).map(([, entry]) => entry);
  return {
    prune: others.filter((entry) => entry.keep !== true),
    keep: others.filter((entry) => entry.keep === true),
  };
}

/** Whether the annotations of the object ask for it to stay. */
export function isKept(object: ManifestObject): boolean {
  const { keep, ignore } = optOutsOf(object.object);
  return keep || ignore;
}
