/** The Releases of a channel as Cincinnati has them (`/v1/graph`), for those who draw or count them. */
import type { ChannelIndex, IndexEntry } from './channel-index.ts';
import { isInReach } from './choose-release.ts';

export interface Graph {
  readonly version: 1;
  readonly nodes: readonly { readonly version: string; readonly payload: string; readonly metadata: Metadata }[];
  /** From and to, as places in `nodes`. */
  readonly edges: readonly (readonly [number, number])[];
}

type Metadata = Readonly<Record<string, string>>;

const prefix = 'dev.headgate.channel';

/**
 * What leads where: to every newer Release up to the next barrier. One that was withdrawn can be left, and nothing leads to it.
 *
 * @param payloadOf where a Release is in the channel
 */
export function graphOf(index: ChannelIndex, payloadOf: (release: string) => string): Graph {
  const { releases } = index;
  return {
    version: 1,
    nodes: releases.map((entry) => ({
      version: entry.name,
      payload: payloadOf(entry.name),
      metadata: metadataOf(index, entry),
    })),
    edges: releases.flatMap((from, at) => reachable(releases, from).map((to) => [at, releases.indexOf(to)] as const)),
  };
}

function reachable(releases: readonly IndexEntry[], from: IndexEntry): readonly IndexEntry[] {
  const newer = releases.filter(({ sequence, withdrawn }) => withdrawn === undefined && sequence > from.sequence);
  return newer.filter((to) => isInReach({ releases }, to, from));
}

function metadataOf({ channel, rollout }: ChannelIndex, entry: IndexEntry): Metadata {
  const { sequence, publishedAt, barrier, withdrawn } = entry;
  return {
    [`${prefix}.name`]: channel,
    [`${prefix}.sequence`]: String(sequence),
    [`${prefix}.published`]: publishedAt.toISOString(),
    ...(barrier && { [`${prefix}.barrier`]: 'true' }),
    ...(withdrawn && { [`${prefix}.deadend`]: 'true', [`${prefix}.deadend_reason`]: withdrawn.reason }),
    ...(rollout.paused && { [`${prefix}.paused`]: 'true' }),
  };
}
