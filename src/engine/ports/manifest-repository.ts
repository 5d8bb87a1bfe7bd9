/** A folder with manifests on this machine, with its history where it has one. */
import type { ReadObject } from '../../core/manifest/desired-set.ts';

export interface ManifestRepository {
  /** Hash of the commit that is checked out; undefined for a folder without history. */
  headCommit(signal: AbortSignal): Promise<string | undefined>;
  /** What the commit says and which files it touches, for people. */
  commitLog(commit: string, signal: AbortSignal): Promise<string>;
  /** Tracked files below the folder, relative to it; without history all files. */
  listFiles(signal: AbortSignal): Promise<readonly string[]>;
  /** Files that differ between two commits, relative to the folder; undefined when the first is not known any more. */
  changedFiles(from: string, to: string, signal: AbortSignal): Promise<readonly string[] | undefined>;
  /**
   * The objects in a file.
   *
   * @throws OBJECT_INVALID with document and line, FILE_UNUSABLE when it is gone, is too large, or leads out of the folder
   */
  readObjects(path: string, signal: AbortSignal): Promise<readonly ReadObject[]>;
  /** Lines of a list of files; throws FILE_UNUSABLE. */
  readText(path: string, signal: AbortSignal): Promise<string>;
}
