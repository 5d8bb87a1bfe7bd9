/** The index of a channel, a signed file: wire form <-> what the product works with. */
import Type, { type Static } from 'typebox';
import type { ChannelIndex, IndexEntry } from '../../core/channel/channel-index.ts';
import { OperationError } from '../../core/errors.ts';
import { decoderOf, invalidObject } from '../decode.ts';
import { ReleaseName } from './release.ts';

/** Grows when older readers would misunderstand a file. */
const schemaVersion = 1;

const EntrySchema = Type.Object({
  name: Type.String(ReleaseName),
  sequence: Type.Integer({ minimum: 1 }),
  publishedAt: Type.String({ format: 'date-time', maxLength: 64 }),
  barrier: Type.Optional(Type.Boolean()),
  withdrawn: Type.Optional(Type.Object({ reason: Type.String({ maxLength: 1024 }) })),
  requires: Type.Optional(
    Type.Object({
      headgate: Type.Optional(Type.String({ maxLength: 128 })),
      kubernetes: Type.Optional(Type.String({ maxLength: 128 })),
    }),
  ),
  soakedFor: Type.Optional(Type.Integer({ minimum: 0 })),
});

const IndexSchema = Type.Object({
  schema: Type.Integer(),
  channel: Type.String(ReleaseName),
  root: Type.Integer({ minimum: 1 }),
  rollout: Type.Object({
    points: Type.Array(
      Type.Object({ afterMs: Type.Number({ minimum: 0 }), share: Type.Number({ minimum: 0, maximum: 1 }) }),
      { minItems: 1, maxItems: 64 },
    ),
    canary: Type.Optional(
      Type.Object({ group: Type.String({ maxLength: 63 }), durationMs: Type.Number({ minimum: 0 }) }),
    ),
    paused: Type.Optional(Type.Boolean()),
  }),
  releases: Type.Array(EntrySchema, { maxItems: 100 }),
});

type IndexWire = Static<typeof IndexSchema>;

const decodeShape = decoderOf(IndexSchema);
const decodeVersion = decoderOf(Type.Object({ schema: Type.Integer() }));

/**
 * @throws CHANNEL_INVALID for one that a newer Headgate wrote, OBJECT_INVALID
 */
export function decodeChannelIndex(file: unknown): ChannelIndex {
  const what = 'the index of the channel';
  const { schema } = decodeVersion(file, what);
  if (schema > schemaVersion) {
    throw new OperationError(
      `read ${what}: it has schema ${schema}, and this Headgate knows ${schemaVersion}; update Headgate`,
      { code: 'CHANNEL_INVALID', retry: 'never' },
    );
  }
  const { channel, root, rollout, releases } = decodeShape(file, what);
  const entries = releases.map(toEntry).toSorted((left, right) => left.sequence - right.sequence);
  if (entries.some(({ sequence }, at) => sequence === entries[at + 1]?.sequence)) {
    throw invalidObject(what, ['releases: two have the same sequence']);
  }
  const { points, canary, paused = false } = rollout;
  if (
    points.some(
      ({ afterMs, share }, at) => afterMs < (points[at - 1]?.afterMs ?? 0) || share < (points[at - 1]?.share ?? 0),
    )
  ) {
    throw invalidObject(what, ['rollout.points: they have to ascend']);
  }
  return { channel, root, rollout: { points, canary, paused }, releases: entries };
}

function toEntry(entry: IndexWire['releases'][number]): IndexEntry {
  const { name, sequence, publishedAt, barrier = false, withdrawn, requires, soakedFor = 0 } = entry;
  return {
    ...{ name, sequence, barrier, withdrawn },
    publishedAt: new Date(publishedAt),
    requires: { headgate: requires?.headgate, kubernetes: requires?.kubernetes },
    soakedForMs: soakedFor * 1_000,
  };
}

/** The same index gives the same text. */
export function encodeChannelIndex({ channel, root, rollout, releases }: ChannelIndex): IndexWire {
  const { points, canary, paused } = rollout;
  return {
    schema: schemaVersion,
    channel,
    root,
    rollout: { points: [...points], ...(canary && { canary }), ...(paused && { paused }) },
    releases: releases.map(({ name, sequence, publishedAt, barrier, withdrawn, requires, soakedForMs }) => ({
      ...{ name, sequence },
      publishedAt: publishedAt.toISOString(),
      ...(barrier && { barrier }),
      ...(withdrawn && { withdrawn: { reason: withdrawn.reason } }),
      requires: {
        ...(requires.headgate !== undefined && { headgate: requires.headgate }),
        ...(requires.kubernetes !== undefined && { kubernetes: requires.kubernetes }),
      },
      soakedFor: Math.floor(soakedForMs / 1_000),
    })),
  };
}
