/** How a Release spreads over the clusters: no server decides it, each cluster finds its own place. */
import { createHash } from 'node:crypto';

export interface Rollout {
  /** Share of the clusters, 0 to 1, by time since the curve began; ascending in both. */
  readonly points: readonly RolloutPoint[];
  readonly canary: Canary | undefined;
  /** Clusters that do not have it yet do not take it. */
  readonly paused: boolean;
}

export interface RolloutPoint {
  readonly afterMs: number;
  readonly share: number;
}

export interface Canary {
  readonly group: string;
  /** Only they may have it for so long; the curve begins after that. */
  readonly durationMs: number;
}

/** What a cluster says of itself. */
export interface ClusterPlace {
  /** Names the cluster to nobody but itself. */
  readonly id: string;
  /** 0 goes first, 1 last; undefined: by chance. */
  readonly wariness: number | undefined;
  readonly group: string | undefined;
}

const bitsOfPosition = 48;

/**
 * Where a cluster stands in the rollout of a Release, from 0 to below 1, or 1 for the most wary.
 *
 * By chance it is another for each Release, so that no cluster is the first all its life; and evenly spread, so that the share of clusters
 * below a number is that number.
 */
export function wavePosition(cluster: Pick<ClusterPlace, 'id' | 'wariness'>, channel: string, release: string): number {
  if (cluster.wariness !== undefined) {
    return cluster.wariness;
  }
  const hash = createHash('sha256')
    .update(JSON.stringify([channel, release, cluster.id]))
    .digest();
  return hash.readUIntBE(0, bitsOfPosition / 8) / 2 ** bitsOfPosition;
}

/** Share of the clusters that may have it, at a time since it was published. */
export function shareAt({ points, canary }: Omit<Rollout, 'paused'>, sinceMs: number): number {
  const elapsedMs = sinceMs - (canary?.durationMs ?? 0);
  if (elapsedMs < 0) {
    return 0;
  }
  let before: RolloutPoint = { afterMs: 0, share: 0 };
  for (const point of points) {
    if (elapsedMs < point.afterMs) {
      const part = (elapsedMs - before.afterMs) / (point.afterMs - before.afterMs);
      return before.share + part * (point.share - before.share);
    }
    before = point;
  }
  return before.share;
}

/** When a position may have it, in milliseconds since it was published; undefined: the curve never comes so far. */
export function delayOf({ points, canary }: Omit<Rollout, 'paused'>, position: number): number | undefined {
  const startMs = canary?.durationMs ?? 0;
  let before: RolloutPoint = { afterMs: 0, share: 0 };
  for (const point of points) {
    if (reaches(point.share, position)) {
      const gain = point.share - before.share;
      const part = gain === 0 ? 1 : Math.max(0, (position - before.share) / gain);
      return startMs + before.afterMs + part * (point.afterMs - before.afterMs);
    }
    before = point;
  }
  return undefined;
}

/** The most wary go when all may. */
function reaches(share: number, position: number): boolean {
  return share > position || share >= 1;
}

export type Turn =
  | { readonly kind: 'Now' }
  /** @property at undefined: not before the channel says otherwise */
  | { readonly kind: 'Later'; readonly at: Date | undefined };

/** Whether a cluster may have a Release by now, pauses aside. */
export function turnOf(rollout: Rollout, cluster: ClusterPlace, at: TurnTime): Turn {
  if (rollout.canary !== undefined && cluster.group === rollout.canary.group) {
    return { kind: 'Now' };
  }
  const delayMs = delayOf(rollout, at.position);
  if (delayMs === undefined) {
    return { kind: 'Later', at: undefined };
  }
  const turn = new Date(at.publishedAt.getTime() + delayMs);
  return turn <= at.now ? { kind: 'Now' } : { kind: 'Later', at: turn };
}

export interface TurnTime {
  readonly position: number;
  readonly publishedAt: Date;
  readonly now: Date;
}
