/** The objects of inventories as a watch shows them: enough to see that one is well, or that somebody changed it. */
import type { HealthCheck } from '../../core/health/objects/health-checks.ts';
import type { ObjectHealth } from '../../core/health/objects/object-health.ts';
import type { ObjectAddress } from './cluster-objects.ts';

export interface SeenObject {
  readonly uid: string;
  readonly resourceVersion: string;
  /** 0 for kinds without. */
  readonly generation: number;
  /** Of labels and annotations. */
  readonly metadataHash: string;
  readonly health: ObjectHealth;
}

export interface WatchedObjects {
  /** Said before the App writes these objects, so that no other App that has them too takes the write for drift. */
  claim(app: { readonly namespace: string; readonly name: string }, objects: readonly ObjectAddress[]): void;
  /**
   * Watches the kinds of these objects, for the App, from now on; one watch serves all Apps. Resolves when all of it was seen
   * once, or after 10 s at the latest.
   *
   * @param checks the App's own for some kinds; where they are left out, those of the last call stay
   */
  watch(
    app: { readonly namespace: string; readonly name: string },
    objects: readonly ObjectAddress[],
    signal: AbortSignal,
    checks?: readonly HealthCheck[],
  ): Promise<void>;
  unwatch(app: { readonly namespace: string; readonly name: string }): void;
  /** Of the Apps that have the object in their inventory, the one that came last; `namespace/name`. */
  ownerOf(object: ObjectAddress): string | undefined;
  /** `Unseen`: its watch has no answer yet, or no right to be there. `Absent`: there is no such object. */
  find(object: ObjectAddress): SeenObject | 'Absent' | 'Unseen';
}
