/**
 * Members, each with a copy of the records that is behind by any number of writes, that freeze, die, hang and come back, in any order: never
 * have two of them one shard, and when it is calm again each shard has just one.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ClaimBook } from './claim-book.ts';
import { type MemberRecord, MemberView } from './member-view.ts';
import { ownerOf } from './rendezvous.ts';

const shards = 4;
const durationMs = 10_000;
const deadlineMs = 7_000;

interface World {
  nowMs: number;
  /** All writes in the order in which the server took them; without a record: it was deleted. */
  readonly log: { readonly identity: string; readonly record?: MemberRecord }[];
}

/** A replica as src/kube/shards.ts is one, without requests and timers. */
class Replica {
  readonly identity: string;
  readonly #world: World;
  readonly #view: MemberView;
  readonly #book: ClaimBook;
  readonly #works: (() => void)[] = [];
  #write = 0;
  #seen = 0;
  #renewedAtMs = Number.NEGATIVE_INFINITY;
  #isLost = false;

  constructor(world: World, number: number) {
    this.identity = `replica-${number}`;
    this.#world = world;
    this.#view = new MemberView(this.identity);
    this.#book = new ClaimBook({ self: this.identity, shards, onDrained: () => undefined });
  }

  get isHeld(): boolean {
    this.#isLost ||= this.#write > 0 && this.#world.nowMs - this.#renewedAtMs >= deadlineMs;
    return !this.#isLost && this.#write > 0;
  }

  /** Where it works, or would without asking anybody. */
  get acting(): readonly number[] {
    return this.isHeld ? Array.from({ length: shards }, (_, shard) => shard).filter((one) => this.#mayEnter(one)) : [];
  }

  /** @param answer `lost`: the write is taken, its answer is not heard; `failed`: it is not taken */
  renew(answer: 'heard' | 'lost' | 'failed'): void {
    if (this.#isLost || (this.#write > 0 && !this.isHeld)) {
      return;
    }
    this.#write += 1;
    this.#view.sending(this.#write, this.#world.nowMs);
    if (answer === 'failed' && this.#write > 1) {
      return;
    }
    const record = { identity: this.identity, write: this.#write, shards: [...this.#book.claimed], durationMs };
    this.#world.log.push({ identity: this.identity, record });
    if (answer === 'heard' || this.#write === 1) {
      this.#renewedAtMs = this.#world.nowMs;
    }
  }

  /** So many further events of the watch. */
  see(count: number): void {
    const { log, nowMs } = this.#world;
    for (const { identity, record } of log.slice(this.#seen, this.#seen + count)) {
      if (record) {
        this.#view.see(record, nowMs);
      } else {
        this.#view.forget(identity);
      }
    }
    this.#seen = Math.min(log.length, this.#seen + count);
  }

  decide(): boolean {
    return this.isHeld && this.#book.decide(this.#view, this.#write + 1).isNews;
  }

  begin(shard: number): void {
    const leave = this.isHeld ? this.#book.enter(shard) : undefined;
    if (leave) {
      this.#works.push(leave);
    }
  }

  endOne(): void {
    this.#works.shift()?.();
  }

  die(): void {
    this.#isLost = true;
  }

  leave(): void {
    if (this.isHeld && this.#works.length === 0) {
      this.#isLost = true;
      this.#world.log.push({ identity: this.identity });
    }
  }

  #mayEnter(shard: number): boolean {
    const leave = this.#book.enter(shard);
    leave?.();
    return leave !== undefined || this.#book.claimed.some((one) => one === shard && this.#isDraining(shard));
  }

  /** Given up, but with work under way; counted as acting. */
  #isDraining(shard: number): boolean {
    return this.#works.length > 0 && !this.#book.owned.includes(shard) && this.#wasOwned.has(shard);
  }

  get #wasOwned(): ReadonlySet<number> {
    return this.#ownedOnce;
  }

  readonly #ownedOnce = new Set<number>();

  noteOwned(): void {
    for (const shard of this.#book.owned) {
      this.#ownedOnce.add(shard);
    }
    for (const shard of this.#ownedOnce) {
      if (!this.#book.claimed.includes(shard)) {
        this.#ownedOnce.delete(shard);
      }
    }
  }
}

const who = fc.nat({ max: 3 });
const happening = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('round' as const), who }) },
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('see' as const), who, count: fc.integer({ min: 1, max: 6 }) }),
  },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('decide' as const), who }) },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('renew' as const),
      who,
      answer: fc.constantFrom('heard', 'heard', 'heard', 'lost', 'failed'),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('begin' as const), who, shard: fc.nat({ max: shards - 1 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('end' as const), who }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('time' as const), ms: fc.integer({ min: 1, max: 3_000 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('time' as const), ms: fc.constant(durationMs * 2) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('die' as const), who }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('leave' as const), who }) },
);
type Happening = typeof happening extends fc.Arbitrary<infer T> ? T : never;

function apply(world: World, replicas: readonly Replica[], one: Happening): void {
  if (one.kind === 'time') {
    world.nowMs += one.ms;
    return;
  }
  const replica = replicas[one.who];
  if (one.kind === 'round') {
    replica?.renew('heard');
    replica?.see(Number.MAX_SAFE_INTEGER);
    replica?.decide();
  } else if (one.kind === 'see') {
    replica?.see(one.count);
  } else if (one.kind === 'decide') {
    replica?.decide();
  } else if (one.kind === 'renew') {
    replica?.renew(one.answer);
  } else if (one.kind === 'begin') {
    replica?.begin(one.shard);
  } else if (one.kind === 'end') {
    replica?.endOne();
  } else if (one.kind === 'die') {
    replica?.die();
  } else {
    replica?.leave();
  }
  replica?.noteOwned();
}

function expectOneEach(replicas: readonly Replica[]): void {
  const acting = replicas.flatMap((replica) => replica.acting);
  expect(new Set(acting).size, 'a shard has two owners').toBe(acting.length);
}

/** Everybody lives on and hears everything for long enough. */
function calm(world: World, replicas: readonly Replica[]): void {
  const rounds = 30;
  for (let round = 0; round < rounds; round += 1) {
    world.nowMs += 1_000;
    for (const replica of replicas) {
      replica.endOne();
      replica.see(Number.MAX_SAFE_INTEGER);
      replica.decide();
      replica.renew('heard');
      replica.see(Number.MAX_SAFE_INTEGER);
      replica.decide();
      replica.noteOwned();
    }
    expectOneEach(replicas);
  }
}

test('never two owners, and one each in the end', { timeout: 120_000 }, () => {
  let owned = 0;
  fc.assert(
    fc.property(fc.array(happening, { minLength: 40, maxLength: 150, size: 'max' }), (happenings) => {
      const world: World = { nowMs: 0, log: [] };
      const replicas = Array.from({ length: 4 }, (_, number) => new Replica(world, number));
      for (const one of happenings) {
        apply(world, replicas, one);
        expectOneEach(replicas);
        owned += replicas.flatMap((replica) => replica.acting).length;
      }
      calm(world, replicas);
      const living = replicas.filter(({ isHeld }) => isHeld);
      for (let shard = 0; shard < shards; shard += 1) {
        const owner = ownerOf(
          shard,
          living.map(({ identity }) => identity),
        );
        expect(living.filter(({ acting }) => acting.includes(shard)).map(({ identity }) => identity)).toEqual(
          owner === undefined ? [] : [owner],
        );
      }
    }),
    { numRuns: 400 },
  );
  // The histories are worth something: shards were owned in them.
  expect(owned).toBeGreaterThan(1_000);
});

test('a member whose watch hangs takes nobody for dead', () => {
  const world: World = { nowMs: 0, log: [] };
  const [first, second] = [new Replica(world, 0), new Replica(world, 1)];
  calm(world, [first, second]);
  const before = [first.acting, second.acting];
  for (let round = 0; round < 30; round += 1) {
    world.nowMs += 1_000;
    first.renew('heard');
    second.renew('heard');
    first.see(Number.MAX_SAFE_INTEGER);
    first.decide();
    second.decide();
  }
  expect([first.acting, second.acting]).toEqual(before);
});
