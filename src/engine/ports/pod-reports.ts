/** Pods of a workload as people want to see them, with the end of their logs. */
export interface PodReport {
  readonly name: string;
  readonly phase: string;
  /** RFC 3339; empty before it has started. */
  readonly startedAt: string;
  readonly message: string;
  /** The last lines of its first container. */
  readonly log: string;
}

export interface PodReports {
  /**
   * @param selector of labels, in the API's text form
   * @throws errors of the API server; a log that cannot be read says so itself
   */
  report(namespace: string, selector: string, signal: AbortSignal): Promise<readonly PodReport[]>;
}
