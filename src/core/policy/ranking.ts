/** What a policy says about the tags of a repository. */

/** Why a tag is not taken; shown to people, so each says one thing. */
export type RejectionReason =
  /** The policy orders versions and this tag is none. */
  | 'NotAVersion'
  /** The policy orders numbers and this tag is none. */
  | 'NotANumber'
  /** Nothing is taken, because another tag is no number (Flux's numerical). */
  | 'OtherTagUnreadable'
  /** A pattern of the policy leaves it out. */
  | 'FilteredOut'
  /** A version that the range leaves out. */
  | 'OutsideRange'
  /** A greater step than the policy takes. */
  | 'BeyondStep'
  /** A pre-release, which nobody asked for. */
  | 'PreRelease'
  /** Another build of the software (`-alpine`, `-debian`) than the one that runs. */
  | 'OtherVariant'
  /** The part behind the dash is not that of what runs (Keel's matchPreRelease). */
  | 'OtherPreRelease'
  /** As old as what runs, under another name. */
  | 'SameAsCurrent'
  /** Older than what runs; going back is only done by rollback. */
  | 'OlderThanCurrent'
  /** The policy says that it must never be taken. */
  | 'DeadEnd'
  /** Newer than a version that must be passed first. */
  | 'BehindBarrier'
  /** More than one major version ahead. */
  | 'MajorAhead'
  /** The policy follows one tag and this is another. */
  | 'OtherTag'
  /** The policy takes nothing at all. */
  | 'NeverUpdated';

export interface Rejection {
  readonly reason: RejectionReason;
  /** A sentence without the tag, e.g. `is outside ^1.2`. */
  readonly message: string;
}

export interface Candidate {
  readonly tag: string;
}

export interface RejectedTag extends Rejection {
  readonly tag: string;
}

export interface Ahead {
  /** The newest, best first. */
  readonly tags: readonly RejectedTag[];
  /** Of all of them. */
  readonly count: number;
}

export interface Ranking {
  /** Best first; only tags that are newer than the current one, or the current one where its digest is followed. */
  readonly candidates: readonly Candidate[];
  /** The other tags in the order given, without the current one. */
  readonly rejected: readonly RejectedTag[];
  /** Of the rejected ones those that are newer than what runs; absent where the policy orders nothing. */
  readonly ahead?: Ahead;
  /** Why nothing is taken although there may be newer tags, for example `1a is no number`. */
  readonly obstacle?: string;
}

export interface RankingInput {
  readonly tags: readonly string[];
  /** The tag that runs now, if there is one. */
  readonly current?: string | undefined;
}

/** A policy at work. */
export interface TagOrder {
  readonly rank: (input: RankingInput) => Ranking;
  /** Positive when `left` is newer, 0 when neither is or the policy knows no order between them. */
  readonly compare: (left: string, right: string) => number;
}
