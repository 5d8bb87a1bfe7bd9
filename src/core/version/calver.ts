/** Versions made of a date (calver.org): `2024.05.1`, `24.04`, `20240131`, `RELEASE.2024-01-16T16-07-38Z`. */
import { comparePrereleases } from './semver.ts';
import { compareCounters, compareTexts, parseSuffix, type Suffix } from './tag-version.ts';

export interface CalendarVersion extends Suffix {
  /** From the one that weighs most to the least, as they are written. */
  readonly numbers: readonly number[];
}

/** Reads tags of one form. */
export type CalendarReader = (text: string) => CalendarVersion | undefined;

interface Token {
  readonly digits: string;
  readonly from: number;
  readonly to: number;
}

const anyNumber: Token = { digits: '[0-9]{1,15}', from: 0, to: Number.MAX_SAFE_INTEGER };

/** The words of a format: those of calver.org, and hours, minutes, seconds. */
const tokens: Readonly<Record<string, Token>> = {
  YYYY: { digits: '[0-9]{4}', from: 1970, to: 9999 },
  YY: { digits: '[0-9]{1,3}', from: 0, to: 999 },
  '0Y': { digits: '[0-9]{2,3}', from: 0, to: 999 },
  MM: { digits: '[0-9]{1,2}', from: 1, to: 12 },
  '0M': { digits: '[0-9]{2}', from: 1, to: 12 },
  WW: { digits: '[0-9]{1,2}', from: 0, to: 53 },
  '0W': { digits: '[0-9]{2}', from: 0, to: 53 },
  DD: { digits: '[0-9]{1,2}', from: 1, to: 31 },
  '0D': { digits: '[0-9]{2}', from: 1, to: 31 },
  hh: { digits: '[0-9]{2}', from: 0, to: 23 },
  mm: { digits: '[0-9]{2}', from: 0, to: 59 },
  ss: { digits: '[0-9]{2}', from: 0, to: 60 },
  MAJOR: anyNumber,
  MINOR: anyNumber,
  MICRO: anyNumber,
};

const tokenPattern = /YYYY|YY|0Y|MM|0M|WW|0W|DD|0D|hh|mm|ss|MAJOR|MINOR|MICRO|[[\]]/g;

/**
 * Makes a reader of a format such as `YYYY.0M.0D`, `YY.0M[.MICRO]` or `RELEASE.YYYY-0M-0DThh-mm-ssZ`. What stands in brackets
 * may be missing and is zero then; a suffix behind a dash (`-alpine`, `-rc1`) is read as in other tags.
 *
 * @returns undefined when the format has no year, or its brackets do not fit
 */
export function calendarReader(format: string): CalendarReader | undefined {
  if (!/YY|0Y/.test(format) || !/^[^[\]]*(?:\[[^[\]]+\][^[\]]*)*$/.test(format)) {
    return undefined;
  }
  const used: Token[] = [];
  let source = '';
  let end = 0;
  for (const match of format.matchAll(tokenPattern)) {
    source += escapeLiteral(format.slice(end, match.index));
    end = match.index + match[0].length;
    const token = tokens[match[0]];
    if (token === undefined) {
      source += match[0] === '[' ? '(?:' : ')?';
    } else {
      used.push(token);
      source += `(${token.digits})`;
    }
  }
  const pattern = new RegExp(`^v?${source}${escapeLiteral(format.slice(end))}(?:-(.+))?$`);
  return (text) => readByFormat(pattern, used, text);
}

function readByFormat(pattern: RegExp, used: readonly Token[], text: string): CalendarVersion | undefined {
  const match = pattern.exec(text);
  if (match === null) {
    return undefined;
  }
  const numbers = used.map((_, index) => Number(match[index + 1] ?? 0));
  const isDate = used.every(({ from, to }, index) => {
    const number = numbers[index] ?? 0;
    return match[index + 1] === undefined || (number >= from && number <= to);
  });
  return isDate ? { numbers, ...parseSuffix(match[used.length + 1]) } : undefined;
}

/**
 * Reads dates without a format: a year of four digits, or of two where another number follows, then numbers parted by `.`,
 * `-` or `_`; or eight, twelve or fourteen digits in one. Undefined for all else.
 */
export function parseCalendarVersion(text: string): CalendarVersion | undefined {
  const match = /^v?([0-9]+)((?:[._-][0-9]{1,15})*)(?:-(.+))?$/.exec(text);
  if (match === null) {
    return undefined;
  }
  const [, first = '', others = '', suffix] = match;
  const rest = (others.match(/[0-9]+/g) ?? []).map(Number);
  const date = first.length === 2 && rest.length > 0 ? [2000 + Number(first)] : splitDate(first);
  return date && { numbers: [...date, ...rest], ...parseSuffix(suffix) };
}

/** `2024`, `20240131`, `202401311859` or `20240131185959` as numbers. */
function splitDate(digits: string): readonly number[] | undefined {
  if (![4, 8, 12, 14].includes(digits.length)) {
    return undefined;
  }
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = [
    digits.slice(0, 4),
    ...(digits.slice(4).match(/../g) ?? []),
  ].map(Number);
  const isDate = year >= 1970 && month >= 1 && month <= 12 && day >= 1 && day <= 31;
  const isTime = hour < 24 && minute < 60 && second <= 60;
  return isDate && isTime ? [year, month, day, hour, minute, second].slice(0, (digits.length - 2) / 2) : undefined;
}

/** By date, release after pre-release, then variant and counters: total. */
export function compareCalendarVersions(left: CalendarVersion, right: CalendarVersion): number {
  return (
    compareCounters(left.numbers, right.numbers) ||
    comparePrereleases(left.prerelease, right.prerelease) ||
    compareTexts(left.variant, right.variant) ||
    compareCounters(left.counters, right.counters)
  );
}

function escapeLiteral(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&');
}
