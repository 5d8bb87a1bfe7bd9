/**
 * What the engine needs from the outside world. Adapters fulfil these; the engine knows no library.
 */
import type { ImageSource } from '../core/app/app.ts';
import type { Rejection } from '../core/app/rejection.ts';
import type { Repository } from '../core/image/reference.ts';
import type { Journal } from '../core/update/journal.ts';
import type { Pod, Workload, WorkloadReference } from '../core/workload/workload.ts';
import type { AppObjectWire } from '../resources/decode-app.ts';
import type { UpdateObjectWire } from '../resources/decode-update.ts';
import type { RejectionSpecWire } from '../resources/rejection.ts';
import type { UpdateSpecWire } from '../resources/update.ts';

/** How to reach one registry; made from the App's source and the Secrets it names. */
export interface RegistryAccess {
  /** Plain http. Only when the App says so. */
  readonly insecure: boolean;
  /** PEM certificates trusted besides the system's. */
  readonly caBundle?: string;
  readonly credentials?: RegistryCredentials;
}

export interface RegistryCredentials {
  readonly username: string;
  readonly password: string;
}

/** One platform of an image; `digest` is that of the platform's own manifest. */
export interface ImagePlatform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
  readonly digest: string;
}

/** What a reference stands for right now. */
export interface ResolvedImage {
  /** Digest of the index, or of the manifest where there is no index: what a kubelet pulls by. */
  readonly digest: string;
  readonly platforms: readonly ImagePlatform[];
}

export interface Registry {
  /**
   * The complete list of tags. Throws rather than answering with a part of it, because a partial list
   * must never lead to a downgrade (fluxcd/flux2#4984).
   */
  listTags(repository: Repository, access: RegistryAccess, signal: AbortSignal): Promise<readonly string[]>;
  /** Digest behind a tag, by HEAD; undefined when the registry has no such tag. */
  findDigest(
    repository: Repository,
    tag: string,
    access: RegistryAccess,
    signal: AbortSignal,
  ): Promise<string | undefined>;
  /** Index and platforms behind a tag or digest; undefined when the registry has none. */
  findImage(
    repository: Repository,
    tagOrDigest: string,
    access: RegistryAccess,
    signal: AbortSignal,
  ): Promise<ResolvedImage | undefined>;
}

/** Injected so that time can be replayed in tests. */
export interface Clock {
  now(): Date;
}

/** Access to the registry of a source; reads the Secrets it names once and again after `forget`. */
export interface RegistryAccesses {
  /** @throws SECRET_NOT_FOUND, SECRET_INVALID; `context.field` names the field of the source's image: `secretRef` or `certSecretRef` */
  accessFor(namespace: string, source: ImageSource, signal: AbortSignal): Promise<RegistryAccess>;
  /** What `accessFor` gave did not do; the Secret may have been renewed since it was read. */
  forget(namespace: string, source: ImageSource): void;
}

/** One container to set, under the condition that it still has the image that the decision was made on. */
export interface ImageSetting {
  readonly container: string;
  readonly init: boolean;
  readonly expected: string;
  readonly image: string;
}

/** The workloads of the cluster. `find` and `list` answer from a watched copy and cost nothing. */
export interface Workloads {
  list(namespace: string): readonly Workload[];
  find(reference: WorkloadReference): Workload | undefined;
  /** Straight from the API server; undefined when there is none. */
  read(reference: WorkloadReference, signal: AbortSignal): Promise<Workload | undefined>;
  /**
   * Sets images and nothing else.
   *
   * @throws UPDATE_CONFLICT when a container no longer has the expected image, API_INVALID, API_REJECTED or
   *   API_FORBIDDEN when the API server refuses the change
   */
  setImages(workload: Workload, settings: readonly ImageSetting[], signal: AbortSignal): Promise<Workload>;
  /** Its pods, straight from the API server. */
  readPods(workload: Workload, signal: AbortSignal): Promise<readonly Pod[]>;
  /** Its pods from a watch that is kept open for `watcher` until `unwatchPods`. */
  watchPods(watcher: string, workload: Workload, signal: AbortSignal): Promise<readonly Pod[]>;
  unwatchPods(watcher: string): void;
  /**
   * Harmless when this very pod is gone, or on its way out.
   *
   * @throws API_FORBIDDEN, API_REJECTED when the API server does not let us
   */
  deletePod(workload: Workload, pod: Pod, signal: AbortSignal): Promise<void>;
}

/** Headgate's own objects, straight from and to the API server. */
export interface DirectRecords {
  /** @param namespace all namespaces when undefined */
  readApps(namespace: string | undefined, signal: AbortSignal): Promise<readonly AppObjectWire[]>;
  readApp(namespace: string, name: string, signal: AbortSignal): Promise<AppObjectWire | undefined>;
  /** @throws API_CONFLICT when somebody else wrote it since it was read */
  writeAppStatus(
    app: AppObjectWire,
    status: NonNullable<AppObjectWire['status']>,
    signal: AbortSignal,
  ): Promise<AppObjectWire>;

  /**
   * Updates, newest first within an App.
   *
   * @param of all namespaces, or all Apps, where a part is undefined
   */
  readUpdates(
    of: { readonly namespace: string | undefined; readonly app?: string },
    signal: AbortSignal,
  ): Promise<readonly UpdateObjectWire[]>;
  /** @throws API_CONFLICT when one with this sequence number is there already */
  createUpdate(app: AppObjectWire, spec: UpdateSpecWire, signal: AbortSignal): Promise<UpdateObjectWire>;
  /** @throws API_CONFLICT when somebody else wrote it since it was read */
  writeJournal(update: UpdateObjectWire, journal: Journal, signal: AbortSignal): Promise<UpdateObjectWire>;
  /** Harmless to repeat. */
  deleteUpdate(update: UpdateObjectWire, signal: AbortSignal): Promise<void>;

  readRejections(namespace: string | undefined, signal: AbortSignal): Promise<readonly Rejection[]>;
  /** Harmless to repeat: the name follows from App and digest. */
  reject(namespace: string, rejection: RejectionSpecWire, signal: AbortSignal): Promise<void>;
}

/** The same with watched copies, which cost nothing to ask and may be a moment old. */
export interface Records extends DirectRecords {
  listApps(namespace: string): readonly AppObjectWire[];
  findApp(namespace: string, name: string): AppObjectWire | undefined;
  /** Newest first. */
  listUpdates(namespace: string, app: string): readonly UpdateObjectWire[];
  findUpdate(namespace: string, name: string): UpdateObjectWire | undefined;
  listRejections(namespace: string): readonly Rejection[];
}

/** Told of each step of an Update after it was done and before the next begins; for log, metrics, Events and tests. */
export interface StepListener {
  stepDone(update: UpdateObjectWire, step: string, journal: Journal): void;
}
