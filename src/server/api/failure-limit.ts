/** Slows down whoever tries tokens and sign-ins: so many failures from one address in a while, then none is looked at. */
import type { Clock } from '../../engine/ports/clock.ts';

const periodMs = 60_000;
const maxFailures = 20;
const maxAddresses = 10_000;

interface Failures {
  readonly sinceMs: number;
  readonly count: number;
}

export class FailureLimit {
  readonly #clock: Clock;
  readonly #failures = new Map<string, Failures>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Seconds until the address may try again; undefined: now. */
  retryAfter(address: string): number | undefined {
    const failures = this.#current(address);
    return failures && failures.count >= maxFailures
      ? Math.ceil((failures.sinceMs + periodMs - this.#clock.now().getTime()) / 1_000)
      : undefined;
  }

  note(address: string): void {
    const failures = this.#current(address);
    this.#failures.delete(address);
    if (this.#failures.size >= maxAddresses) {
      const [oldest = ''] = this.#failures.keys();
      this.#failures.delete(oldest);
    }
    const sinceMs = failures?.sinceMs ?? this.#clock.now().getTime();
    this.#failures.set(address, { sinceMs, count: (failures?.count ?? 0) + 1 });
  }

  #current(address: string): Failures | undefined {
    const failures = this.#failures.get(address);
    return failures && this.#clock.now().getTime() < failures.sinceMs + periodMs ? failures : undefined;
  }
}
