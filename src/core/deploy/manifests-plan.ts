/** What an Update changes of an App that is made of manifests: one revision of all its objects for another. */

export interface ManifestsPlan {
  readonly kind: 'Manifests';
  /** Names the set of objects that is put in place: `sha256:` of them. */
  readonly revision: string;
  /** The set that going back puts in place; undefined where there was none. */
  readonly former?: string;
  /** Digests of the versions that the former set was made of. */
  readonly formerDigests: readonly string[];
  /** In the new set. */
  readonly objects: number;
  /** `+ ConfigMap demo/a`, `~ Deployment demo/web`, `- Job demo/old`; the first hundred. */
  readonly changes: readonly string[];
  readonly changeCount: number;
  /** What cannot be taken back, one sentence each; the first fifty. */
  readonly oneWays: readonly string[];
}

/** Why going back may not bring exactly what ran before; undefined where it does. */
export function doubtOfManifests({ oneWays, former }: ManifestsPlan): string | undefined {
  if (former === undefined) {
    return 'nothing was applied before, so there is nothing to go back to';
  }
  return oneWays.length === 0 ? undefined : oneWays.join('; ');
}
