/** What a version must fulfil besides its place in the order of the policy; judged where registry and cluster can be asked. */
import { parseDuration } from '../duration.ts';
import { isOperationError } from '../errors.ts';
import { type Platform, parsePlatform } from '../image/platform.ts';
import { policyInvalid } from './policy-invalid.ts';

export interface Requirements {
  /** Since it was seen first. */
  readonly minimumAgeMs?: number | undefined;
  readonly platforms?: PlatformRequirement | undefined;
}

export interface PlatformRequirement {
  /** Those of all nodes on which the workloads may run. */
  readonly ofNodes: boolean;
  readonly named: readonly Platform[];
}

/** When a candidate was seen first: the clock of minimumAge. */
export interface FirstSeen {
  readonly digest: string;
  readonly tag: string;
  readonly at: Date;
}

/** In place of a platform: those of the nodes. */
const nodesWord = 'Nodes';

export interface WrittenRequirements {
  readonly minimumAge?: string | undefined;
  readonly platforms?: readonly string[] | undefined;
}

/**
 * @param field of the policy, e.g. `spec.sources[0].image.policy`
 * @returns undefined when nothing is required
 * @throws POLICY_INVALID naming field, value and remedy
 */
export function parseRequirements(
  { minimumAge, platforms = [] }: WrittenRequirements,
  field: string,
): Requirements | undefined {
  const minimumAgeMs = minimumAge === undefined ? 0 : parseAge(minimumAge, `${field}.minimumAge`);
  const named = platforms.flatMap((text, at) =>
    text === nodesWord ? [] : [parseNamed(text, `${field}.platforms[${at}]`)],
  );
  if (minimumAgeMs === 0 && platforms.length === 0) {
    return undefined;
  }
  return {
    ...(minimumAgeMs === 0 ? {} : { minimumAgeMs }),
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
