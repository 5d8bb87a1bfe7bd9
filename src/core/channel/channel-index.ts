/** What a channel says of itself in one signed file: which Releases there are, and how they spread. */
import type { DeadEnd, ReleaseRequirements } from './release.ts';
import type { Rollout } from './rollout.ts';

export interface ChannelIndex {
  readonly channel: string;
  /** Version of the root that clusters must know: withholding a newer one is seen by it. */
  readonly root: number;
  readonly rollout: Rollout;
  /** By sequence, the newest last. */
  readonly releases: readonly IndexEntry[];
}

export interface IndexEntry {
  readonly name: string;
  readonly sequence: number;
  readonly publishedAt: Date;
  readonly barrier: boolean;
  /** Undefined: it may be taken. */
  readonly withdrawn: Pick<DeadEnd, 'reason'> | undefined;
  readonly requires: ReleaseRequirements;
  readonly soakedForMs: number;
}
