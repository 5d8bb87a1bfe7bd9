/**
 * One HTTP request whose answer is kept as a whole.
 *
 * Written on undici's dispatch, because its `request` wraps each body into a stream, which costs a third of the client's time in small
 * calls (bench/kube.ts).
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';

export interface WholeAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: Buffer;
}

export interface AnswerLimits {
  readonly signal: AbortSignal;
  /** Bytes that the body of an answer with this status may have. */
  readonly maxBytes: (status: number) => number;
}

/** Thrown for a body beyond its limit; the rest of it is not read. */
export class AnswerTooLarge extends Error {
  override readonly name = 'AnswerTooLarge';
  /** Of the answer, whose head had arrived. */
  readonly status: number;
  readonly headers: IncomingHttpHeaders;

  constructor(maxBytes: number, status: number, headers: IncomingHttpHeaders) {
    super(`answer is larger than ${maxBytes} bytes`);
    this.status = status;
    this.headers = headers;
  }
}

/** Rejects with what the socket says, with AnswerTooLarge, or with the reason of the signal. */
export function fetchWhole(
  dispatcher: Dispatcher,
  request: Dispatcher.DispatchOptions,
  limits: AnswerLimits,
): Promise<WholeAnswer> {
  return new Promise((resolve, reject) => {
    dispatcher.dispatch(request, new WholeAnswerHandler(limits, resolve, reject));
  });
}

class WholeAnswerHandler implements Dispatcher.DispatchHandler {
  readonly #limits: AnswerLimits;
  readonly #resolve: (answer: WholeAnswer) => void;
  readonly #reject: (error: unknown) => void;
  readonly #chunks: Buffer[] = [];
  #size = 0;
  #status = 0;
  #headers: IncomingHttpHeaders = {};
  #controller: Dispatcher.DispatchController | undefined;

  constructor(limits: AnswerLimits, resolve: (answer: WholeAnswer) => void, reject: (error: unknown) => void) {
    this.#limits = limits;
    this.#resolve = resolve;
    this.#reject = reject;
    limits.signal.addEventListener('abort', this.#stop, { once: true });
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#limits.signal.aborted) {
      this.#stop();
    }
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    this.#status = status;
    this.#headers = headers;
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    const maxBytes = this.#limits.maxBytes(this.#status);
    this.#size += chunk.length;
    if (this.#size > maxBytes) {
      controller.abort(new AnswerTooLarge(maxBytes, this.#status, this.#headers));
    } else {
      this.#chunks.push(chunk);
    }
  }

  onResponseEnd(): void {
    this.#limits.signal.removeEventListener('abort', this.#stop);
    const [only] = this.#chunks;
    const bytes = this.#chunks.length === 1 && only !== undefined ? only : Buffer.concat(this.#chunks, this.#size);
    this.#resolve({ status: this.#status, headers: this.#headers, bytes });
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#limits.signal.removeEventListener('abort', this.#stop);
    this.#reject(error);
  }

  /** Rejects at once, also while the request still waits for a connection. */
  readonly #stop = (): void => {
    const { reason } = this.#limits.signal;
    this.#controller?.abort(reason instanceof Error ? reason : new Error('aborted', { cause: reason }));
    this.#reject(reason);
  };
}
