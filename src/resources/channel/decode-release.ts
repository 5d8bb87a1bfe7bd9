/** Release: wire form -> what the product works with. */
import Type, { type Static } from 'typebox';
import type { Release } from '../../core/channel/release.ts';
import { parseSemverRange } from '../../core/version/semver-range.ts';
import { decoderOf, invalidObject } from '../decode.ts';
import { Metadata } from '../metadata.ts';
import { ReleaseSpecSchema, type ReleaseSpecWire, ReleaseStatusSchema } from './release.ts';

const ReleaseObject = Type.Object({
  metadata: Metadata,
  spec: ReleaseSpecSchema,
  status: Type.Optional(ReleaseStatusSchema),
});

/** A Release as the API server gives it, its shape checked. */
export type ReleaseObjectWire = Static<typeof ReleaseObject>;

const decodeShape = decoderOf(ReleaseObject);
const decodeSpecShape = decoderOf(ReleaseSpecSchema);

/** @throws OBJECT_INVALID */
export function decodeReleaseObject(object: unknown, what: string): ReleaseObjectWire {
  return decodeShape(object, what);
}

/**
 * Reads what a Release says, from an object of the cluster or from a file of a channel.
 *
 * @throws OBJECT_INVALID naming what does not fit together
 */
export function decodeRelease(name: string, spec: unknown): Release {
  const wire = decodeSpecShape(spec, `Release ${name}`);
  const problems = problemsOf(wire);
  if (problems.length > 0) {
    throw invalidObject(`Release ${name}`, problems);
  }
  return toRelease(name, wire);
}

function toRelease(name: string, wire: ReleaseSpecWire): Release {
  const { channel, sequence, previous, notes } = wire;
  return {
    ...{ name, channel, sequence, previous, notes },
    createdAt: new Date(wire.createdAt),
    apps: wire.apps.map(({ versions, ...app }) => ({
      ...app,
      versions: versions.map(({ tag, target, ...version }) => ({ ...version, tag, target })),
    })),
    targets: wire.targets ?? [],
    barrier: wire.barrier ?? false,
    deadEnds: wire.deadEnds ?? [],
    requires: { headgate: wire.requires?.headgate, kubernetes: wire.requires?.kubernetes },
    links: wire.links ?? [],
    changes: wire.changes ?? [],
    soakedForMs: (wire.soakedFor ?? 0) * 1_000,
  };
}

/** The wire form of a Release, as the hub writes it and as the channel has it. */
export function encodeRelease(release: Release): ReleaseSpecWire {
  const { channel, sequence, previous, notes, requires } = release;
  const { headgate, kubernetes } = requires;
  return {
    ...{ channel, sequence },
    createdAt: release.createdAt.toISOString(),
    ...(previous !== undefined && { previous }),
    apps: release.apps.map(({ versions, ...app }) => ({
      ...app,
      versions: versions.map(({ tag, target, ...version }) => ({
        ...version,
        ...(tag !== undefined && { tag }),
        ...(target !== undefined && { target }),
      })),
    })),
    targets: release.targets.map(({ app, ...target }) => ({ ...target, ...(app !== undefined && { app }) })),
    barrier: release.barrier,
    deadEnds: [...release.deadEnds],
    requires: { ...(headgate !== undefined && { headgate }), ...(kubernetes !== undefined && { kubernetes }) },
    ...(notes !== undefined && { notes }),
    links: [...release.links],
    changes: release.changes.map(({ app, kind, source, from, to }) => ({
      ...{ app, kind },
      ...(source !== undefined && { source }),
      ...(from !== undefined && { from }),
      ...(to !== undefined && { to }),
    })),
    soakedFor: Math.floor(release.soakedForMs / 1_000),
  };
}

function problemsOf(wire: ReleaseSpecWire): readonly string[] {
  const { createdAt, apps, targets = [], requires } = wire;
  const isTime = !Number.isNaN(Date.parse(createdAt));
  const ranges = Object.entries(requires ?? {}).filter(([, range]) => parseSemverRange(range) === undefined);
  return [
    ...(isTime ? [] : [`createdAt: "${createdAt}" is no time; write for example 2030-01-31T00:00:00Z`]),
    ...(hasTwins(targets.map(({ path }) => path)) ? ['targets: two have the same path'] : []),
    ...(hasTwins(apps.map(({ name }) => name)) ? ['apps: two have the same name'] : []),
    ...apps.flatMap((app) => problemsOfApp(app, targets)),
    ...ranges.map(
      ([field, range]) => `requires.${field}: "${range}" is no range of versions; write for example >=1.30`,
    ),
  ];
}

function problemsOfApp(
  { name, definition, versions }: ReleaseSpecWire['apps'][number],
  targets: NonNullable<ReleaseSpecWire['targets']>,
): readonly string[] {
  const own = new Set(targets.filter(({ app }) => app === name).map(({ path }) => path));
  const lost = versions.filter(({ target }) => target !== undefined && !own.has(target));
  return [
    ...(isJsonObject(definition) ? [] : [`apps ${name}: definition is not the JSON of an object`]),
    ...lost.map(
      ({ source, target }) => `apps ${name}: source ${source} names target ${target}, which is none of its targets`,
    ),
  ];
}

function hasTwins(all: readonly string[]): boolean {
  return new Set(all).size < all.length;
}

function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}
