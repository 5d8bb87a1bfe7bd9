/** What a policy says about the tags of a repository. */

/** Why a tag is not taken; shown to people, so each says one thing. */
export type RejectionReason =
  /** The policy orders versions and this tag is none. */
  | 'NotAVersion'
  /** A version that the range leaves out. */
  | 'OutsideRange'
  /** A pre-release, which the range does not ask for. */
  | 'PreRelease'
  /** Another build of the software (`-alpine`, `-debian`) than the one that runs. */
  | 'OtherVariant'
  /** As old as what runs, under another name. */
  | 'SameAsCurrent'
  /** Older than what runs; going back is only done by rollback. */
  | 'OlderThanCurrent'
  /** The policy follows one tag and this is another. */
  | 'OtherTag';

export interface Candidate {
  readonly tag: string;
}

export interface RejectedTag {
  readonly tag: string;
  readonly reason: RejectionReason;
  /** A sentence without the tag, e.g. `2.0.0 is outside ^1.2`. */
  readonly message: string;
}

export interface Ranking {
  /** Best first; only tags that are newer than the current one. */
  readonly candidates: readonly Candidate[];
  /** The other tags in the order given, without the current one. */
  readonly rejected: readonly RejectedTag[];
}

export interface RankingInput {
  readonly tags: readonly string[];
  /** The tag that runs now, if there is one. */
  readonly current?: string | undefined;
}
