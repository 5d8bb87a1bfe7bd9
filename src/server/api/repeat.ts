import type { ApiClock } from './api-context.ts';

/** @returns what ends it */
export function repeat(clock: Pick<ApiClock, 'schedule'>, ms: number, action: () => void): () => void {
  let cancel = clock.schedule(ms, again);
  function again(): void {
    action();
    cancel = clock.schedule(ms, again);
  }
  return () => cancel();
}
