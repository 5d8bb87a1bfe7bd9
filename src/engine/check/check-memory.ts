/** Remembers the last check of each App (by `namespace/name`), so that registries are asked once an interval and not at every wake-up. */
import type { Finding } from '../detect/finding.ts';
import type { Clock } from '../ports/clock.ts';

interface Remembered {
  readonly basis: string;
  readonly findings: readonly Finding[];
  readonly dueAt: Date;
  /** Checks in a row that a registry did not answer. */
  readonly failures: number;
}

export interface CheckMemoryOptions {
  readonly clock: Clock;
  /** Number in [0, 1); spreads checks of many Apps. */
  readonly random: () => number;
}

const jitterShare = 0.1;
const firstRetryMs = 5_000;
const longestRetryMs = 24 * 3_600_000;

export class CheckMemory {
  readonly #options: CheckMemoryOptions;
  readonly #entries = new Map<string, Remembered>();
  /** Announced since their last check began. */
  readonly #announced = new Set<string>();

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
   * Makes a check due, because something new was announced. A check that is under way began before and may have missed it;
   * what it finds is then not believed either.
   */
  expire(key: string): void {
    this.#announced.add(key);
  }

  /**
   * Keeps the findings of a check until it is due again: after the interval, or sooner with growing delay while a
   * registry does not answer. A registry that says when to come back is believed, for a day at most.
   */
  remember(
    key: string,
    basis: string,
    check: { readonly findings: readonly Finding[]; readonly intervalMs: number },
  ): void {
    const { clock, random } = this.#options;
    const errors = check.findings.flatMap((finding) => (finding.kind === 'Unavailable' ? [finding.error] : []));
    const failures = errors.length === 0 ? 0 : (this.#entries.get(key)?.failures ?? 0) + 1;
    const asked = Math.max(0, ...errors.map((error) => error.retryAfterMs ?? 0));
    const backoffMs = Math.min(check.intervalMs, firstRetryMs * 2 ** Math.min(failures - 1, 20));
    const delayMs = failures === 0 ? check.intervalMs : Math.max(Math.min(asked, longestRetryMs), backoffMs);
    const dueAt = new Date(clock.now().getTime() + delayMs * (1 + random() * jitterShare));
    this.#entries.set(key, { basis, findings: check.findings, dueAt, failures });
  }

  dueAt(key: string): Date | undefined {
    return this.#entries.get(key)?.dueAt;
  }

  /** The App is gone. */
  forget(key: string): void {
    this.#entries.delete(key);
    this.#announced.delete(key);
  }
}
