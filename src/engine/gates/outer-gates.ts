/**
 * What is asked outside before an Update begins. It is asked apart from the passes, so that a slow answer holds no worker, and only once
 * everything else is open; the end of the asking wakes the Update.
 */
import type { GateAnswer } from '../../core/gates/gate-answer.ts';
import { RunningChecks, type RunningChecksOptions } from '../check/running-checks.ts';
import type { Clock } from '../ports/clock.ts';

export interface OuterGatesOptions extends RunningChecksOptions {
  readonly clock: Clock;
}

export interface OuterQuestion {
  /** `namespace/name` of the Update. */
  readonly key: string;
  /** Another text whenever an earlier answer is worth nothing any more. */
  readonly basis: string;
  readonly everyMs: number;
  readonly ask: (signal: AbortSignal) => Promise<GateAnswer>;
}

interface Kept {
  readonly basis: string;
  readonly answer: GateAnswer;
  readonly askedAtMs: number;
}

/** A yes is for now: what comes after it must not build on what was said long ago. */
const maxAgeOfYesMs = 30_000;
const maxKept = 10_000;

const asking: GateAnswer = {
  kind: 'Shut',
  waiting: { reason: 'Asking', message: 'vetoes and what is to be checked before are being asked' },
};

export class OuterGates {
  readonly #clock: Clock;
  readonly #running: RunningChecks;
  readonly #kept = new Map<string, Kept>();

  constructor({ clock, ...options }: OuterGatesOptions) {
    this.#clock = clock;
    this.#running = new RunningChecks(options);
  }

  /** How many are being asked. */
  get size(): number {
    return this.#running.size;
  }

  /**
   * What was said last, as long as it holds; begins to ask where nothing is known or it is time again. A no stands until there is another
   * answer.
   */
  consult({ key, basis, everyMs, ask }: OuterQuestion): GateAnswer {
    const kept = this.#kept.get(key);
    const known = kept?.basis === basis ? kept : undefined;
    const ageMs = known === undefined ? 0 : this.#clock.now().getTime() - known.askedAtMs;
    if (known !== undefined && ageMs < (known.answer.kind === 'Open' ? maxAgeOfYesMs : everyMs)) {
      return known.answer;
    }
    if (!this.#running.isUnderWay(key, basis)) {
      this.#running.start(key, basis, { run: ask, keep: (answer) => this.#keep(key, basis, answer) });
    }
    return known?.answer.kind === 'Shut' ? { kind: 'Shut', waiting: known.answer.waiting } : asking;
  }

  /** It waits for something else, has begun, or is gone. */
  forget(key: string): void {
    this.#running.forget(key);
    this.#kept.delete(key);
  }

  #keep(key: string, basis: string, answer: GateAnswer): void {
    this.#kept.delete(key);
    this.#kept.set(key, { basis, answer, askedAtMs: this.#clock.now().getTime() });
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > maxKept && oldest !== undefined) {
      this.#kept.delete(oldest);
    }
  }
}
