/** What the engine needs of the workloads of the cluster. */
import type { Pod, Workload, WorkloadReference } from '../../core/workload/workload.ts';

/** One container to set, under the condition that it still has the image that the decision was made on. */
export interface ImageSetting {
  readonly container: string;
  readonly init: boolean;
  readonly expected: string;
  readonly image: string;
}

/** Annotations that are written together with images; null takes one away. */
export interface WorkloadMarks {
  /** Of the workload itself. */
  readonly annotations?: Readonly<Record<string, string | null>>;
  /** Of its pod template, so that pods are made anew. */
  readonly podAnnotations?: Readonly<Record<string, string | null>>;
}

export interface SettingOptions extends WorkloadMarks {
  /** Only ask what would come of it. */
  readonly dryRun?: boolean;
}

/** The workloads of the cluster. `find` and `list` answer from a watched copy and cost nothing. */
export interface Workloads {
  list(namespace: string): readonly Workload[];
  find(reference: WorkloadReference): Workload | undefined;
  /** Straight from the API server; undefined when there is none. */
  read(reference: WorkloadReference, signal: AbortSignal): Promise<Workload | undefined>;
  /**
   * Sets images and marks, and nothing else.
   *
   * @throws UPDATE_CONFLICT when a container no longer has the expected image, API_INVALID, API_REJECTED or
   *   API_FORBIDDEN when the API server refuses the change
   */
  setImages(
    workload: Workload,
    settings: readonly ImageSetting[],
    signal: AbortSignal,
    options?: SettingOptions,
  ): Promise<Workload>;
  /** @throws UPDATE_CONFLICT when it was made anew, API_FORBIDDEN, API_REJECTED */
  setReplicas(workload: Workload, replicas: number, signal: AbortSignal): Promise<void>;
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
