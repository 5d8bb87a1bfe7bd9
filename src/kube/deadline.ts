/** One AbortSignal for "the caller stopped" and "the time is up", without leaving listeners on long-lived signals. */
import type { Clock } from './clock.ts';

export interface Deadline {
  readonly signal: AbortSignal;
  /** The time was up before `end`. */
  readonly isExpired: boolean;
  /** Starts the time again: something came in. */
  extend(ms: number): void;
  /** Ends the timer and leaves the caller's signal. Does not abort. */
  end(): void;
}

/** Aborts its signal when `parent` aborts (with its reason) or after `ms`. Call `end` in every case. */
export function startDeadline(clock: Clock, ms: number, parent?: AbortSignal): Deadline {
  const controller = new AbortController();
  let isExpired = false;
  const expire = () => {
    isExpired = true;
    controller.abort(new DOMException('the time is up', 'TimeoutError'));
  };
  const follow = () => controller.abort(parent?.reason);
  let cancel = clock.schedule(ms, expire);
  if (parent?.aborted) {
    follow();
  }
  parent?.addEventListener('abort', follow, { once: true });
  return {
    signal: controller.signal,
    get isExpired() {
      return isExpired;
    },
    extend(againMs) {
      cancel();
      cancel = clock.schedule(againMs, expire);
    },
    end() {
      cancel();
      parent?.removeEventListener('abort', follow);
    },
  };
}
