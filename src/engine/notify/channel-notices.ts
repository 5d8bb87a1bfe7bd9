/** Reads what there is to tell of the Channels of a hub. */
import { noticesOfChannel, type ToldChannel, type ToldRelease } from '../../core/notify/channel-notices.ts';
import type { Notice } from '../../core/notify/notice.ts';
import { decodeCandidate } from '../../resources/channel/candidate-codec.ts';
import type { ChannelObjectWire } from '../../resources/channel/decode-channel.ts';
import type { ReleaseObjectWire } from '../../resources/channel/decode-release.ts';
import { decodeWaiting } from '../../resources/update/decode-update.ts';
import { sayBrought } from '../candidate/form-candidate.ts';

/** So many Releases of a Channel, the newest ones, can have something that was not told yet. */
const mostReleases = 20;

/** @param spec what matters of it, decoded */
export function channelNotices(
  { metadata, status = {} }: ChannelObjectWire,
  spec: { readonly soakMs: number; readonly timestampMs: number },
  releases: readonly ReleaseObjectWire[],
): readonly Notice[] {
  const { uid, namespace, name } = metadata;
  const candidate = status.candidate && decodeCandidate(status.candidate);
  const newest = releases.toSorted((left, right) => left.spec.sequence - right.spec.sequence).slice(-mostReleases);
  return noticesOfChannel({
    ...{ uid, namespace, name, soakMs: spec.soakMs },
    candidate: candidate && { ...candidate, brought: sayBrought(candidate.apps) },
    ended: (status.candidates ?? []).map(({ endedAt, ...one }) => ({ ...one, endedAt: new Date(endedAt) })),
    waiting: status.waiting && decodeWaiting(status.waiting),
    releases: newest.map(releaseOf),
    publishing: publishingOf(status),
    signed: status.published && {
      expires: new Date(status.published.expires),
      rootExpires: status.published.rootExpires === undefined ? undefined : new Date(status.published.rootExpires),
      lifetimeMs: spec.timestampMs,
    },
  });
}

function publishingOf({ conditions }: NonNullable<ChannelObjectWire['status']>): ToldChannel['publishing'] {
  const ready = conditions?.find(({ type }) => type === 'Ready');
  if (ready === undefined || (ready.status !== 'True' && ready.reason !== 'PublishFailed')) {
    return undefined;
  }
  const { status, message, lastTransitionTime } = ready;
  return { isGood: status === 'True', since: new Date(lastTransitionTime), message };
}

function releaseOf({ metadata, spec, status }: ReleaseObjectWire): ToldRelease {
  const { published, withdrawn } = status ?? {};
  const changes = (spec.changes ?? []).map(({ app, from, to }) =>
    from === undefined || to === undefined ? app : `${app} ${from} -> ${to}`,
  );
  return {
    ...{ uid: metadata.uid, name: metadata.name, changes: changes.join(', ') },
    publishedAt: published && new Date(published.at),
    withdrawn: withdrawn && { at: new Date(withdrawn.at), reason: withdrawn.reason },
  };
}
