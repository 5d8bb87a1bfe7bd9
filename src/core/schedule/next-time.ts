/** When a schedule is due next. Pure: from a time to a time, in a time zone. */
import type { CronFields, CronTimes } from './cron.ts';
import type { OffsetAt } from './time-zone.ts';

/** Times and the clock that they are read on. */
export interface Schedule {
  readonly times: CronTimes;
  readonly offsetAt: OffsetAt;
}

const secondMs = 1_000;
const minuteMs = 60_000;
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** February 29 is eight years away at most. */
const horizonMs = 9 * 366 * dayMs;

/**
 * The first time of a schedule after an instant; undefined when there is none (February 30).
 *
 * A time of the day that clocks jump over is due at the jump, and one that they show twice only once, so that what is daily
 * stays daily. `@every` counts from a point that follows from the seed and not from when a process began: a restart
 * changes nothing, and many who say the same are spread.
 *
 * @param seed any text that stays the same, for example the uid of the object
 */
export function nextTime({ times, offsetAt }: Schedule, after: Date, seed?: string): Date | undefined {
  if (times.kind === 'Every') {
    const phaseMs = seed === undefined ? 0 : Math.floor(positionOf(seed) * times.everyMs);
    const passed = Math.floor((after.getTime() - phaseMs) / times.everyMs) + 1;
    return new Date(passed * times.everyMs + phaseMs);
  }
  const foundMs = nextInZone(times.fields, offsetAt, after.getTime());
  return foundMs === undefined ? undefined : new Date(foundMs);
}

/** A number in [0, 1), by FNV-1a: spreading needs no more. */
function positionOf(seed: string): number {
  let hash = 0x811c9dc5;
  for (const character of seed) {
    hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193);
  }
  return (hash >>> 0) / 2 ** 32;
}

function nextInZone(fields: CronFields, offsetAt: OffsetAt, afterMs: number): number | undefined {
  /** From where on clocks are known to show `offsetAt(knownMs)`; what is looked for is not before `fromMs`. */
  let knownMs = Math.floor(afterMs / secondMs) * secondMs;
  let fromMs = knownMs + secondMs;
  const endMs = afterMs + horizonMs;
  while (fromMs < endMs) {
    const offsetMs = offsetAt(knownMs);
    const wallMs = nextOnWall(fields, fromMs + offsetMs, endMs + offsetMs);
    if (wallMs === undefined) {
      return undefined;
    }
    const foundMs = wallMs - offsetMs;
    const changeMs = nextChange(offsetAt, knownMs, foundMs);
    if (changeMs === undefined && !isSecondShowing(fields, offsetAt, foundMs)) {
      return foundMs;
    }
    if (changeMs !== undefined && isJumpedOver(fields, wallMs, changeMs + offsetAt(changeMs))) {
      return changeMs;
    }
    knownMs = changeMs ?? foundMs;
    fromMs = changeMs ?? foundMs + secondMs;
  }
  return undefined;
}

/** Zones keep an offset for weeks at least. */
const searchStepMs = 7 * dayMs;

/** The first instant after `fromMs`, up to `toMs`, that has another offset. */
function nextChange(offsetAt: OffsetAt, fromMs: number, toMs: number): number | undefined {
  const offsetMs = offsetAt(fromMs);
  for (let lowMs = fromMs; lowMs < toMs; lowMs += searchStepMs) {
    let highMs = Math.min(lowMs + searchStepMs, toMs);
    if (offsetAt(highMs) === offsetMs) {
      continue;
    }
    let sameMs = lowMs;
    while (highMs - sameMs > secondMs) {
      const middleMs = sameMs + Math.floor((highMs - sameMs) / 2 / secondMs) * secondMs;
      if (offsetAt(middleMs) === offsetMs) {
        sameMs = middleMs;
      } else {
        highMs = middleMs;
      }
    }
    return highMs;
  }
  return undefined;
}

/** @param jumpEndMs what clocks show right after the jump */
function isJumpedOver({ isHourly }: CronFields, wallMs: number, jumpEndMs: number): boolean {
  return !isHourly && wallMs < jumpEndMs;
}

/** Clocks go back by half an hour, one or two. */
const setBacksMs = [hourMs / 2, hourMs, 2 * hourMs];

function isSecondShowing({ isHourly }: CronFields, offsetAt: OffsetAt, instantMs: number): boolean {
  return !isHourly && setBacksMs.some((backMs) => offsetAt(instantMs - backMs) === offsetAt(instantMs) + backMs);
}

/** The first time from `fromMs` on, itself included, that the fields fit; wall clock times as if they were UTC. */
function nextOnWall(fields: CronFields, fromMs: number, endMs: number): number | undefined {
  let atMs = fromMs;
  while (atMs <= endMs) {
    const dayStartMs = Math.floor(atMs / dayMs) * dayMs;
    const day = new Date(dayStartMs);
    if (!fields.months.has(day.getUTCMonth() + 1)) {
      atMs = Date.UTC(day.getUTCFullYear(), day.getUTCMonth() + 1, 1);
      continue;
    }
    const second = isDay(fields, day) ? nextInDay(fields, Math.ceil((atMs - dayStartMs) / secondMs)) : undefined;
    if (second !== undefined) {
      return dayStartMs + second * secondMs;
    }
    atMs = dayStartMs + dayMs;
  }
  return undefined;
}

const [secondsOfDay, secondsOfHour, secondsOfMinute] = [dayMs / secondMs, hourMs / secondMs, minuteMs / secondMs];

/** From a second of the day on, itself included; in plain numbers, as a Date for each step is what costs most here. */
function nextInDay({ hours, minutes, seconds }: CronFields, from: number): number | undefined {
  let at = from;
  while (at < secondsOfDay) {
    if (!hours.has(Math.floor(at / secondsOfHour))) {
      at = startOfNext(at, secondsOfHour);
    } else if (!minutes.has(Math.floor((at % secondsOfHour) / secondsOfMinute))) {
      at = startOfNext(at, secondsOfMinute);
    } else if (seconds.has(at % secondsOfMinute)) {
      return at;
    } else {
      at += 1;
    }
  }
  return undefined;
}

function startOfNext(at: number, unit: number): number {
  return (Math.floor(at / unit) + 1) * unit;
}

function isDay(fields: CronFields, date: Date): boolean {
  const day = fields.days.has(date.getUTCDate());
  const weekday = fields.weekdays.has(date.getUTCDay());
  return fields.isEitherDay ? day || weekday : day && weekday;
}
