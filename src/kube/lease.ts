/**
 * Leader election on a Lease (coordination.k8s.io/v1), as client-go does it.
 *
 * Another holder's clock is never compared with ours: a lease has ended when its renewTime did not change for its
 * duration on our own monotonic clock. A holder gives up before the others may take over (renewDeadlineMs <
 * durationMs), and a holder that was frozen finds that out by `isHeld()` before its timers have even run.
 */
import { invariant, isOperationError } from '../core/errors.ts';
import type { KubeClient } from './client.ts';
import { type Clock, jitter, microTime, type Random, sleep, systemClock } from './clock.ts';
import { startDeadline } from './deadline.ts';
import { type Lease, type LeaseHold, momentOf, Term } from './lease-term.ts';
import type { ObjectKey } from './objects.ts';
import { describeObject } from './resource-path.ts';
import { leases } from './resource-types.ts';

export interface LeaseOptions {
  readonly client: KubeClient;
  readonly namespace: string;
  readonly name: string;
  /** Must differ between all processes that ever run, e.g. pod name and a random part: who finds its own name in the lease goes on leading. */
  readonly identity: string;
  /** How long the others wait after the last renewal. Default 15 s. */
  readonly durationMs?: number;
  /** How long the holder goes on after its last renewal. Default 10 s. */
  readonly renewDeadlineMs?: number;
  /** Between attempts. Default 2 s. */
  readonly retryMs?: number;
  /** How long a leader that lost the lease may take to stop. Default 5 s. */
  readonly graceMs?: number;
  readonly signal: AbortSignal;
  /** The work of the leader. Its signal is aborted when the lease is lost (reason: LEASE_LOST) or `signal` is (its reason). */
  readonly lead: (signal: AbortSignal, hold: LeaseHold) => Promise<void>;
  /** Told of failed attempts, which are made again. */
  readonly onError?: (error: unknown) => void;
  readonly clock?: Clock;
  readonly random?: Random;
}

/**
 * Waits for the lease, leads, and gives the lease back.
 *
 * Resolves when `lead` has returned or `signal` was aborted. Rejects with LEASE_LOST when the lease was lost: the
 * process should end then, for whatever `lead` has left running still believes to be the leader. Else rejects with what `lead` threw.
 */
export function runWithLease(options: LeaseOptions): Promise<void> {
  return new Elector(options).run();
}

class Elector {
  readonly #options: LeaseOptions;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #key: ObjectKey;
  readonly #what: string;
  readonly #durationMs: number;
  readonly #deadlineMs: number;
  readonly #retryMs: number;
  /** What another holder last wrote, and when we first saw it. */
  #seen: { readonly record: string; readonly atMs: number } | undefined;

  constructor(options: LeaseOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? Math.random;
    this.#key = { namespace: options.namespace, name: options.name };
    this.#what = `lead by ${describeObject(leases, this.#key)}`;
    this.#durationMs = options.durationMs ?? 15_000;
    this.#deadlineMs = options.renewDeadlineMs ?? 10_000;
    this.#retryMs = options.retryMs ?? 2_000;
    const isOrdered = this.#retryMs < this.#deadlineMs && this.#deadlineMs < this.#durationMs;
    invariant(isOrdered, `${this.#what}: retryMs < renewDeadlineMs < durationMs does not hold`);
  }

  async run(): Promise<void> {
    const term = await this.#acquire();
    if (term === undefined) {
      return;
    }
    const follow = () => term.end(this.#options.signal.reason);
    this.#options.signal.addEventListener('abort', follow, { once: true });
    if (this.#options.signal.aborted) {
      follow();
    }
    try {
      await this.#lead(term);
    } finally {
      this.#options.signal.removeEventListener('abort', follow);
      term.end(undefined);
    }
  }

  async #acquire(): Promise<Term | undefined> {
    const { signal } = this.#options;
    while (!signal.aborted) {
      const renewedAt = momentOf(this.#clock);
      const deadline = startDeadline(this.#clock, this.#deadlineMs, signal);
      const lease = await this.#attempt(() => this.#tryTake(deadline.signal));
      deadline.end();
      if (lease !== undefined) {
        return new Term({ clock: this.#clock, deadlineMs: this.#deadlineMs, what: this.#what, renewedAt, lease });
      }
      await this.#pause(signal);
    }
    return undefined;
  }

  /** Undefined while somebody else has it, or was faster. */
  async #tryTake(signal: AbortSignal): Promise<Lease | undefined> {
    const { client, identity } = this.#options;
    const found = await client.find<Lease>(leases, this.#key, { signal });
    if (found === undefined) {
      const spec = { ...this.#record(), acquireTime: microTime(this.#clock.now()), leaseTransitions: 0 };
      return client.create<Lease>(leases, { metadata: this.#key, spec }, { signal });
    }
    if (found.spec?.holderIdentity !== identity && !this.#hasEnded(found)) {
      return undefined;
    }
    const leaseTransitions = (found.spec?.leaseTransitions ?? 0) + 1;
    const spec = { ...found.spec, ...this.#record(), acquireTime: microTime(this.#clock.now()), leaseTransitions };
    return client.replace<Lease>(leases, { ...found, spec }, { signal });
  }

  #hasEnded({ spec }: Lease): boolean {
    if (!spec?.holderIdentity) {
      return true;
    }
    const record = `${spec.holderIdentity} ${spec.acquireTime} ${spec.renewTime}`;
    const nowMs = this.#clock.monotonicMs();
    if (this.#seen?.record !== record) {
      this.#seen = { record, atMs: nowMs };
    }
    const durationMs = spec.leaseDurationSeconds === undefined ? this.#durationMs : spec.leaseDurationSeconds * 1000;
    return nowMs - this.#seen.atMs >= durationMs;
  }

  /** Runs the work and renews until it has ended, also while it ends: the work is the leader's until then. */
  async #lead(term: Term): Promise<void> {
    const { lead, signal, graceMs } = this.#options;
    const over = new AbortController();
    const work = Promise.resolve()
      .then(() => lead(term.signal, term))
      .finally(() => over.abort());
    const outcome = work.then(
      () => ({ thrown: undefined }),
      (thrown: unknown) => ({ thrown }),
    );
    await this.#renew(term, over.signal);
    if (term.lost !== undefined) {
      const grace = sleep(this.#clock, graceMs ?? 5_000, over.signal);
      await Promise.race([outcome, grace]);
      throw term.lost;
    }
    const { thrown } = await outcome;
    await this.#release(term);
    if (thrown !== undefined && !(signal.aborted && thrown === signal.reason)) {
      throw thrown;
    }
  }

  /** Returns when the work is over or the lease is lost. */
  async #renew(term: Term, over: AbortSignal): Promise<void> {
    while (!over.aborted && term.isHeld()) {
      await this.#pause(over);
      if (over.aborted || !term.isHeld()) {
        return;
      }
      const at = momentOf(this.#clock);
      const deadline = startDeadline(this.#clock, term.remainingMs(), over);
      try {
        const lease = await this.#attempt(() => this.#writeOwn(term, this.#record(), deadline.signal));
        if (lease !== undefined) {
          term.renewed(lease, at);
        }
      } finally {
        deadline.end();
      }
    }
  }

  /** Writes into the lease if it is still ours, also where our copy of it is stale: an attempt whose answer was lost may have been taken. */
  async #writeOwn(term: Term, spec: Lease['spec'], signal: AbortSignal): Promise<Lease | undefined> {
    const { client, identity } = this.#options;
    try {
      return await this.#write(term.lease, spec, signal);
    } catch (error) {
      if (!isOperationError(error, 'API_CONFLICT') && !isOperationError(error, 'API_NOT_FOUND')) {
        throw error;
      }
    }
    const found = await client.find<Lease>(leases, this.#key, { signal });
    if (found?.spec?.holderIdentity !== identity) {
      term.lose(found === undefined ? 'the Lease was deleted' : 'somebody else holds it');
      return undefined;
    }
    return this.#write(found, spec, signal);
  }

  /** Lets the others start at once. Not worth an error: they will wait for the duration instead. */
  async #release(term: Term): Promise<void> {
    if (!term.isHeld()) {
      return;
    }
    // Before the write: from then on somebody else may lead.
    term.lose('given back');
    const deadline = startDeadline(this.#clock, this.#retryMs);
    const spec = { holderIdentity: '', leaseDurationSeconds: 1, renewTime: microTime(this.#clock.now()) };
    await this.#attempt(() => this.#writeOwn(term, spec, deadline.signal));
    deadline.end();
  }

  #write(lease: Lease, spec: Lease['spec'], signal: AbortSignal): Promise<Lease> {
    return this.#options.client.replace<Lease>(leases, { ...lease, spec: { ...lease.spec, ...spec } }, { signal });
  }

  /** A failed attempt is told and made again later. A lost race is no failure. */
  async #attempt(action: () => Promise<Lease | undefined>): Promise<Lease | undefined> {
    try {
      return await action();
    } catch (error) {
      if (!this.#options.signal.aborted && !isOperationError(error, 'API_CONFLICT')) {
        this.#options.onError?.(error);
      }
      return undefined;
    }
  }

  #pause(signal: AbortSignal): Promise<void> {
    return sleep(this.#clock, jitter(this.#retryMs, 0.1, this.#random), signal);
  }

  #record() {
    return {
      holderIdentity: this.#options.identity,
      leaseDurationSeconds: Math.max(1, Math.ceil(this.#durationMs / 1000)),
      renewTime: microTime(this.#clock.now()),
    };
  }
}
