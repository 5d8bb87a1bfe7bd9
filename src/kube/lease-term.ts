/** One term of a leader: how long it may still call itself one, by its own clock alone. */
import { OperationError } from '../core/errors.ts';
import type { Clock } from './clock.ts';
import type { KubeObject } from './objects.ts';

export interface Lease extends KubeObject {
  readonly spec?: {
    readonly holderIdentity?: string;
    readonly leaseDurationSeconds?: number;
    /** RFC 3339 with microseconds. */
    readonly acquireTime?: string;
    readonly renewTime?: string;
    readonly leaseTransitions?: number;
  };
}

/** What the leader asks right before anything that must happen at one place only. */
export interface LeaseHold {
  /** Never true again once it was false. */
  isHeld(): boolean;
  /** Throws LEASE_LOST. */
  assertHeld(): void;
}

export interface Moment {
  readonly monotonicMs: number;
  readonly wallMs: number;
}

export function momentOf(clock: Clock): Moment {
  return { monotonicMs: clock.monotonicMs(), wallMs: clock.now().getTime() };
}

export interface TermOptions {
  readonly clock: Clock;
  readonly deadlineMs: number;
  /** For errors: `lead by Lease demo/x`. */
  readonly what: string;
  readonly renewedAt: Moment;
  readonly lease: Lease;
}

/** A term: from taking the lease to giving it up. */
export class Term implements LeaseHold {
  readonly #abort = new AbortController();
  readonly #clock: Clock;
  readonly #deadlineMs: number;
  readonly #what: string;
  #renewedAt: Moment;
  #cancelTimer: () => void;
  #lost: OperationError | undefined;
  lease: Lease;

  constructor(options: TermOptions) {
    this.#clock = options.clock;
    this.#deadlineMs = options.deadlineMs;
    this.#what = options.what;
    this.#renewedAt = options.renewedAt;
    this.lease = options.lease;
    this.#cancelTimer = this.#startTimer();
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  get lost(): OperationError | undefined {
    return this.#lost;
  }

  /** The wall clock counts too, where it says that more time has passed: the monotonic one stands still while a machine sleeps. */
  remainingMs(): number {
    const monotonicMs = this.#clock.monotonicMs() - this.#renewedAt.monotonicMs;
    const wallMs = this.#clock.now().getTime() - this.#renewedAt.wallMs;
    return this.#deadlineMs - Math.max(monotonicMs, wallMs);
  }

  isHeld(): boolean {
    if (this.#lost === undefined && this.remainingMs() <= 0) {
      this.lose(`not renewed for ${this.#deadlineMs} ms`);
    }
    return this.#lost === undefined;
  }

  assertHeld(): void {
    if (!this.isHeld()) {
      throw this.#lost;
    }
  }

  /** `at` is from before the request, because the others count from when the server took it, or later. */
  renewed(lease: Lease, at: Moment): void {
    if (this.isHeld()) {
      this.lease = lease;
      this.#renewedAt = at;
      this.#cancelTimer();
      this.#cancelTimer = this.#startTimer();
    }
  }

  lose(why: string): void {
    if (this.#lost === undefined) {
      this.#lost = new OperationError(`${this.#what}: ${why}`, { code: 'LEASE_LOST', retry: 'never' });
      this.end(this.#lost);
    }
  }

  end(reason: unknown): void {
    this.#cancelTimer();
    this.#abort.abort(reason);
  }

  #startTimer(): () => void {
    return this.#clock.schedule(this.remainingMs(), () => {
      if (this.isHeld()) {
        this.#cancelTimer = this.#startTimer();
      }
    });
  }
}
