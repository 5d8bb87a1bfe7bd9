/** What can be said of the health of a workload, or of all workloads of an App together. */
export type Health =
  | { readonly kind: 'Current' }
  | { readonly kind: 'InProgress'; readonly message: string }
  | { readonly kind: 'Failed'; readonly reason: FailureReason; readonly message: string };

/** Why a version was found bad; part of the Update and of the Rejection. */
export const failureReasons = [
  'CrashLoop',
  'ImagePull',
  'ContainerConfig',
  'ProgressDeadline',
  'HealthTimeout',
  'Rejected',
  'RefusedByApiServer',
  'ChangedByOther',
  'WorkloadGone',
  'WindowClosed',
  'ObjectFailed',
  'HelmFailed',
  'TestFailed',
  'NotWritten',
  'NotSynced',
  'PullRequestClosed',
  'CheckpointFailed',
] as const;

export type FailureReason = (typeof failureReasons)[number];
