/** Lets a number of holders in at a time, in order of arrival. */
export interface Turnstile {
  /** @throws the reason of the signal when it is aborted while waiting */
  enter(signal: AbortSignal): Promise<void>;
  leave(): void;
  readonly inside: number;
  readonly waiting: number;
}

export function createTurnstile(capacity: number): Turnstile {
  let inside = 0;
  const waiting = new Set<() => void>();
  return {
    async enter(signal) {
      signal.throwIfAborted();
      if (inside < capacity) {
        inside += 1;
        return;
      }
      await new Promise<void>((resolve, reject) => {
        const admit = () => {
          signal.removeEventListener('abort', giveUp);
          resolve();
        };
        const giveUp = () => {
          waiting.delete(admit);
          reject(signal.reason);
        };
        waiting.add(admit);
        signal.addEventListener('abort', giveUp, { once: true });
      });
    },
    leave() {
      const [next] = waiting;
      if (next === undefined) {
        inside -= 1;
        return;
      }
      // Whoever waits first takes over the place.
      waiting.delete(next);
      next();
    },
    get inside() {
      return inside;
    },
    get waiting() {
      return waiting.size;
    },
  };
}
