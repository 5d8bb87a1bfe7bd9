/** What a Channel has its Apps run. It goes through the same check and the same Updates as any version; only the choice is the Channel's. */

import { locationOf } from '../../core/app/app.ts';
import type { SourceVersion } from '../../core/candidate/candidate.ts';
import { trialInPlace, versionsIn } from '../../core/candidate/candidate.ts';
import { isMember } from '../../core/channel/channel.ts';
import type { Version, VersionChange } from '../../core/update/version-change.ts';
import type { AppObjectWire } from '../../resources/app/decode-app.ts';
import { decodeCandidate } from '../../resources/channel/candidate-codec.ts';
import type { ChannelObjectWire } from '../../resources/channel/decode-channel.ts';
import { changesOf, type UpdateObjectWire } from '../../resources/update/decode-update.ts';
import type { UpdateSpecWire } from '../../resources/update/update.ts';
import { holdsCheckpoint } from '../checkpoint/kept-checkpoints.ts';
import type { Finding } from '../detect/finding.ts';
import type { Channels } from '../ports/channels.ts';
import { isRunning } from './look-at-apps.ts';

export interface Direction {
  /** Name of the Channel. */
  readonly channel: string;
  /** For people, e.g. `candidate 3`. */
  readonly because: string;
  /** Undefined: the App stays with what it runs. */
  readonly versions: readonly SourceVersion[] | undefined;
}

export interface Directions {
  /** Undefined: the App belongs to no Channel that makes Releases, and takes what its sources offer. */
  of(app: AppObjectWire): Direction | undefined;
}

/** @param channels watched copies */
export function createDirections(channels: Pick<Channels, 'list'>): Directions {
  return {
    of({ metadata }) {
      const own = channels.list(metadata.namespace).filter((channel) => directs(channel, metadata));
      const [channel] = own.toSorted((left, right) => (ageOf(left) < ageOf(right) ? -1 : 1));
      return channel && directionOf(channel, metadata.name);
    },
  };
}

/** The older Channel keeps an App that two select. */
export function ageOf({ metadata }: ChannelObjectWire): string {
  return [metadata.creationTimestamp, metadata.name].join();
}

/** Whether a Channel decides what an App runs; one that cannot be read holds its Apps still. */
export function directs({ spec, metadata }: ChannelObjectWire, app: AppObjectWire['metadata']): boolean {
  const selector = { names: spec.apps.names, labels: spec.apps.matchLabels };
  const isKept = spec.releases !== 'Manual' && metadata.deletionTimestamp === undefined;
  return isKept && isMember(selector, { name: app.name, labels: app.labels ?? {} });
}

function directionOf({ metadata, status }: ChannelObjectWire, app: string): Direction {
  const channel = metadata.name;
  if (status?.candidate === undefined) {
    return { channel, because: 'no candidate is under way', versions: undefined };
  }
  const candidate = decodeCandidate(status.candidate);
  const because = `candidate ${candidate.number}`;
  const member = candidate.apps.find(({ name }) => name === app);
  const trial = trialInPlace(candidate);
  return { channel, because, versions: member && (trial ? versionsIn(trial, member) : member.from) };
}

/** What has to move for an App to run what its Channel says. */
export function directedChanges({ versions = [] }: Direction, findings: readonly Finding[]): readonly VersionChange[] {
  return findings.flatMap(({ source, current }) => {
    const wanted = versions.find((version) => version.source === source.name);
    const to: Version | undefined = wanted && { tag: wanted.tag, digest: wanted.digest };
    return to === undefined || isRunning(current, to)
      ? []
      : [{ source: source.name, repository: locationOf(source), from: current, to }];
  });
}

/** How an Update towards what the Channel says is begun: where it undoes the last one, as a person would go back. */
export function directedStart(
  { channel, because }: Direction,
  changes: readonly VersionChange[],
  last: UpdateObjectWire | undefined,
): Pick<UpdateSpecWire, 'trigger' | 'restore'> {
  const by = `Channel ${channel}`;
  if (last?.status?.phase !== 'Succeeded' || !isUndone(changesOf(last.spec), changes)) {
    return { trigger: { kind: 'Channel', by, reason: because } };
  }
  const data = holdsCheckpoint(last);
  return {
    trigger: { kind: 'Rollback', by, reason: because },
    restore: { update: last.metadata.name, state: 'Before', ...(data && { data }) },
  };
}

function isUndone(last: readonly VersionChange[], next: readonly VersionChange[]): boolean {
  return (
    last.length === next.length &&
    last.every(({ source, from, to }) => {
      const back = next.find((change) => change.source === source);
      return back !== undefined && isRunning(to, back.from) && isRunning(from, back.to);
    })
  );
}
