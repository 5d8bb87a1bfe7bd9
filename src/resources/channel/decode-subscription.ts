/** Subscription: wire form -> what the product works with. */
import Type, { type Static } from 'typebox';
import { parseChannelAddress, spellChannelAddress } from '../../core/channel/address.ts';
import type { EvidenceDemand, Follow, SubscriptionSpec } from '../../core/channel/subscription.ts';
import { parseDuration } from '../../core/duration.ts';
import { isOperationError } from '../../core/errors.ts';
import { parseSemverRange } from '../../core/version/semver-range.ts';
import { decodeGatesOf } from '../app/decode-gates.ts';
import { decoderOf, invalidObject } from '../decode.ts';
import { Metadata } from '../metadata.ts';
import { SubscriptionSpecSchema, type SubscriptionSpecWire, SubscriptionStatusSchema } from './subscription.ts';

const SubscriptionObject = Type.Object({
  metadata: Metadata,
  spec: SubscriptionSpecSchema,
  status: Type.Optional(SubscriptionStatusSchema),
});

/** A Subscription as the API server gives it, its shape checked. */
export type SubscriptionObjectWire = Static<typeof SubscriptionObject>;

const decodeShape = decoderOf(SubscriptionObject);

/** @throws OBJECT_INVALID */
export function decodeSubscription(object: unknown, what: string): SubscriptionObjectWire {
  return decodeShape(object, what);
}

/**
 * Checks the meaning of a Subscription's spec.
 *
 * @throws OBJECT_INVALID naming field, value and remedy
 */
export function decodeSubscriptionSpec({ metadata, spec }: SubscriptionObjectWire): SubscriptionSpec {
  try {
    return read(spec);
  } catch (error) {
    if (isOperationError(error) && error.retry === 'never') {
      throw invalidObject(`Subscription ${metadata.namespace}/${metadata.name}`, [error.message]);
    }
    throw error;
  }
}

const shortestIntervalMs = 10_000;

function read(spec: SubscriptionSpecWire): SubscriptionSpec {
  const { trustedRoot } = spec;
  // They go into Apps as they stand; what is wrong with them is said here already.
  decodeGatesOf(spec.gates);
  for (const { gates } of spec.overlay ?? []) {
    decodeGatesOf(gates);
  }
  return {
    suspend: spec.suspend ?? false,
    urls: [
      decodeAddress(spec.url, 'spec.url'),
      ...(spec.mirrors ?? []).map((url) => decodeAddress(url, 'spec.mirrors')),
    ],
    loginSecret: spec.secretRef?.name,
    caSecret: spec.certSecretRef?.name,
    trustedRoot: {
      kind: trustedRoot.kind ?? 'ConfigMap',
      name: trustedRoot.name,
      key: trustedRoot.key ?? 'root.json',
    },
    intervalMs: decodeInterval(spec.interval ?? '30m'),
    wariness: spec.wariness,
    group: spec.group,
    follow: followOf(spec),
    evidence: decodeEvidence(spec.evidence ?? {}),
    apps: spec.apps,
    installsNewApps: (spec.newApps ?? 'Install') === 'Install',
    deletesDroppedApps: spec.droppedApps === 'Delete',
    goesBackFromWithdrawn: spec.onWithdrawn === 'GoBack',
    namespaces: spec.namespaces ?? {},
  };
}

function decodeInterval(text: string): number {
  const intervalMs = parseDuration(text, 'spec.interval');
  if (intervalMs < shortestIntervalMs) {
    throw invalidObject('spec.interval', [`"${text}" is below 10s, which no server thanks you for; use 10s or more`]);
  }
  return intervalMs;
}

function followOf({ mode, pin }: SubscriptionSpecWire): Follow {
  if (mode === 'Hold') {
    return { kind: 'Hold' };
  }
  return pin === undefined ? { kind: 'Newest' } : { kind: 'Pin', release: pin };
}

function decodeEvidence(evidence: NonNullable<SubscriptionSpecWire['evidence']>): EvidenceDemand {
  const { kubernetes } = evidence;
  if (kubernetes !== undefined && parseSemverRange(kubernetes) === undefined) {
    const problem = `"${kubernetes}" is no range of versions; write for example >=1.34`;
    throw invalidObject('spec.evidence.kubernetes', [problem]);
  }
  return {
    kubernetes,
    minimumSoakMs: parseDuration(evidence.minimumSoak ?? '0s', 'spec.evidence.minimumSoak'),
    minimumAgeMs: parseDuration(evidence.minimumAge ?? '0s', 'spec.evidence.minimumAge'),
    tests: evidence.tests ?? [],
  };
}

/** @throws REFERENCE_INVALID */
function decodeAddress(text: string, field: string): string {
  parseChannelAddress(text, field);
  return spellChannelAddress(text);
}
