/** Lets only so many go at once; the others wait for their turn, first come first served. */
export class Turns {
  readonly #most: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** Settles as the action does. */
  async take<T>(action: () => Promise<T>): Promise<T> {
    if (this.#running >= this.#most) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    this.#running += 1;
    try {
      return await action();
    } finally {
      this.#running -= 1;
      this.#waiting.shift()?.();
    }
  }
}
