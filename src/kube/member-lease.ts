/** The Lease of one replica: that it lives, and in an annotation which shards it claims. */
import { microTime } from './clock.ts';
import type { Lease } from './lease-term.ts';
import type { MemberRecord } from './member-view.ts';
import { apiVersionOf, type ObjectKey } from './objects.ts';
import { leases } from './resource-types.ts';

export interface Said {
  /** Goes up with each attempt to write the Lease. */
  readonly write: number;
  readonly shards: readonly number[];
}

export interface MemberLeaseOptions {
  readonly key: ObjectKey;
  readonly group: string;
  readonly label: string;
  readonly annotation: string;
  readonly identity: string;
  readonly durationMs: number;
  readonly now: Date;
}

/** @param before as it stands now; undefined where there is none */
export function writeMemberLease(
  { key, group, label, annotation, identity, durationMs, now }: MemberLeaseOptions,
  said: Said,
  before: Lease | undefined,
): Lease {
  const nowText = microTime(now);
  const metadata = before?.metadata ?? { ...key, labels: { [label]: group } };
  return {
    apiVersion: apiVersionOf(leases),
    kind: leases.kind,
    metadata: { ...metadata, annotations: { ...metadata.annotations, [annotation]: JSON.stringify(said) } },
    spec: {
      holderIdentity: identity,
      leaseDurationSeconds: Math.max(1, Math.ceil(durationMs / 1_000)),
      acquireTime: before?.spec?.acquireTime ?? nowText,
      renewTime: nowText,
    },
  };
}

const usualSeconds = 10;
const longestSeconds = 60;

/** A Lease that says nothing that can be read claims nothing; it ends as the others do, after a minute at the latest. */
export function readMemberLease(lease: Lease, annotation: string): MemberRecord {
  const said = parseSaid(lease.metadata.annotations?.[annotation]);
  const seconds = Math.min(lease.spec?.leaseDurationSeconds ?? usualSeconds, longestSeconds);
  return { ...said, identity: holderOf(lease), durationMs: seconds * 1_000 };
}

export function holderOf({ metadata, spec }: Lease): string {
  return spec?.holderIdentity || metadata.name;
}

const longestAnnotation = 65_536;
const nothing: Said = { write: 0, shards: [] };

function parseSaid(text: string | undefined): Said {
  if (text === undefined || text.length > longestAnnotation) {
    return nothing;
  }
  try {
    const said: unknown = JSON.parse(text);
    return isSaid(said) ? said : nothing;
  } catch {
    return nothing;
  }
}

function isSaid(value: unknown): value is Said {
  return (
    typeof value === 'object' &&
    value !== null &&
    'write' in value &&
    Number.isSafeInteger(value.write) &&
    'shards' in value &&
    Array.isArray(value.shards) &&
    value.shards.every(Number.isSafeInteger)
  );
}
