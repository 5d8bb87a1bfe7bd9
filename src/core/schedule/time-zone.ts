/** Offsets of IANA time zones, from the data that Node carries. */
import { OperationError } from '../errors.ts';

/** Milliseconds to add to UTC to get what clocks of the zone show. */
export type OffsetAt = (instantMs: number) => number;

/**
 * The offsets of a zone.
 *
 * @param name for example `Europe/Amsterdam`; `UTC` costs nothing
 * @param field where it stands, for the message
 * @throws OBJECT_INVALID naming field, value and remedy
 */
export function timeZone(name: string, field: string): OffsetAt {
  if (name === 'UTC') {
    return () => 0;
  }
  const format = formatOf(name, field);
  const known = new Map<number, number>();
  return (instantMs) => {
    const wholeMs = Math.floor(instantMs / 1_000) * 1_000;
    const offsetMs = known.get(wholeMs) ?? read(format, wholeMs);
    if (known.size >= mostKnown) {
      known.clear();
    }
    known.set(wholeMs, offsetMs);
    return offsetMs;
  };
}

/** The same few instants are asked for again and again while a schedule is looked through, and formatting costs microseconds. */
const mostKnown = 2_000;

function read(format: Intl.DateTimeFormat, wholeMs: number): number {
  const parts = new Map(format.formatToParts(wholeMs).map(({ type, value }) => [type, Number(value)]));
  const at = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? 0;
  return Date.UTC(at('year'), at('month') - 1, at('day'), at('hour'), at('minute'), at('second')) - wholeMs;
}

function formatOf(name: string, field: string): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat('en-US', {
      timeZone: name,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  } catch (error) {
    const longestName = 64;
    throw new OperationError(
      `${field}: "${name.slice(0, longestName)}" is not a time zone; write for example UTC or Europe/Amsterdam`,
      { code: 'OBJECT_INVALID', retry: 'never', context: { field }, cause: error },
    );
  }
}
