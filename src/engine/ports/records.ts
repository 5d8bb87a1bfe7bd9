/** Where the engine keeps Headgate's own objects. */
import type { Rejection } from '../../core/app/rejection.ts';
import type { Journal } from '../../core/update/journal.ts';
import type { AdoptedApp } from '../../resources/app/adopted-app.ts';
import type { AppObjectWire } from '../../resources/app/decode-app.ts';
import type { UpdateObjectWire } from '../../resources/update/decode-update.ts';
import type { RejectionSpecWire } from '../../resources/update/rejection.ts';
import type { UpdateSpecWire } from '../../resources/update/update.ts';

/** Headgate's own objects, straight from and to the API server. */
export interface DirectRecords {
  /** @param namespace all namespaces when undefined */
  readApps(namespace: string | undefined, signal: AbortSignal): Promise<readonly AppObjectWire[]>;
  readApp(namespace: string, name: string, signal: AbortSignal): Promise<AppObjectWire | undefined>;
  /** Puts Headgate's finalizer on an App, or takes it away. @throws API_CONFLICT when somebody else wrote it since it was read */
  setFinalizer(app: AppObjectWire, present: boolean, signal: AbortSignal): Promise<void>;
  /** @throws API_CONFLICT when somebody else wrote it since it was read */
  writeAppStatus(
    app: AppObjectWire,
    status: NonNullable<AppObjectWire['status']>,
    signal: AbortSignal,
  ): Promise<AppObjectWire>;

  /**
   * Makes the App of a workload, or brings it to what is wanted.
   *
   * @param existing as it was when that was decided; undefined: there was none
   * @throws API_CONFLICT when somebody else wrote or made it meanwhile
   */
  applyApp(app: AdoptedApp, existing: AppObjectWire | undefined, signal: AbortSignal): Promise<void>;
  /** This very object; harmless to repeat. */
  deleteApp(app: AppObjectWire, signal: AbortSignal): Promise<void>;
  /**
   * Sets annotations; null removes one.
   *
   * @throws API_NOT_FOUND, API_FORBIDDEN
   */
  annotateApp(
    app: { readonly namespace: string; readonly name: string },
    annotations: Readonly<Record<string, string | null>>,
    signal: AbortSignal,
  ): Promise<void>;

  /**
   * Updates, newest first within an App.
   *
   * @param of all namespaces, or all Apps, where a part is undefined
   */
  readUpdates(
    of: { readonly namespace: string | undefined; readonly app?: string },
    signal: AbortSignal,
  ): Promise<readonly UpdateObjectWire[]>;
  readUpdate(namespace: string, name: string, signal: AbortSignal): Promise<UpdateObjectWire | undefined>;
  /** @throws API_CONFLICT when one with this sequence number is there already */
  createUpdate(app: AppObjectWire, spec: UpdateSpecWire, signal: AbortSignal): Promise<UpdateObjectWire>;
  /** @throws API_CONFLICT when somebody else wrote it since it was read */
  writeJournal(update: UpdateObjectWire, journal: Journal, signal: AbortSignal): Promise<UpdateObjectWire>;
  /** Sets annotations; null removes one. @throws API_NOT_FOUND, API_FORBIDDEN */
  annotateUpdate(
    update: { readonly namespace: string; readonly name: string },
    annotations: Readonly<Record<string, string | null>>,
    signal: AbortSignal,
  ): Promise<void>;
  /** Harmless to repeat. */
  deleteUpdate(update: UpdateObjectWire, signal: AbortSignal): Promise<void>;

  readRejections(namespace: string | undefined, signal: AbortSignal): Promise<readonly Rejection[]>;
  /** The version may be taken again. Harmless to repeat. */
  liftRejection(namespace: string, name: string, signal: AbortSignal): Promise<void>;
  /** Harmless to repeat: the name follows from App and digest. */
  reject(namespace: string, rejection: RejectionSpecWire, signal: AbortSignal): Promise<void>;
}

/** The same with watched copies, which cost nothing to ask and may be a moment old. */
export interface Records extends DirectRecords {
  listApps(namespace: string): readonly AppObjectWire[];
  /** Apps that may look after one of these workloads. */
  listAppsOn(namespace: string, workloads: readonly string[]): readonly AppObjectWire[];
  /** Apps of any namespace that write into a git repository. */
  listAppsWriting(url: string): readonly AppObjectWire[];
  /** Apps of the namespace that say themselves whom to tell. */
  listAppsNotifying(namespace: string): readonly AppObjectWire[];
  findApp(namespace: string, name: string): AppObjectWire | undefined;
  /** Newest first. */
  listUpdates(namespace: string, app: string): readonly UpdateObjectWire[];
  /** Those of all namespaces looked after that have not ended. */
  listOpenUpdates(): readonly UpdateObjectWire[];
  findUpdate(namespace: string, name: string): UpdateObjectWire | undefined;
  listRejections(namespace: string): readonly Rejection[];
}
