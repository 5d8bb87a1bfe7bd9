/** What an Update changes of objects of any kind: one field each. */
export interface PatchPlan {
  readonly kind: 'Patch';
  /** With whose rights; Headgate's own when undefined. */
  readonly serviceAccount?: string;
  readonly fields: readonly FieldChange[];
}

/** One field of one object: what stood there, what is set, and what going back sets. */
export interface FieldChange {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  /** As core/field-path.ts reads it. */
  readonly path: string;
  readonly source: string;
  /** Undefined where there was no such field. */
  readonly before?: string;
  readonly after: string;
  /**
   * What a rollback sets; undefined takes the field away. Usually `before`; and what the superseded Update would have set where
   * this one supersedes another, because a version that never proved itself is nothing to go back to.
   */
  readonly restore?: string;
  /** Digest of the version that `restore` stands for, where it is known. */
  readonly restoreDigest?: string;
}

/** Digests that going back would bring, where known. */
export function broughtBackByPatch({ fields }: PatchPlan): readonly string[] {
  return fields
    .filter((field) => field.restore !== field.after)
    .map((field) => field.restoreDigest)
    .filter((digest) => digest !== undefined);
}
