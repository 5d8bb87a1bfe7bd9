import {
  type CalendarReader,
  type CalendarVersion,
  calendarReader,
  compareCalendarVersions,
  parseCalendarVersion,
} from '../version/calver.ts';
import type { CalverPolicy } from './policy.ts';
import { policyInvalid } from './policy-invalid.ts';
import type { Rejection, TagOrder } from './ranking.ts';
import { orderByScheme, type Scheme } from './scheme.ts';

/**
 * The newest date, of the variant that runs; without a current tag of the plain build.
 *
 * @throws POLICY_INVALID when the format is none
 */
export function orderByCalver(policy: CalverPolicy): TagOrder {
  const { format } = policy;
  const scheme: Scheme<CalendarVersion> = {
    read: readerOf(format, 'policy.calver.format'),
    unreadable: {
      reason: 'NotAVersion',
      message: format === undefined ? 'is no date' : `is not of the form ${format}`,
    },
    judge: (current) => {
      const variant = current?.version?.variant ?? '';
      return (version) => judgeCalver(version, variant, policy.preReleases ?? false);
    },
    compare: compareCalendarVersions,
  };
  return orderByScheme(scheme, policy);
}

/**
 * The reader of a format, or of dates as they are usually written.
 *
 * @throws POLICY_INVALID naming the field
 */
export function readerOf(format: string | undefined, field: string): CalendarReader {
  if (format === undefined) {
    return parseCalendarVersion;
  }
  const reader = calendarReader(format);
  if (reader === undefined) {
    throw policyInvalid(field, `"${format}"`, 'is no calendar format; write for example YYYY.0M.0D or YY.0M[.MICRO]');
  }
  return reader;
}

function judgeCalver(version: CalendarVersion, variant: string, takesPrereleases: boolean): Rejection | undefined {
  if (version.variant !== variant) {
    return {
      reason: 'OtherVariant',
      message: `is of another variant than ${variant === '' ? 'the plain build' : `-${variant}`}`,
    };
  }
  return version.prerelease.length > 0 && !takesPrereleases
    ? { reason: 'PreRelease', message: 'is a pre-release, and preReleases is not set' }
    : undefined;
}
