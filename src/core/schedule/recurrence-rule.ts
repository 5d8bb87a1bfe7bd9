/**
 * Recurrence rules (RFC 5545 section 3.3.10) as far as they can be said by cron fields: those whose times follow from the calendar
 * alone. What counts from a start (INTERVAL above 1, COUNT) or looks back (BYSETPOS, "the last Friday") is refused by name.
 */
import { OperationError } from '../errors.ts';

const frequencies = ['MINUTELY', 'HOURLY', 'DAILY', 'WEEKLY', 'MONTHLY', 'YEARLY'] as const;
type Frequency = (typeof frequencies)[number];

const weekdays: Readonly<Record<string, string>> = {
  SU: 'sun',
  MO: 'mon',
  TU: 'tue',
  WE: 'wed',
  TH: 'thu',
  FR: 'fri',
  SA: 'sat',
};

const known = ['FREQ', 'INTERVAL', 'WKST', 'BYMONTH', 'BYMONTHDAY', 'BYDAY', 'BYHOUR', 'BYMINUTE', 'BYSECOND'];

/**
 * The six cron fields of a rule, second first.
 *
 * @param field where it stands, for messages
 * @throws OBJECT_INVALID naming field, part and remedy
 */
export function cronOfRule(text: string, field: string): string {
  const parts = readParts(text, field);
  const frequency = frequencies.find((one) => one === parts.get('FREQ'));
  if (frequency === undefined) {
    throw invalid(field, `FREQ is "${parts.get('FREQ') ?? ''}"; write one of ${frequencies.join(', ')}`);
  }
  if ((parts.get('INTERVAL') ?? '1') !== '1') {
    throw invalid(field, 'INTERVAL counts from a start that a window does not have; leave it out');
  }
  const numbers = (name: string, otherwise: string) => readNumbers(parts.get(name), name, field) ?? otherwise;
  const days = readDays(parts.get('BYDAY'), field);
  checkDays(
    frequency,
    { hasDays: days !== undefined, hasMonthDays: parts.has('BYMONTHDAY'), hasMonths: parts.has('BYMONTH') },
    field,
  );
  return [
    numbers('BYSECOND', '0'),
    numbers('BYMINUTE', frequency === 'MINUTELY' ? '*' : '0'),
    numbers('BYHOUR', frequency === 'MINUTELY' || frequency === 'HOURLY' ? '*' : '0'),
    numbers('BYMONTHDAY', '*'),
    numbers('BYMONTH', '*'),
    days ?? '*',
  ].join(' ');
}

function readParts(text: string, field: string): ReadonlyMap<string, string> {
  const parts = new Map<string, string>();
  for (const part of text
    .trim()
    .replace(/^RRULE:/i, '')
    .split(';')) {
    const [name = '', value = ''] = part.split('=').map((word) => word.trim().toUpperCase());
    if (!known.includes(name)) {
      throw invalid(field, `"${name.slice(0, 32)}" cannot be said by a window; it reads ${known.join(', ')}`);
    }
    if (parts.has(name)) {
      throw invalid(field, `${name} stands there twice`);
    }
    parts.set(name, value);
  }
  return parts;
}

function readNumbers(text: string | undefined, name: string, field: string): string | undefined {
  if (text !== undefined && !/^\d{1,2}(,\d{1,2})*$/.test(text)) {
    throw invalid(field, `${name} is "${text.slice(0, 32)}"; write numbers with commas, none of them negative`);
  }
  return text;
}

function readDays(text: string | undefined, field: string): string | undefined {
  return text
    ?.split(',')
    .map((day) => {
      const weekday = weekdays[day];
      if (weekday === undefined) {
        throw invalid(field, `BYDAY is "${text.slice(0, 32)}"; write days such as MO,TU without a number before them`);
      }
      return weekday;
    })
    .join(',');
}

interface Given {
  readonly hasDays: boolean;
  readonly hasMonthDays: boolean;
  readonly hasMonths: boolean;
}

/** Without them the day would be that of a start. With both, cron takes a day that fits either and a rule one that fits both. */
function checkDays(frequency: Frequency, { hasDays, hasMonthDays, hasMonths }: Given, field: string): void {
  if (hasDays && hasMonthDays) {
    throw invalid(field, 'BYDAY and BYMONTHDAY together cannot be said by a window; leave one out');
  }
  const needsDay =
    frequency === 'WEEKLY' ? !hasDays : ['MONTHLY', 'YEARLY'].includes(frequency) && !hasDays && !hasMonthDays;
  if (needsDay) {
    throw invalid(
      field,
      `FREQ=${frequency} needs BYDAY${frequency === 'WEEKLY' ? '' : ' or BYMONTHDAY'}, because a window has no start`,
    );
  }
  if (frequency === 'YEARLY' && !hasMonths) {
    throw invalid(field, 'FREQ=YEARLY needs BYMONTH, because a window has no start');
  }
}

function invalid(field: string, problem: string): OperationError {
  return new OperationError(`${field}: ${problem}`, { code: 'OBJECT_INVALID', retry: 'never', context: { field } });
}
