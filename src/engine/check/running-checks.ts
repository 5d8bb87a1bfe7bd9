/**
 * Checks under way, apart from the passes that began them: a pass does not wait for a registry, so that one that is slow holds no worker
 * and delays no App that asks elsewhere. How many requests go to one registry at a time is the registry adapter's business.
 */
export interface RunningChecksOptions {
  /** Told of each that has ended; the App needs another pass. */
  readonly onEnd: (key: string) => void;
  /** Ends all. */
  readonly signal: AbortSignal;
  /** Resolves at the next turn of the event loop; without it no check is taken to end at once. */
  readonly nextTurn?: () => Promise<void>;
}

interface Running {
  readonly basis: string;
  /** By the pass that began it. */
  isAwaited: boolean;
}

export class RunningChecks {
  readonly #options: RunningChecksOptions;
  readonly #running = new Map<string, Running>();
  /** Of checks that broke off, until the next pass has heard of them. */
  readonly #defects = new Map<string, unknown>();

  constructor(options: RunningChecksOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#running.size;
  }

  /**
   * Whether a check on this basis is under way.
   *
   * @throws what the last one threw, once
   */
  isUnderWay(key: string, basis: string): boolean {
    if (this.#defects.has(key)) {
      const defect = this.#defects.get(key);
      this.#defects.delete(key);
      throw defect;
    }
    return this.#running.get(key)?.basis === basis;
  }

  /** Begins one; an earlier one on another basis is not listened to any more. */
  start<T>(key: string, basis: string, check: Check<T>): void {
    const running = { basis, isAwaited: false };
    this.#running.set(key, running);
    const end = (then: () => void) => {
      if (this.#running.get(key) !== running) {
        return;
      }
      this.#running.delete(key);
      if (!this.#options.signal.aborted) {
        then();
        if (!running.isAwaited) {
          this.#options.onEnd(key);
        }
      }
    };
    check.run(this.#options.signal).then(
      (result) => end(() => check.keep(result)),
      (error: unknown) => end(() => this.#defects.set(key, error)),
    );
  }

  /**
   * Whether the one just begun ends before the next turn of the event loop, as it does where all that it asks is still known from others:
   * the pass that began it then goes on by itself, and `onEnd` is not called for another.
   */
  async endsAtOnce(key: string): Promise<boolean> {
    const running = this.#running.get(key);
    const { nextTurn } = this.#options;
    if (running === undefined || nextTurn === undefined) {
      return running === undefined;
    }
    running.isAwaited = true;
    await nextTurn();
    running.isAwaited = false;
    return this.#running.get(key) !== running;
  }

  /** The App is gone: what is under way is not listened to any more. */
  forget(key: string): void {
    this.#running.delete(key);
    this.#defects.delete(key);
  }
}

export interface Check<T> {
  readonly run: (signal: AbortSignal) => Promise<T>;
  /** Called with what came of it, unless it was forgotten meanwhile. */
  readonly keep: (result: T) => void;
}
