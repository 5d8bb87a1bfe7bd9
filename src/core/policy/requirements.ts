/** What a version must fulfil besides its place in the order of the policy; judged where registry and cluster can be asked. */
import { parseDuration } from '../duration.ts';
import { isOperationError } from '../errors.ts';
import { type Platform, parsePlatform } from '../image/platform.ts';
import { policyInvalid } from './policy-invalid.ts';

export interface Requirements {
  /** Since the time that `ageFrom` names. */
  readonly minimumAgeMs?: number | undefined;
  /** `Created`: what the version says of itself is believed. */
  readonly ageFrom?: AgeFrom | undefined;
  readonly platforms?: PlatformRequirement | undefined;
}

export interface PlatformRequirement {
  /** Those of all nodes on which the workloads may run. */
  readonly ofNodes: boolean;
  readonly named: readonly Platform[];
}

/** Since when a version is old: since it was seen here first, or since its maker says that it was created. */
export const ageOrigins = ['FirstSeen', 'Created'] as const;

export type AgeFrom = (typeof ageOrigins)[number];

export const clockOrigins = ['Created', 'Untold'] as const;

export type ClockOrigin = (typeof clockOrigins)[number];

/** The clock of minimumAge of a candidate. */
export interface FirstSeen {
  readonly digest: string;
  readonly tag: string;
  readonly at: Date;
  /** `Created`: by its maker. `Untold`: it was seen first then, and its maker, who would be believed, tells nothing. Absent: it was seen first. */
  readonly by?: ClockOrigin | undefined;
}

/** In place of a platform: those of the nodes. */
const nodesWord = 'Nodes';

export interface WrittenRequirements {
  readonly minimumAge?: string | undefined;
  readonly ageFrom?: AgeFrom | undefined;
  readonly platforms?: readonly string[] | undefined;
}

/**
 * @param field of the policy, e.g. `spec.sources[0].image.policy`
 * @returns undefined when nothing is required
 * @throws POLICY_INVALID naming field, value and remedy
 */
export function parseRequirements(
  { minimumAge, ageFrom, platforms = [] }: WrittenRequirements,
  field: string,
): Requirements | undefined {
  const minimumAgeMs = minimumAge === undefined ? 0 : parseAge(minimumAge, `${field}.minimumAge`);
  const named = platforms.flatMap((text, at) =>
    text === nodesWord ? [] : [parseNamed(text, `${field}.platforms[${at}]`)],
  );
  if (ageFrom !== undefined && minimumAgeMs === 0) {
    throw policyInvalid(`${field}.ageFrom`, `"${ageFrom}"`, 'means nothing without minimumAge; leave it out');
  }
  if (minimumAgeMs === 0 && platforms.length === 0) {
    return undefined;
  }
  return {
    ...(minimumAgeMs === 0 ? {} : { minimumAgeMs, ...(ageFrom === 'Created' && { ageFrom }) }),
    ...(platforms.length === 0 ? {} : { platforms: { ofNodes: platforms.includes(nodesWord), named } }),
  };
}

function parseAge(text: string, field: string): number {
  try {
    return parseDuration(text, field);
  } catch (error) {
    if (isOperationError(error)) {
      throw policyInvalid(field, `"${text}"`, 'is no duration of at most a year; write for example 72h');
    }
    throw error;
  }
}

function parseNamed(text: string, field: string): Platform {
  const platform = parsePlatform(text);
  if (platform === undefined) {
    throw policyInvalid(field, `"${text}"`, `is no platform; write for example linux/arm64, or ${nodesWord}`);
  }
  return platform;
}
