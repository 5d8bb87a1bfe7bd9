/**
 * When an Update may begin: windows that allow, windows that deny. Pure. A window opens at the times of a cron text in its zone and
 * stays open for a duration of real time, so that a clock set back or forward makes none longer or shorter.
 */
import { nextTime, type Schedule } from '../schedule/next-time.ts';

export interface Window {
  readonly kind: 'Allow' | 'Deny';
  /** When it opens. */
  readonly opens: Schedule;
  readonly durationMs: number;
  /** As written, for people: `0 2 * * * (Europe/Amsterdam) for 2h`. */
  readonly text: string;
}

export type WindowState =
  /** @property closesAt undefined: no window ends it */
  | { readonly kind: 'Open'; readonly closesAt: Date | undefined }
  /** @property opensAt undefined: it never opens again */
  | { readonly kind: 'Closed'; readonly because: string; readonly opensAt: Date | undefined };

/**
 * Whether windows are open at a time. A Deny window closes whatever an Allow window opens; without any Allow window everything
 * is allowed that is not denied.
 */
export function judgeWindows(windows: readonly Window[], now: Date): WindowState {
  const denying = windows.filter(({ kind }) => kind === 'Deny');
  const allowing = windows.filter(({ kind }) => kind === 'Allow');
  const because = closedBecause(denying, allowing, now);
  return because === undefined
    ? { kind: 'Open', closesAt: findClosing(denying, allowing, now) }
    : { kind: 'Closed', because, opensAt: findOpening(denying, allowing, now) };
}

function closedBecause(denying: readonly Window[], allowing: readonly Window[], at: Date): string | undefined {
  const denied = denying.find((window) => endOfOpening(window, at) !== undefined);
  if (denied) {
    return `the Deny window "${denied.text}" is open`;
  }
  if (allowing.length === 0 || lastEnd(allowing, at) !== undefined) {
    return undefined;
  }
  const known = allowing.map(({ text }) => `"${text}"`).join(', ');
  return `no Allow window is open; there ${allowing.length === 1 ? 'is' : 'are'} ${known}`;
}

/** Windows that follow each other without a gap are looked through so often; after it they are said to go on for ever. */
const mostSteps = 400;

/** While something denies, its end is what is next to look at; else the next opening of what allows. */
function findOpening(denying: readonly Window[], allowing: readonly Window[], from: Date): Date | undefined {
  let at: Date | undefined = from;
  for (let step = 0; step < mostSteps && at !== undefined; step += 1) {
    const deniedUntil = lastEnd(denying, at);
    if (deniedUntil === undefined && (allowing.length === 0 || lastEnd(allowing, at) !== undefined)) {
      return at;
    }
    at = deniedUntil ?? earliest(allowing.map((window) => nextTime(window.opens, at ?? from)));
  }
  return undefined;
}

/** The earlier of: something denies, nothing allows any more. */
function findClosing(denying: readonly Window[], allowing: readonly Window[], from: Date): Date | undefined {
  return earliest([...denying.map((window) => nextTime(window.opens, from)), endOfAllowing(allowing, from)]);
}

/** Undefined: nothing ends it. */
function endOfAllowing(allowing: readonly Window[], from: Date): Date | undefined {
  let at = from;
  for (let step = 0; step < mostSteps && allowing.length > 0; step += 1) {
    const end = lastEnd(allowing, at);
    if (end === undefined) {
      return at;
    }
    at = end;
  }
  return undefined;
}

function earliest(times: readonly (Date | undefined)[]): Date | undefined {
  return times.reduce(
    (first, time) => (first === undefined || (time !== undefined && time < first) ? time : first),
    undefined,
  );
}

/** When the last of those that are open ends; undefined: none is. */
function lastEnd(windows: readonly Window[], at: Date): Date | undefined {
  return windows
    .map((window) => endOfOpening(window, at))
    .reduce((last, end) => (last === undefined || (end !== undefined && end > last) ? end : last), undefined);
}

/** When the opening that covers an instant ends; the instant of its end is not in it. Undefined: it is closed. */
function endOfOpening({ opens, durationMs }: Window, at: Date): Date | undefined {
  let end: Date | undefined;
  let opened = nextTime(opens, new Date(at.getTime() - durationMs));
  // One that opens again before it has closed is open until the last of them ends.
  for (let step = 0; step < mostSteps && opened !== undefined && opened <= at; step += 1) {
    end = new Date(opened.getTime() + durationMs);
    opened = nextTime(opens, opened);
  }
  return end;
}
