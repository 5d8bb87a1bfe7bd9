/** A version of a source; the digest is undefined where it could not be found out. */
export interface Version {
  readonly tag: string | undefined;
  readonly digest: string | undefined;
}

/**
 * Source of a change that no version brings: what `spec.deploy` asks for besides versions. Its digest is that of the content,
 * so that it can be rejected like any version. No source of an App can be named so.
 */
export const specSource = '.spec';

/** One source of the App and where it moves. */
export interface VersionChange {
  readonly source: string;
  /** Repository as the App writes it. */
  readonly repository: string;
  readonly from: Version;
  readonly to: Version;
}
