/**
 * Why something does not go on right now. Every App and every open Update carries exactly one of these,
 * so that nobody has to guess (design.md section 6, rule 4). The list is API: docs/reference/waiting.md.
 */
export const waitingReasons = [
  /** App: what runs is the newest version that the policy allows. */
  'UpToDate',
  /** App: the newest version is one that must not be taken again. */
  'VersionRejected',
  /** App: the newest version lacks the signatures that the source asks for. */
  'Unverified',
  /** App: an Update is under way; it has its own reason. */
  'UpdateInProgress',
  /** App: its sources are looked at at set times, or when a webhook comes; neither has happened since something changed. */
  'CheckPending',
  /** Update: `spec.gates.approvals` asks people first. */
  'ApprovalRequired',
  /** Update: not enough people approved it in time. */
  'ApprovalExpired',
  /** Update: no window of `spec.gates.windows` is open. */
  'Window',
  /** Update: a person or a workload says "not now". */
  'Veto',
  /** Update: a veto that is asked for could not be asked, or its answer is none. */
  'VetoUnknown',
  /** Update: what may hold it back from outside is being asked. */
  'Asking',
  /** Update: an App that goes before (`spec.gates.after`) has not proved the same versions yet. */
  'Predecessor',
  /** Update: the App is not well before it is touched. */
  'Unhealthy',
  /** Update: something that was looked at before the first change is not so: quota, images, the API server's trial, version of the data. */
  'Preflight',
  /** Update: the one before ended less than `spec.gates.coolDown` ago. */
  'CoolDown',
  /** Update: as many as allowed are under way. */
  'UpdateLimit',
  /** Update: the last `spec.gates.maxRollbacks` went back, one after the other. */
  'TooManyRollbacks',
  /** App: `spec.suspend` is set. */
  'Suspended',
  /** App: the object cannot be understood; it waits for an edit. */
  'InvalidSpec',
  /** App: what it names (workload, container, Secret) is not there. */
  'TargetNotFound',
  /** App: another App already looks after the same workload. */
  'TargetConflict',
  /** App: another App that it depends on is not ready. */
  'DependencyNotReady',
  /** App: somebody changed what was applied, and the App is told to leave it so, or it cannot be put back. */
  'Drifted',
  /** App: a registry could not be asked, or answered what cannot be used. */
  'RegistryUnavailable',
  /** App: a registry allows no more requests for now, or our budget for it is used up. */
  'RateLimited',
  /** App: the newest version has not been seen for `minimumAge` yet. */
  'MinimumAge',
  /** App: the newest version has no image for a platform that it must have. */
  'PlatformMissing',
  /** App: the last attempt at this very version failed for a reason outside the version. */
  'PreviousAttemptFailed',
  /** Update: its checkpoint is being made; nothing is changed before it is complete. */
  'BackingUp',
  /** Update: it has to go back, and a person has to say whether the data goes back too. */
  'RestoreApproval',
  /** Update: the data of its checkpoint is coming back. */
  'RestoringData',
  /** Update: the new version is rolling out and is not healthy yet. */
  'Rollout',
  /** Update: healthy, but not for `health.stableFor` yet. */
  'Stabilizing',
  /** Update: the tests of the App are on. */
  'Testing',
  /** Update: a test could not tell whether the version is good; a person approves or rejects it. */
  'TestInconclusive',
  /** Update: the former version is coming back. */
  'RollbackRollout',
  /** Update: the API server refuses to set the former version back; it is tried again. */
  'RollbackRefused',
  /** Update: helm is at work, with its hooks. */
  'HelmOperation',
  /** Update: the Helm release is locked by an operation that is not ours. */
  'HelmLocked',
  /** Update: versions are being written into git, one step after the other. */
  'GitPush',
  /** Update: a pull request is open, and somebody has to merge or close it. */
  'PullRequest',
  /** Update: git has the version, and the cluster does not show it yet. */
  'ClusterSync',
  /** Update: the git server, the forge or a Secret for them does not do; it is tried again. */
  'GitUnavailable',
  /** App: an Update could neither go on nor go back; a person has to look. */
  'Person',
  /** Channel: its keys, or the place it is published to, do not do; it is tried again. */
  'PublishFailed',
  /** Channel: its root expires soon, and people have to sign a new one. */
  'RootExpiring',
  /** App: the Channel that it belongs to decides when it takes a new version. */
  'ChannelDecides',
  /** Channel: new versions are there, and more is gathered, or sets are made at set times. */
  'CandidateScheduled',
  /** Channel: its Apps are being brought to a set of versions that is to be tried. */
  'CandidateRollout',
  /** Channel: a set passed its tests, and has to run well for `spec.soak`. */
  'Soaking',
  /** Channel: the last set of new versions was not released. */
  'CandidateRejected',
  /** Channel: new versions are there, and something has to be known of its Apps before they are tried. */
  'CandidateIncomplete',
  /** Subscription: its channel could not be asked, is not to be trusted, or is expired. */
  'ChannelUnavailable',
  /** Subscription: the rollout of the newest Release has not come to this cluster yet. */
  'RolloutTurn',
  /** Subscription: the channel has paused the rollout. */
  'RolloutPaused',
  /** Subscription: the newest Release has not proven what `spec.evidence` demands. */
  'EvidenceMissing',
  /** Subscription: the newest Release needs another Headgate or Kubernetes, or cannot be made into Apps here. */
  'ReleaseUnfit',
  /** Subscription: the Release that is pinned, or the way to a newer one, is not there. */
  'ReleaseMissing',
  /** Subscription: the Release that runs was withdrawn. */
  'ReleaseWithdrawn',
  /** Subscription: `spec.mode` is Hold, and something newer is there. */
  'ReleaseHeld',
  /** Subscription: its Apps do not all run the Release that they are given yet. */
  'ReleaseInProgress',
] as const;

export type WaitingReason = (typeof waitingReasons)[number];

export interface Waiting {
  readonly reason: WaitingReason;
  readonly message: string;
  /** When it may change by itself; absent when only an event (a person, a change in the cluster) can change it. */
  readonly until?: Date;
}
