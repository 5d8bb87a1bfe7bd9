/** What is remembered in the cluster of an App that is made of manifests: its inventory, and the sets of objects it can go back to. */
import type { AppRecord, Revision } from '../../core/manifest/app-record.ts';

export interface AppName {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

export interface AppObjects {
  /** Undefined where nothing was applied yet. Asks the API server once for each App. */
  readRecord(app: AppName, signal: AbortSignal): Promise<AppRecord | undefined>;
  /** @throws API_INVALID when there is more than the cluster can keep */
  writeRecord(app: AppName, record: AppRecord, signal: AbortSignal): Promise<void>;
  /** Remembers in memory alone that objects were found as they should be in a newer state. */
  noteSeen(app: AppName, record: AppRecord): void;
  /** Undefined where it is not kept any more. */
  readRevision(app: AppName, id: string, signal: AbortSignal): Promise<Revision | undefined>;
  /** Harmless to repeat. @returns its id, which follows from its content */
  writeRevision(app: AppName, revision: Revision, signal: AbortSignal): Promise<string>;
  /** Deletes the revisions that are not among these. */
  keepRevisions(app: AppName, ids: readonly string[], signal: AbortSignal): Promise<void>;
  /** age keys of a Secret: its values under keys that end in `.agekey`. @throws SECRET_NOT_FOUND, SECRET_INVALID */
  readAgeKeys(app: AppName, secret: string, signal: AbortSignal): Promise<string>;
  /** Lets go of what is remembered in memory. */
  forget(app: { readonly namespace: string; readonly name: string }): void;
}
