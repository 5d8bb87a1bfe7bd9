/** What a Channel says beside its object: how far its newest Release has come by its curve. */
import Type, { type Static } from 'typebox';
import { type Statement, tellEvidence } from '../../core/channel/evidence.ts';
import { type Rollout, shareAt } from '../../core/channel/rollout.ts';
import { isOperationError } from '../../core/errors.ts';
import { type ChannelObjectWire, decodeChannelSpec } from '../../resources/channel/decode-channel.ts';
import type { ReleaseObjectWire } from '../../resources/channel/decode-release.ts';
import { Time } from '../../resources/schema-parts.ts';

export const CurveSchema = Type.Object(
  {
    release: Type.String({ description: 'The newest Release that is published.' }),
    publishedAt: Time('When it was published.'),
    share: Type.Number({ description: 'Share of the clusters that may have it by now, from 0 to 1.' }),
    paused: Type.Boolean({ description: 'Clusters that do not have it yet do not take it.' }),
    canary: Type.Optional(
      Type.Object({ group: Type.String(), until: Time('Until when only this group may have it.') }),
    ),
    points: Type.Array(Type.Object({ at: Time('When.'), share: Type.Number({ description: 'From 0 to 1.' }) }), {
      description: 'Between them the share grows evenly.',
    }),
    reports: Type.Optional(
      Type.Object(
        {
          succeeded: Type.Integer({ description: 'Clusters where it runs well.' }),
          wentBack: Type.Integer({ description: 'Clusters that went back from it.' }),
        },
        { description: 'What clusters reported of it; absent where the Channel takes no reports.' },
      ),
    ),
  },
  { description: 'How the newest Release spreads over the clusters.' },
);

export const EvidenceSchema = Type.Object({
  kept: Type.Boolean({ description: 'False: the Release has no evidence, or the Channel has it no more.' }),
  statements: Type.Array(
    Type.Object({
      result: Type.Enum(['PASSED', 'FAILED']),
      subjects: Type.Array(Type.Object({ name: Type.String(), digest: Type.String() }), {
        description: 'What was tested.',
      }),
      kubernetes: Type.Optional(Type.String({ description: 'Version of the cluster.' })),
      path: Type.Optional(Type.String({ description: 'How it came there: install or upgrade.' })),
      from: Type.Optional(Type.String({ description: 'From which Release it was upgraded.' })),
      startedAt: Type.Optional(Type.String({ description: 'RFC 3339, as the statement has it.' })),
      finishedAt: Type.Optional(Type.String({ description: 'The same for the end.' })),
      tests: Type.Array(
        Type.Object({
          name: Type.String(),
          result: Type.Enum(['Passed', 'Failed']),
          upgradedFrom: Type.Optional(Type.String({ description: 'Absent: a clean install.' })),
          durationMs: Type.Optional(Type.Number({ description: 'In milliseconds.' })),
          logSha256: Type.Optional(Type.String({ description: 'Of what it wrote, in hex.' })),
        }),
      ),
      statement: Type.Object({}, { description: 'The whole of it.', additionalProperties: true }),
    }),
  ),
});

export type EvidenceView = Static<typeof EvidenceSchema>;

/** @param statements undefined: there are none */
export function showEvidence(statements: readonly Statement[] | undefined): EvidenceView {
  return {
    kept: statements !== undefined,
    statements: (statements ?? []).map((statement) => {
      const { subjects, tests, ...rest } = tellEvidence(statement);
      return { ...rest, subjects: [...subjects], tests: [...tests], statement: { ...statement } };
    }),
  };
}

export type Curve = Static<typeof CurveSchema>;

/** Undefined while nothing is published, and for a Channel that cannot be read. */
export function curveOf(
  channel: ChannelObjectWire,
  releases: readonly ReleaseObjectWire[],
  now: Date,
): Curve | undefined {
  const { namespace } = channel.metadata;
  const name = channel.status?.release;
  const release = releases.find(({ metadata }) => metadata.namespace === namespace && metadata.name === name);
  const at = release?.status?.published?.at;
  const rollout = readRollout(channel);
  return release === undefined || at === undefined || rollout === undefined
    ? undefined
    : { release: release.metadata.name, publishedAt: at, ...spreadOf(rollout, new Date(at), now) };
}

function spreadOf(rollout: Rollout, publishedAt: Date, now: Date): Omit<Curve, 'release' | 'publishedAt'> {
  const { canary, points, paused } = rollout;
  const startMs = publishedAt.getTime() + (canary?.durationMs ?? 0);
  const timeAt = (afterMs: number) => new Date(startMs + afterMs).toISOString();
  return {
    share: shareAt(rollout, now.getTime() - publishedAt.getTime()),
    paused,
    ...(canary && { canary: { group: canary.group, until: timeAt(0) } }),
    points: [{ at: timeAt(0), share: 0 }, ...points.map(({ afterMs, share }) => ({ at: timeAt(afterMs), share }))],
  };
}

/** What is wrong with its spec stands in its conditions. */
function readRollout(channel: ChannelObjectWire): Rollout | undefined {
  try {
    return decodeChannelSpec(channel).rollout;
  } catch (error) {
    if (isOperationError(error)) {
      return undefined;
    }
    throw error;
  }
}
