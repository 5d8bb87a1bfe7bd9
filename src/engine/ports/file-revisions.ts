/** A tree of files that is replaced as a whole: a branch of git, or an artifact in a registry. */

export interface FileRevisions {
  /** For messages. */
  readonly place: string;
  /** As it stands now; one without files where there is nothing yet. @throws errors of git servers or registries */
  load(signal: AbortSignal): Promise<FileRevision>;
  /**
   * Whoever reads meanwhile gets all of the former files or all of the new ones.
   *
   * @param changes undefined takes a file away
   * @throws CHANNEL_CONFLICT where somebody else wrote since `base`; errors of git servers or registries
   */
  replace(base: FileRevision, changes: ReadonlyMap<string, Uint8Array | undefined>, signal: AbortSignal): Promise<void>;
}

export interface FileRevision {
  /** Names exactly this state; undefined: there is nothing yet. */
  readonly id: string | undefined;
  readonly paths: ReadonlySet<string>;
  /** Undefined: there is no such file. A larger one is an error. */
  read(path: string, maxBytes: number, signal: AbortSignal): Promise<Buffer | undefined>;
}
