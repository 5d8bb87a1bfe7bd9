/** Channel: wire form -> what the product works with. */
import Type, { type Static } from 'typebox';
import type { RunnableTest } from '../../core/app-test/app-test.ts';
import { parseChannelAddress } from '../../core/channel/address.ts';
import type {
  ChannelSpec,
  Lifetimes,
  MemberRequirement,
  PublishPlace,
  ReportSettings,
} from '../../core/channel/channel.ts';
import type { Rollout, RolloutPoint } from '../../core/channel/rollout.ts';
import { parseDuration } from '../../core/duration.ts';
import { isOperationError } from '../../core/errors.ts';
import { parseCron } from '../../core/schedule/cron.ts';
import { timeZone } from '../../core/schedule/time-zone.ts';
import { parseTreePath } from '../../core/source/tree-path.ts';
import { parseSemverRange } from '../../core/version/semver-range.ts';
import { decodeGatesOf } from '../app/decode-gates.ts';
import { decodeNotify } from '../app/decode-notify.ts';
import { decodeTests } from '../app/decode-tests.ts';
import { decoderOf, invalidObject } from '../decode.ts';
import { Metadata } from '../metadata.ts';
import { ChannelSpecSchema, type ChannelSpecWire, ChannelStatusSchema, type RolloutWire } from './channel.ts';
import { decodeTryOn } from './channel-try-on.ts';

const ChannelObject = Type.Object({
  metadata: Metadata,
  spec: ChannelSpecSchema,
  status: Type.Optional(ChannelStatusSchema),
});

/** A Channel as the API server gives it, its shape checked. */
export type ChannelObjectWire = Static<typeof ChannelObject>;

const decodeShape = decoderOf(ChannelObject);

/** @throws OBJECT_INVALID */
export function decodeChannel(object: unknown, what: string): ChannelObjectWire {
  return decodeShape(object, what);
}

/**
 * Checks the meaning of a Channel's spec.
 *
 * @throws OBJECT_INVALID naming field, value and remedy
 */
export function decodeChannelSpec({ metadata, spec }: ChannelObjectWire): ChannelSpec {
  try {
    return read(spec, metadata);
  } catch (error) {
    if (isOperationError(error) && error.retry === 'never') {
      throw invalidObject(`Channel ${metadata.namespace}/${metadata.name}`, [error.message]);
    }
    throw error;
  }
}

function read(spec: ChannelSpecWire, channel: ChannelObjectWire['metadata']): ChannelSpec {
  const { publish } = spec;
  return {
    suspend: spec.suspend ?? false,
    apps: { names: spec.apps.names, labels: spec.apps.matchLabels },
    makesReleases: (spec.releases ?? 'Automatic') === 'Automatic',
    tests: decodeTests(spec.tests).map(requireForAll),
    requires: (spec.requires ?? []).map(decodeRequirement),
    soakMs: parseDuration(spec.soak ?? '0s', 'spec.soak'),
    schedule: spec.schedule && decodeSchedule(spec.schedule),
    gatherMs: parseDuration(spec.gather ?? '30s', 'spec.gather'),
    tryOn: spec.tryOn && decodeTryOn(spec.tryOn, channel),
    gates: decodeGatesOf(spec.gates),
    notify: decodeNotify(spec.notify),
    rollout: decodeRollout(spec.rollout ?? {}),
    publish: {
      place: placeOf(publish),
      keysSecret: publish.keysRef.name,
      lifetimes: lifetimesOf(publish),
    },
    reports: spec.reports && decodeReports(spec.reports),
    deadEnds: spec.deadEnds ?? [],
    retention: spec.retention ?? 20,
  };
}

function decodeSchedule({
  cron,
  timeZone: zone = 'UTC',
}: NonNullable<ChannelSpecWire['schedule']>): NonNullable<ChannelSpec['schedule']> {
  return {
    times: parseCron(cron, 'spec.schedule.cron'),
    offsetAt: timeZone(zone, 'spec.schedule.timeZone'),
  };
}

/** Kinds that belong to one App, or whose answer would have to find its way back to an Update. */
function requireForAll(test: ReturnType<typeof decodeTests>[number], index: number): RunnableTest {
  const { probe } = test;
  const field = `spec.tests[${index}]`;
  if (probe.kind === 'Analysis' || probe.kind === 'Helm') {
    const kind = probe.kind.toLowerCase();
    throw invalidObject(`${field}.${kind}`, ['a Channel tests several Apps; put this into spec.tests of the App']);
  }
  if (probe.kind === 'Webhook' && probe.poll === undefined) {
    throw invalidObject(`${field}.webhook`, ['a Channel has no address for answers; set poll']);
  }
  return { ...test, probe };
}

const defaultFailures = 3;
const defaultPercent = 5;

function decodeReports({
  secretRef,
  pauseAt = {},
  unpaused = [],
}: NonNullable<ChannelSpecWire['reports']>): ReportSettings {
  const { failures = defaultFailures, percent = defaultPercent } = pauseAt;
  return { tokenSecret: secretRef?.name, pauseAt: { failures, share: percent / 100 }, unpaused };
}

function placeOf({ folder, url = '', secretRef, certSecretRef }: ChannelSpecWire['publish']): PublishPlace {
  if (folder !== undefined) {
    return { kind: 'Folder', path: parseTreePath(folder.path, 'spec.publish.folder.path') };
  }
  const { kind } = parseChannelAddress(url, 'spec.publish.url');
  if (kind === 'Web' || kind === 'File') {
    throw invalidObject('spec.publish.url', [
      `"${url}" cannot be published to; write s3://, oci:// or git+https://, or set spec.publish.folder`,
    ]);
  }
  return { kind: 'Address', url, loginSecret: secretRef?.name, caSecret: certSecretRef?.name };
}

function lifetimesOf(publish: ChannelSpecWire['publish']): Lifetimes {
  return {
    timestampMs: lifetimeOf(publish.timestampLifetime ?? '72h', 'spec.publish.timestampLifetime'),
    snapshotMs: lifetimeOf(publish.snapshotLifetime ?? '336h', 'spec.publish.snapshotLifetime'),
    targetsMs: lifetimeOf(publish.targetsLifetime ?? '2160h', 'spec.publish.targetsLifetime'),
  };
}

const shortestLifetimeMs = 60_000;

function lifetimeOf(text: string, field: string): number {
  const lifetimeMs = parseDuration(text, field);
  if (lifetimeMs < shortestLifetimeMs) {
    throw invalidObject(field, [
      `"${text}" is below a minute, in which nobody could sign it anew; write for example 72h`,
    ]);
  }
  return lifetimeMs;
}

function decodeRequirement(
  { app, version, needs }: NonNullable<ChannelSpecWire['requires']>[number],
  index: number,
): MemberRequirement {
  const field = `spec.requires[${index}]`;
  const ranges = { version, 'needs.version': needs.version, 'needs.kubernetes': needs.kubernetes };
  for (const [name, range] of Object.entries(ranges)) {
    if (range !== undefined && parseSemverRange(range) === undefined) {
      throw invalidObject(`${field}.${name}`, [`"${range}" is no range of versions; write for example >=2.1`]);
    }
  }
  if ((needs.app === undefined) !== (needs.version === undefined)) {
    throw invalidObject(`${field}.needs`, ['app and version go together; set both, or neither']);
  }
  if (needs.app === undefined && needs.kubernetes === undefined) {
    throw invalidObject(`${field}.needs`, ['nothing is needed; set app and version, or kubernetes']);
  }
  return { app, version, needs: { app: needs.app, version: needs.version }, kubernetes: needs.kubernetes };
}

/**
 * Reads a rollout, of a Channel or of the index of a channel.
 *
 * @throws OBJECT_INVALID naming field, value and remedy
 */
function decodeRollout(wire: RolloutWire, field = 'spec.rollout'): Rollout {
  const { canary, curve, duration, paused = false } = wire;
  if (curve !== undefined && duration !== undefined && duration !== '0s') {
    throw invalidObject(field, [
      'duration is for a straight line, and curve says its own times; leave one of them out',
    ]);
  }
  return {
    points: curve === undefined ? straight(duration ?? '0s', field) : decodeCurve(curve, field),
    canary: canary && {
      group: canary.group,
      durationMs: parseDuration(canary.duration, `${field}.canary.duration`),
    },
    paused,
  };
}

function straight(duration: string, field: string): readonly RolloutPoint[] {
  return [{ afterMs: parseDuration(duration, `${field}.duration`), share: 1 }];
}

function decodeCurve(curve: NonNullable<RolloutWire['curve']>, field: string): readonly RolloutPoint[] {
  const points = curve.map(({ after, percent }, index) => ({
    afterMs: parseDuration(after, `${field}.curve[${index}].after`),
    share: percent / 100,
  }));
  const bad = points.findIndex((point, index) => {
    const before = points[index - 1];
    return before !== undefined && (point.afterMs <= before.afterMs || point.share < before.share);
  });
  if (bad >= 0) {
    throw invalidObject(`${field}.curve[${bad}]`, ['has to be later than the point before it, and not below it']);
  }
  return points.length === 0 ? [{ afterMs: 0, share: 1 }] : points;
}
