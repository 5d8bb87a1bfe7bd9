/** How many requests of one sort a registry allows in a period, and when the next of ours may go. */

export interface WindowRule {
  readonly limit: number;
  readonly periodMs: number;
}

export interface RequestWindow {
  /**
   * Asks for leave to send.
   *
   * @param key the question; one that was refused keeps its place in the order of arrival until it comes again
   * @returns milliseconds to wait; 0 when it may go now
   */
  request(key: string): number;
  /** Takes back a leave that was not used; the question may go at once when it comes again. */
  giveBack(key: string): void;
  /** Nothing goes before; for a registry that says that nothing is left. */
  holdUntil(ms: number): void;
  /** What the registry says of itself. */
  setRule(rule: WindowRule): void;
  readonly rule: WindowRule;
  /** Sent, or promised to questions, within the last period. */
  readonly used: number;
  /** When the oldest of these is over; undefined when there are none. Milliseconds since the epoch. */
  readonly resetsAtMs: number | undefined;
}

/** More waiting questions than this are told to come back without a place. */
const maxPromised = 20_000;

/**
 * A sliding window: no period of the given length ever sees more than the limit, wherever the registry begins its own.
 *
 * The first half goes as it comes. What follows is spread evenly over the period, so that a burst leaves something for the news of the
 * next hours, and in order of arrival, so that none waits for ever.
 */
export function createRequestWindow(rule: WindowRule, nowMs: () => number): RequestWindow {
  return new SlidingWindow(rule, nowMs);
}

class SlidingWindow implements RequestWindow {
  readonly #nowMs: () => number;
  #rule: WindowRule;
  #notBeforeMs = 0;
  /** Ascending; times in the future are promised. */
  #times: number[] = [];
  readonly #promised = new Map<string, number>();

  constructor(rule: WindowRule, nowMs: () => number) {
    this.#rule = rule;
    this.#nowMs = nowMs;
  }

  request(key: string): number {
    const now = this.#forgetOld();
    const known = this.#promised.get(key);
    if (known !== undefined) {
      const waitMs = Math.max(0, known - now, this.#notBeforeMs - now);
      if (waitMs === 0) {
        this.#promised.delete(key);
      }
      return waitMs;
    }
    const slot = this.#nextFree(now);
    if (slot > now && this.#promised.size >= maxPromised) {
      return slot - now;
    }
    this.#times.push(slot);
    if (slot > now) {
      this.#promised.set(key, slot);
    }
    return slot - now;
  }

  giveBack(key: string): void {
    this.#promised.set(key, this.#nowMs());
  }

  holdUntil(ms: number): void {
    this.#notBeforeMs = ms;
  }

  setRule(rule: WindowRule): void {
    this.#rule = rule;
  }

  get rule(): WindowRule {
    return this.#rule;
  }

  get used(): number {
    this.#forgetOld();
    return this.#times.length;
  }

  get resetsAtMs(): number | undefined {
    this.#forgetOld();
    const [oldest] = this.#times;
    return oldest === undefined ? undefined : oldest + this.#rule.periodMs;
  }

  #nextFree(now: number): number {
    const { limit, periodMs } = this.#rule;
    const blocking = this.#times.at(-limit);
    const whenOver = blocking === undefined ? now : blocking + periodMs;
    const last = this.#times.at(-1);
    const isBurst = this.#times.length < limit / 2 && this.#notBeforeMs <= now;
    const spread = isBurst || last === undefined ? now : last + periodMs / limit;
    return Math.max(now, whenOver, spread, this.#notBeforeMs);
  }

  #forgetOld(): number {
    const now = this.#nowMs();
    const limitMs = now - this.#rule.periodMs;
    if ((this.#times[0] ?? now) <= limitMs) {
      const fresh = this.#times.findIndex((time) => time > limitMs);
      this.#times = fresh < 0 ? [] : this.#times.slice(fresh);
    }
    for (const [key, time] of this.#promised) {
      if (time > limitMs) {
        break;
      }
      // Its questioner is gone.
      this.#promised.delete(key);
    }
    return now;
  }
}
