/**
 * Work shared out among replicas: each has a Lease of its own, renewed while it lives, in which it says which shards it has claimed.
 *
 * Who should have a shard follows from who lives (rendezvous.ts); that never two have it, from the order of claims (shard-claims.ts). A
 * replica that should give a shard up ends what it does there first. One that cannot renew its Lease, or was frozen, has lost all for good:
 * its process is to end.
 */
import { createHash } from 'node:crypto';
import { isOperationError, OperationError } from '../core/errors.ts';
import { ClaimBook } from './claim-book.ts';
import type { KubeClient } from './client.ts';
import { type Clock, jitter, type Random, sleep, systemClock } from './clock.ts';
import { startDeadline } from './deadline.ts';
import { type Informer, startInformer } from './informer.ts';
import { type Lease, type LeaseHold, momentOf, Term } from './lease-term.ts';
import { holderOf, readMemberLease, type Said, writeMemberLease } from './member-lease.ts';
import { MemberView } from './member-view.ts';
import type { ObjectKey } from './objects.ts';
import { describeObject } from './resource-path.ts';
import { leases } from './resource-types.ts';

export interface ShardsOptions {
  readonly client: KubeClient;
  readonly namespace: string;
  /** Of the group of replicas; their Leases are named after it. */
  readonly name: string;
  /** Label of their Leases; its value is the name of the group. */
  readonly label: string;
  /** Annotation of their Leases with what is claimed. */
  readonly annotation: string;
  /** Must differ between all processes that ever run. */
  readonly identity: string;
  /** How many shards there are; the same for all replicas. */
  readonly shards: number;
  /** How long the others wait after the last renewal. Default 10 s. */
  readonly durationMs?: number;
  /** How long a replica goes on after its last renewal. Default 7 s. */
  readonly renewDeadlineMs?: number;
  /** Between renewals. Default 2 s. */
  readonly renewEveryMs?: number;
  /** A shard is this replica's from now on; what is to be done there has to be looked for. */
  readonly onTake: (shard: number) => void;
  /** Told of failed attempts, which are made again. */
  readonly onError?: (error: unknown) => void;
  readonly clock?: Clock;
  readonly random?: Random;
}

export interface ShardMember extends LeaseHold {
  /**
   * Begins some work in a shard; the answer ends it, and must be called. Undefined: the shard is another's. As long as any work is under way,
   * nobody else gets the shard.
   */
  enter(shard: number): (() => void) | undefined;
  readonly owned: readonly number[];
  /** Resolves when the Lease is written for the first time. */
  readonly joined: Promise<void>;
  /** Aborted with LEASE_LOST. */
  readonly signal: AbortSignal;
  /** Gives everything back; all work must have ended. */
  leave(): Promise<void>;
}

/** Joins at once, and takes shards as soon as the others know of it. */
export function joinShards(options: ShardsOptions): ShardMember {
  return new Replica(options);
}

/** A Lease that stood still for that long besides its duration is taken away. */
const removeAfterMs = 60_000;

class Replica implements ShardMember {
  readonly #options: ShardsOptions;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #key: ObjectKey;
  readonly #durationMs: number;
  readonly #deadlineMs: number;
  readonly #renewMs: number;
  readonly #view: MemberView;
  readonly #book: ClaimBook;
  readonly #lost = new AbortController();
  readonly #leaving = new AbortController();
  readonly #over: Promise<void>;
  readonly #joined = Promise.withResolvers<void>();
  #term: Term | undefined;
  #write = 0;
  #isUnwritten = true;
  #kick = new AbortController();

  constructor(options: ShardsOptions) {
    const suffix = createHash('sha256').update(options.identity).digest('hex').slice(0, 10);
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? Math.random;
    this.#key = { namespace: options.namespace, name: `${options.name}-${suffix}` };
    this.#durationMs = options.durationMs ?? 10_000;
    this.#deadlineMs = options.renewDeadlineMs ?? 7_000;
    this.#renewMs = options.renewEveryMs ?? 2_000;
    this.#view = new MemberView(options.identity);
    const { identity: self, shards } = options;
    this.#book = new ClaimBook({ self, shards, onDrained: () => this.#kick.abort() });
    this.#over = this.#run();
  }

  get joined(): Promise<void> {
    return this.#joined.promise;
  }

  get signal(): AbortSignal {
    return this.#lost.signal;
  }

  get owned(): readonly number[] {
    return this.#book.owned;
  }

  isHeld(): boolean {
    return this.#term?.isHeld() === true;
  }

  assertHeld(): void {
    if (this.#term === undefined) {
      throw this.#lostBecause('the Lease is not written yet');
    }
    this.#term.assertHeld();
  }

  enter(shard: number): (() => void) | undefined {
    return this.isHeld() ? this.#book.enter(shard) : undefined;
  }

  async leave(): Promise<void> {
    this.#leaving.abort();
    await this.#over;
  }

  async #run(): Promise<void> {
    const informer = this.#watch();
    let renewAtMs = 0;
    while (!this.#leaving.signal.aborted && !this.#lost.signal.aborted) {
      this.#kick = new AbortController();
      this.#decide();
      if (this.#isUnwritten || this.#clock.monotonicMs() >= renewAtMs) {
        const isWritten = await this.#renew();
        renewAtMs = this.#clock.monotonicMs() + jitter(this.#renewMs, 0.1, this.#random);
        await (isWritten ? undefined : this.#pause(this.#renewMs, false));
      } else {
        await this.#pause(renewAtMs - this.#clock.monotonicMs(), true);
      }
      this.#removeDead(informer);
    }
    await this.#giveBack();
    await informer.stopped;
  }

  #watch(): Informer<Lease> {
    const { client, namespace, label, name, onError } = this.#options;
    return startInformer<Lease>({
      client,
      type: leases,
      namespace,
      labelSelector: `${label}=${name}`,
      onChange: (lease, _, kind) => {
        this.#see(lease, kind === 'deleted');
        this.#kick.abort();
      },
      onError: (error) => onError?.(error),
      signal: AbortSignal.any([this.#leaving.signal, this.#lost.signal]),
      clock: this.#clock,
    });
  }

  #see(lease: Lease, isGone: boolean): void {
    const record = readMemberLease(lease, this.#options.annotation);
    if (isGone) {
      this.#view.forget(record.identity);
    } else {
      this.#view.see(record, this.#clock.monotonicMs());
    }
  }

  #decide(): void {
    const { isNews, taken } = this.#book.decide(this.#view, this.#write + 1);
    this.#isUnwritten ||= isNews;
    taken.forEach(this.#options.onTake);
  }

  /** Writes the Lease with what is claimed now. @returns false where that failed and is to be tried again */
  async #renew(): Promise<boolean> {
    const at = momentOf(this.#clock);
    // Each attempt has a number of its own: one that failed may have been taken, with other claims than the next.
    this.#write += 1;
    const write = this.#write;
    const shards = this.#book.claimed;
    const remainingMs = this.#term?.remainingMs() ?? this.#deadlineMs;
    const deadline = startDeadline(this.#clock, Math.max(1, remainingMs), this.#lost.signal);
    this.#view.sending(write, at.monotonicMs);
    try {
      const lease = await this.#put({ write, shards }, deadline.signal);
      this.#isUnwritten = false;
      this.#renewedBy(lease, at);
      return true;
    } catch (error) {
      this.#options.onError?.(error);
      return false;
    } finally {
      deadline.end();
    }
  }

  #renewedBy(lease: Lease, renewedAt: ReturnType<typeof momentOf>): void {
    if (this.#term === undefined) {
      const what = `work as ${describeObject(leases, this.#key)}`;
      this.#term = new Term({ clock: this.#clock, deadlineMs: this.#deadlineMs, what, renewedAt, lease });
      const { signal } = this.#term;
      signal.addEventListener('abort', () => this.#lost.abort(signal.reason), { once: true });
      this.#joined.resolve();
    } else {
      this.#term.renewed(lease, renewedAt);
    }
  }

  /** An attempt whose answer was lost may have been taken; nobody else writes this Lease. */
  async #put(said: Said, signal: AbortSignal): Promise<Lease> {
    const { client } = this.#options;
    const known = this.#term?.lease;
    try {
      return known === undefined
        ? await client.create<Lease>(leases, this.#leaseWith(said, undefined), { signal })
        : await client.replace<Lease>(leases, this.#leaseWith(said, known), { signal });
    } catch (error) {
      if (isOperationError(error, 'API_NOT_FOUND') && known !== undefined) {
        this.#term?.lose('the Lease was deleted');
      }
      if (!isOperationError(error, 'API_CONFLICT')) {
        throw error;
      }
    }
    const found = await client.find<Lease>(leases, this.#key, { signal });
    if (found?.spec?.holderIdentity !== this.#options.identity) {
      this.#term?.lose(found === undefined ? 'the Lease was deleted' : 'somebody else wrote it');
      throw this.#lostBecause('the Lease is not ours');
    }
    return await client.replace<Lease>(leases, this.#leaseWith(said, found), { signal });
  }

  #leaseWith(said: Said, before: Lease | undefined) {
    const { name: group, label, annotation, identity } = this.#options;
    const [durationMs, now] = [this.#durationMs, this.#clock.now()];
    return writeMemberLease({ key: this.#key, group, label, annotation, identity, durationMs, now }, said, before);
  }

  #removeDead({ store }: Informer<Lease>): void {
    const { client, onError } = this.#options;
    const dead = new Set(this.#view.deadFor(removeAfterMs));
    for (const lease of dead.size === 0 ? [] : store.list()) {
      const [identity, { metadata }] = [holderOf(lease), lease];
      if (dead.has(identity) && metadata.uid !== undefined) {
        this.#view.forget(identity);
        client.delete(leases, { ...this.#key, name: metadata.name }, { uid: metadata.uid }).catch(onError);
      }
    }
  }

  /** Lets the others go on at once. Not worth an error: they wait for the duration instead. */
  async #giveBack(): Promise<void> {
    const term = this.#term;
    if (term?.isHeld() !== true) {
      term?.end(undefined);
      return;
    }
    const { uid } = term.lease.metadata;
    // Before the request: from then on somebody else may have the shards.
    this.#book.clear();
    term.end(undefined);
    try {
      const signal = AbortSignal.timeout(this.#renewMs);
      await this.#options.client.delete(leases, this.#key, { ...(uid === undefined ? {} : { uid }), signal });
    } catch (error) {
      this.#options.onError?.(error);
    }
  }

  #pause(ms: number, endsEarly: boolean): Promise<void> {
    const ends = [this.#leaving.signal, this.#lost.signal, ...(endsEarly ? [this.#kick.signal] : [])];
    return sleep(this.#clock, ms, AbortSignal.any(ends));
  }

  #lostBecause(why: string): OperationError {
    return new OperationError(`work as ${describeObject(leases, this.#key)}: ${why}`, {
      code: 'LEASE_LOST',
      retry: 'never',
    });
  }
}
