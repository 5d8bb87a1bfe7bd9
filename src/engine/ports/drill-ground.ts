/** Namespaces of restore drills: made, filled, looked at, and taken away with all that belongs to them. */
import type { KeptVolume } from '../../core/checkpoint/checkpoint.ts';
import type { Fields } from '../../core/health/objects/fields.ts';

export interface GroundRequest {
  readonly namespace: string;
  /** Whose drill it is. */
  readonly app: { readonly namespace: string; readonly name: string };
  /** From when on anybody may take it away. */
  readonly expiresAt: Date;
}

export interface Ground extends GroundRequest {
  readonly uid: string;
}

/** Everything here is harmless to repeat, and may be killed at any line. */
export interface DrillGround {
  /**
   * The objects of a checkpoint.
   *
   * @returns undefined when the Secret is gone, or holds none
   * @throws OBJECT_INVALID when it cannot be read
   */
  readObjects(
    secret: { readonly namespace: string; readonly name: string },
    signal: AbortSignal,
  ): Promise<readonly Fields[] | undefined>;
  /**
   * Makes the namespace, as strict as that of the App and no less than the baseline of Pod Security, with its quotas and limits.
   *
   * @returns its uid
   * @throws UPDATE_CONFLICT when one of that name is not of this drill; API_FORBIDDEN
   */
  open(request: GroundRequest, signal: AbortSignal): Promise<string>;
  /**
   * A snapshot of the App's, as one of the same name in the namespace. Whatever becomes of that one, the App's stays.
   *
   * @throws VOLUME_UNUSABLE when it is gone or has no content
   */
  lend(ground: Ground, volume: KeptVolume, signal: AbortSignal): Promise<void>;
  /** Makes an object, unless it is there. @throws API_INVALID, API_REJECTED, API_FORBIDDEN */
  put(object: Fields, signal: AbortSignal): Promise<void>;
  /** The object as it stands now; undefined when it is not there. */
  look(object: Fields, signal: AbortSignal): Promise<Fields | undefined>;
  /**
   * Takes away the namespace and what was made for it outside of it: volumes and contents of snapshots. Never one that is not of a drill.
   *
   * @returns whether nothing of it was there any more
   */
  remove(namespace: string, signal: AbortSignal): Promise<boolean>;
  /** Those that there are, of all Apps. */
  list(signal: AbortSignal): Promise<readonly Ground[]>;
}
