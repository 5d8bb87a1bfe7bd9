/** Many clusters in virtual time: each decides with the product's own code, and nothing waits. */
import type { ChannelIndex } from '../../src/core/channel/channel-index.ts';
import { chooseRelease, type ReleaseVerdict } from '../../src/core/channel/choose-release.ts';

export interface FleetPlan {
  readonly clusters: number;
  readonly intervalMs: number;
  /** Until when it is watched, since the Release was published. */
  readonly lengthMs: number;
  readonly publishedAt: Date;
  /** The index that the channel has at a time; undefined: the hub is away. */
  readonly indexAt: (sinceMs: number) => ChannelIndex | undefined;
}

/** When each cluster took the Release, in milliseconds since it was published; Infinity: never. */
export function rollOut(plan: FleetPlan): Float64Array {
  const taken = new Float64Array(plan.clusters).fill(Number.POSITIVE_INFINITY);
  for (let cluster = 0; cluster < plan.clusters; cluster += 1) {
    taken[cluster] = takeAt(plan, `cluster-${cluster}`, ((cluster * 2_654_435_761) % 2 ** 32) / 2 ** 32);
  }
  return taken;
}

/** One cluster, which looks at each interval and in between when its turn comes; what it knows it knows from its last look. */
function takeAt(plan: FleetPlan, id: string, phase: number): number {
  const { intervalMs, lengthMs, publishedAt, indexAt } = plan;
  let known: Known = { index: undefined, turnMs: Number.POSITIVE_INFINITY };
  for (let lookMs = phase * intervalMs; lookMs < lengthMs; lookMs += intervalMs) {
    // Its turn needs no look, but the hub, for the files of the Release.
    if (known.turnMs <= lookMs && indexAt(known.turnMs) !== undefined) {
      return known.turnMs;
    }
    const index = indexAt(lookMs);
    const isNews = index !== known.index || known.turnMs <= lookMs;
    if (index === undefined || !isNews) {
      continue;
    }
    const verdict = decide(index, id, new Date(publishedAt.getTime() + lookMs));
    if (verdict.kind === 'Take') {
      return lookMs;
    }
    known = { index, turnMs: turnOf(verdict, publishedAt) };
  }
  return Number.POSITIVE_INFINITY;
}

interface Known {
  readonly index: ChannelIndex | undefined;
  readonly turnMs: number;
}

function turnOf(verdict: ReleaseVerdict, publishedAt: Date): number {
  const until = verdict.kind === 'Wait' ? verdict.until : undefined;
  return until === undefined ? Number.POSITIVE_INFINITY : until.getTime() - publishedAt.getTime();
}

function decide(index: ChannelIndex, id: string, now: Date) {
  return chooseRelease({
    index,
    current: { name: 'r0', sequence: 0 },
    cluster: { id, wariness: undefined, group: undefined },
    follow: { kind: 'Newest' },
    goesBackFromWithdrawn: false,
    minimumAgeMs: 0,
    versions: { headgate: '0.1.0', kubernetes: 'v1.36.0' },
    now,
  });
}

/** Share of the clusters that have it at a time. */
export function shareOf(taken: Float64Array, sinceMs: number): number {
  return taken.filter((at) => at <= sinceMs).length / taken.length;
}
