/** Pods as people want to see them, with their logs. Everything is read from the API server when it is asked for. */

/** Pods of a workload with the end of their logs. */
export interface PodReport {
  readonly name: string;
  readonly phase: string;
  /** RFC 3339; empty before it has started. */
  readonly startedAt: string;
  readonly message: string;
  /** The last lines of its first container. */
  readonly log: string;
}

/** One pod without its logs. */
export interface PodState {
  readonly name: string;
  readonly phase: string;
  /** RFC 3339; empty before it has started. */
  readonly startedAt: string;
  /** Why it does not run, in a word of Kubernetes; empty where nothing is wrong. */
  readonly message: string;
  /** Init containers first. */
  readonly containers: readonly { readonly name: string; readonly image: string; readonly ready: boolean }[];
  readonly restarts: number;
  /** What made it, e.g. the ReplicaSet of a Deployment. */
  readonly owner?: { readonly kind: string; readonly name: string };
  /** The Job that it belongs to, and the Update for which Headgate started that. */
  readonly job?: string;
  readonly update?: string;
}

export interface LogPlace {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  /** Of the run before the last restart. */
  readonly previous: boolean;
  /** Goes on until the container ends. */
  readonly follow: boolean;
  /** Only so many lines before now. */
  readonly tailLines: number;
}

export interface PodReports {
  /**
   * @param selector of labels, in the API's text form
   * @throws errors of the API server; a log that cannot be read says so itself
   */
  report(namespace: string, selector: string, signal: AbortSignal): Promise<readonly PodReport[]>;
  /** At most fifty, newest first. @throws errors of the API server */
  list(namespace: string, selector: string, signal: AbortSignal): Promise<readonly PodState[]>;
  /** Lines as they are written; a line beyond 16 KiB is cut in pieces. @throws errors of the API server */
  lines(place: LogPlace, signal: AbortSignal): AsyncIterable<string>;
}
