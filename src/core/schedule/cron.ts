/**
 * Times as cron writes them: five fields (minute first), or six with seconds in front, and descriptors such as `@hourly`
 * and `@every 10m`. What robfig/cron and its forks read is read here with the same meaning.
 */
import { OperationError } from '../errors.ts';

/** One set of numbers a field; ordered as in six-field text. */
export interface CronFields {
  readonly seconds: ReadonlySet<number>;
  readonly minutes: ReadonlySet<number>;
  readonly hours: ReadonlySet<number>;
  readonly days: ReadonlySet<number>;
  /** 1 is January. */
  readonly months: ReadonlySet<number>;
  /** 0 is Sunday. */
  readonly weekdays: ReadonlySet<number>;
  /** Every hour is in it, so that the text means "each hour" and not a time of the day. */
  readonly isHourly: boolean;
  /** With both days restricted a day that fits either of them fits (crontab(5)); with one of them, that one decides. */
  readonly isEitherDay: boolean;
}

export type CronTimes =
  | { readonly kind: 'Fields'; readonly fields: CronFields }
  | { readonly kind: 'Every'; readonly everyMs: number };

interface FieldRange {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  /** Lower case; the first stands for `from`. */
  readonly names?: readonly string[];
}

const monthNames = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const weekdayNames = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

const ranges = {
  seconds: { name: 'second', from: 0, to: 59 },
  minutes: { name: 'minute', from: 0, to: 59 },
  hours: { name: 'hour', from: 0, to: 23 },
  days: { name: 'day of month', from: 1, to: 31 },
  months: { name: 'month', from: 1, to: 12, names: monthNames },
  weekdays: { name: 'day of week', from: 0, to: 6, names: weekdayNames },
} as const satisfies Readonly<Record<string, FieldRange>>;

const descriptors: Readonly<Record<string, string>> = {
  '@yearly': '0 0 0 1 1 *',
  '@annually': '0 0 0 1 1 *',
  '@monthly': '0 0 0 1 * *',
  '@weekly': '0 0 0 * * 0',
  '@daily': '0 0 0 * * *',
  '@midnight': '0 0 0 * * *',
  '@hourly': '0 0 * * * *',
};

const maxCronLength = 256;

const examples = 'write for example "0 0 3 * * *", "30 2 * * mon-fri", "@hourly" or "@every 10m"';

/**
 * Reads a text.
 *
 * @param field where it stands, for the message, e.g. `spec.schedule.cron`
 * @throws OBJECT_INVALID naming field, value and remedy
 */
export function parseCron(text: string, field: string): CronTimes {
  const trimmed = text.trim();
  const shown = `"${trimmed.slice(0, maxCronLength)}"`;
  const refuse = (problem: string): OperationError =>
    new OperationError(`${field}: ${shown} ${problem}; ${examples}`, {
      code: 'OBJECT_INVALID',
      retry: 'never',
      context: { field },
    });
  if (trimmed.length > maxCronLength) {
    throw refuse(`has more than ${maxCronLength} characters`);
  }
  if (trimmed.startsWith('@every ')) {
    return { kind: 'Every', everyMs: parseEvery(trimmed.slice('@every '.length).trim(), refuse) };
  }
  const plain = trimmed.startsWith('@') ? descriptorOf(trimmed, refuse) : trimmed;
  const parts = plain.split(/\s+/);
  const [seconds = '', minutes = '', hours = '', days = '', months = '', weekdays = ''] =
    parts.length === 5 ? ['0', ...parts] : parts;
  if (parts.length !== 5 && parts.length !== 6) {
    throw refuse(`has ${parts.length} fields in place of 5 or 6`);
  }
  const fields = {
    seconds: parseField(seconds, ranges.seconds, refuse),
    minutes: parseField(minutes, ranges.minutes, refuse),
    hours: parseField(hours, ranges.hours, refuse),
    days: parseField(days, ranges.days, refuse),
    months: parseField(months, ranges.months, refuse),
    weekdays: parseField(weekdays, ranges.weekdays, refuse),
    isHourly: isWild(hours),
    isEitherDay: !isWild(days) && !isWild(weekdays),
  };
  return { kind: 'Fields', fields };
}

type Refuse = (problem: string) => OperationError;

function descriptorOf(text: string, refuse: Refuse): string {
  const plain = Object.hasOwn(descriptors, text) ? descriptors[text] : undefined;
  if (plain === undefined) {
    throw refuse(`is none of ${Object.keys(descriptors).join(', ')} and @every`);
  }
  return plain;
}

/** `*` and `?`, also with a step: the field restricts nothing, or only by it. */
function isWild(text: string): boolean {
  return /^[*?]/.test(text);
}

function parseField(text: string, range: FieldRange, refuse: Refuse): ReadonlySet<number> {
  const values = new Set<number>();
  for (const part of text.split(',')) {
    const { from, to, step } = parsePart(part, range, refuse);
    for (let value = from; value <= to; value += step) {
      values.add(value);
    }
  }
  return values;
}

interface Part {
  readonly from: number;
  readonly to: number;
  readonly step: number;
}

/** `*`, `5`, `1-5`, and each of them with a step; `5/10` goes on to the end of the range. */
function parsePart(part: string, range: FieldRange, refuse: Refuse): Part {
  const match = /^(?:([*?])|([^-/*?]+)(?:-([^-/]+))?)(?:\/([0-9]{1,4}))?$/.exec(part);
  const [, wild, first = '', last, steps] = match ?? [];
  const step = Number(steps ?? 1);
  if (match === null || step === 0) {
    throw refuse(`has "${part}" as ${range.name}, which is neither a value nor a range`);
  }
  if (wild !== undefined) {
    return { from: range.from, to: range.to, step };
  }
  const from = numberIn(first, range, refuse);
  const to = last === undefined ? undefined : numberIn(last, range, refuse);
  if (to !== undefined && from > to) {
    throw refuse(`has "${part}" as ${range.name}, whose end is before its beginning`);
  }
  return { from, to: to ?? (steps === undefined ? from : range.to), step };
}

function numberIn(text: string, range: FieldRange, refuse: Refuse): number {
  const named = range.names?.indexOf(text.toLowerCase()) ?? -1;
  const value = named >= 0 ? range.from + named : Number(/^[0-9]{1,4}$/.test(text) ? text : Number.NaN);
  if (!(value >= range.from && value <= range.to)) {
    throw refuse(`has "${text}" as ${range.name}, which goes from ${range.from} to ${range.to}`);
  }
  return value;
}

const unitsMs: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
};

const durationPart = /([0-9]+\.?[0-9]*|\.[0-9]+)(ns|us|µs|ms|s|m|h)/g;
const longestEveryMs = 8_760 * 3_600_000;

/** Go's time.ParseDuration; whole seconds, one at least, as robfig/cron rounds them. */
function parseEvery(text: string, refuse: Refuse): number {
  if (text.replaceAll(durationPart, '') !== '' || text === '') {
    throw refuse('names no duration after @every');
  }
  let totalMs = 0;
  for (const [, amount = '0', unit = 'ms'] of text.matchAll(durationPart)) {
    totalMs += Number(amount) * (unitsMs[unit] ?? 0);
  }
  if (totalMs > longestEveryMs) {
    throw refuse('is longer than a year');
  }
  return Math.max(1_000, Math.floor(totalMs / 1_000) * 1_000);
}
