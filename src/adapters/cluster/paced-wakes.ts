/**
 * Wakes an App when something of it changes: at once, and one of many objects again only after a while, so that a thousand changes in a row do
 * not lead to a thousand looks at thousands of objects. The last change is always followed by a wake.
 */

/** An App of 2,000 objects is looked at four times a second at most, one of a few whenever something happens. */
const msPerObject = 0.125;
const longestMs = 1_000;
const shortestMs = 10;

export class PacedWakes {
  readonly #wake: (app: string) => void;
  readonly #signal: AbortSignal;
  /** Apps that were woken a moment ago. */
  readonly #resting = new Map<string, { isDue: boolean }>();

  /** @param wake gets `namespace/name` */
  constructor(wake: (app: string) => void, signal: AbortSignal) {
    this.#wake = wake;
    this.#signal = signal;
  }

  /** @param objects how many the App has */
  wake(app: string, objects: number): void {
    const resting = this.#resting.get(app);
    if (resting !== undefined) {
      resting.isDue = true;
      return;
    }
    this.#wake(app);
    const restMs = Math.min(longestMs, objects * msPerObject);
    if (restMs >= shortestMs) {
      this.#rest(app, restMs);
    }
  }

  /** By the time of the machine, whatever clock the decisions follow: it is what the API server sends that is paced. */
  #rest(app: string, restMs: number): void {
    const resting = { isDue: false };
    this.#resting.set(app, resting);
    setTimeout(() => {
      this.#resting.delete(app);
      if (resting.isDue && !this.#signal.aborted) {
        this.#wake(app);
        this.#rest(app, restMs);
      }
    }, restMs).unref();
  }
}
