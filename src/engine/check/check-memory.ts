/** Remembers the last check of each App (by `namespace/name`), so that registries are asked once an interval and not at every wake-up. */
import type { Finding } from '../detect/finding.ts';
import type { Clock } from '../ports/clock.ts';

interface Remembered {
  readonly basis: string;
  readonly findings: readonly Finding[];
  /** When the check ended. */
  readonly endedAt: Date;
  readonly dueAt: Date;
  /** Checks in a row that a registry did not answer. */
  readonly failures: number;
}

/** What became of the question whether an App's sources have to be asked. */
export type Recollection =
  | { readonly kind: 'Known'; readonly findings: readonly Finding[] }
  | { readonly kind: 'Due' }
  /** Nothing is known that still holds, and it is not the time to ask. */
  | { readonly kind: 'Pending'; readonly until: Date | undefined };

/** Times set by a person, in place of an interval. */
export interface SetTimes {
  /** Another text when the times are others. */
  readonly id: string;
  /** Undefined: never by itself. */
  readonly next: (after: Date) => Date | undefined;
}

interface Turn {
  readonly id: string;
  readonly at: Date | undefined;
}

export interface CheckMemoryOptions {
  readonly clock: Clock;
  /** Ask at first sight, whatever times are set: for one pass over everything. Default false. */
  readonly atFirstSight?: boolean;
  /** Number in [0, 1); spreads checks of many Apps. */
  readonly random: () => number;
}

const jitterShare = 0.1;
/** The first interval of an App is shortened by up to this share, so that those that began together do not go on together. */
const phaseShare = 0.9;
const firstRetryMs = 5_000;
const longestRetryMs = 24 * 3_600_000;

export class CheckMemory {
  readonly #options: CheckMemoryOptions;
  readonly #entries = new Map<string, Remembered>();
  /** Announced since their last check began. */
  readonly #announced = new Set<string>();
  /** When Apps with set times are due next. */
  readonly #turns = new Map<string, Turn>();

  constructor(options: CheckMemoryOptions) {
    this.#options = options;
  }

  /** The findings of the last check if it is not due again and was made on the same basis. */
  recall(key: string, basis: string): readonly Finding[] | undefined {
    const entry = this.#entries.get(key);
    const isFresh = entry?.basis === basis && this.#options.clock.now() < entry.dueAt && !this.#announced.has(key);
    if (isFresh) {
      return entry.findings;
    }
    // The check that begins now answers all that was announced before it.
    this.#announced.delete(key);
    return undefined;
  }

  /**
   * The same for an App with set times, which is asked at these, and when something is announced, and at no other time: not because
   * the process began anew, nor because something changed.
   */
  recallAtSetTimes(key: string, basis: string, times: SetTimes): Recollection {
    const { clock, atFirstSight = false } = this.#options;
    const now = clock.now();
    const known = this.#turns.get(key);
    const turn = known?.id === times.id ? known : { id: times.id, at: atFirstSight ? now : times.next(now) };
    const isDue = (turn.at !== undefined && turn.at <= now) || this.#announced.delete(key);
    if (isDue) {
      this.#announced.delete(key);
      this.#turns.set(key, { id: times.id, at: times.next(now) });
      return { kind: 'Due' };
    }
    this.#turns.set(key, turn);
    const entry = this.#entries.get(key);
    return entry?.basis === basis ? { kind: 'Known', findings: entry.findings } : { kind: 'Pending', until: turn.at };
  }

  /**
   * Makes a check due, because something new was announced. A check that is under way began before and may have missed it;
   * what it finds is then not believed either.
   */
  expire(key: string): void {
    this.#announced.add(key);
  }

  /** Others on its repository were told something new. Apps with set times wait for these. */
  hint(key: string): void {
    if (!this.#turns.has(key)) {
      this.expire(key);
    }
  }

  /**
   * How old an answer that others were given may be for the check that begins now: within the interval, and when the time of a new check
   * has come not older than the last one.
   */
  maxAgeMs(key: string, intervalMs: number): number {
    const now = this.#options.clock.now();
    const entry = this.#entries.get(key);
    const isTime = entry !== undefined && entry.dueAt <= now;
    return isTime ? Math.min(intervalMs, now.getTime() - entry.endedAt.getTime()) : intervalMs;
  }

  /**
   * Keeps the findings of a check until it is due again: after the interval, or sooner with growing delay while a
   * registry does not answer. A registry that says when to come back is believed, for a day at most.
   *
   * @param check.asOf when the oldest of its answers was asked for; undefined is now
   */
  remember(
    key: string,
    basis: string,
    check: { readonly findings: readonly Finding[]; readonly intervalMs: number; readonly asOf?: Date | undefined },
  ): void {
    const { clock, random } = this.#options;
    const errors = check.findings.flatMap((finding) => (finding.kind === 'Unavailable' ? [finding.error] : []));
    const before = this.#entries.get(key);
    const failures = errors.length === 0 ? 0 : (before?.failures ?? 0) + 1;
    const asked = Math.max(0, ...errors.map((error) => error.retryAfterMs ?? 0));
    const backoffMs = Math.min(check.intervalMs, firstRetryMs * 2 ** Math.min(failures - 1, 20));
    const endedAt = clock.now();
    const retryMs = Math.max(Math.min(asked, longestRetryMs), backoffMs) * (1 + random() * jitterShare);
    const roundMs = before === undefined ? check.intervalMs * (1 - random() * phaseShare) : check.intervalMs;
    const dueAt = new Date(failures === 0 ? (check.asOf ?? endedAt).getTime() + roundMs : endedAt.getTime() + retryMs);
    const turns = check.findings.flatMap((finding) => (finding.kind === 'Young' ? [finding.until.getTime()] : []));
    const firstMs = Math.min(dueAt.getTime(), ...turns);
    this.#entries.set(key, { basis, findings: check.findings, endedAt, dueAt: new Date(firstMs), failures });
    const turn = this.#turns.get(key);
    if (turn && failures > 0 && (turn.at === undefined || dueAt < turn.at)) {
      // What was to be looked at then or announced then is still to be looked at.
      this.#turns.set(key, { ...turn, at: dueAt });
    }
  }

  dueAt(key: string): Date | undefined {
    const turn = this.#turns.get(key);
    return turn ? turn.at : this.#entries.get(key)?.dueAt;
  }

  /** The App has no set times any more. */
  forgetTurn(key: string): void {
    this.#turns.delete(key);
  }

  /** The App is gone. */
  forget(key: string): void {
    this.#entries.delete(key);
    this.#announced.delete(key);
    this.#turns.delete(key);
  }
}

/** Under which an App's checks are remembered, and forgotten when it is gone. */
export function memoryKey({ namespace, name }: { readonly namespace: string; readonly name: string }): string {
  return `${namespace}/${name}`;
}
