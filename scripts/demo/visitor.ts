/** Somebody who uses the application all the time and notes every answer that is not one. */
import { EventEmitter, once } from 'node:events';
import { request } from 'node:http';

export interface Visitor {
  readonly requests: number;
  /** What went wrong, one sentence each. */
  readonly errors: readonly string[];
  /** The last answer, e.g. `web 1.1.0`. */
  readonly lastAnswer: string;
  /** Resolves when an answer is the text; rejects after the deadline. */
  sees(answer: string, deadlineMs: number): Promise<void>;
  stop(): Promise<void>;
}

const betweenMs = 50;
const timeoutMs = 5_000;

/**
 * Asks over and over, each time on a new connection, as many visitors would.
 *
 * Resolves after the first answer, from which on every error counts; rejects when there is none within the deadline.
 */
export async function startVisitor(host: string, port: number, deadlineMs: number): Promise<Visitor> {
  const first = await firstAnswer(host, port, performance.now() + deadlineMs);
  const stopping = new AbortController();
  const state = { requests: 0, errors: [] as string[], lastAnswer: first };
  const answered = new EventEmitter();
  const done = (async () => {
    while (!stopping.signal.aborted) {
      try {
        state.lastAnswer = await ask(host, port);
        answered.emit('answer');
      } catch (error) {
        state.errors.push(`${new Date().toISOString()} ${error instanceof Error ? error.message : String(error)}`);
      }
      state.requests += 1;
      await pause(stopping.signal);
    }
  })();
  return {
    get requests() {
      return state.requests;
    },
    get errors() {
      return state.errors;
    },
    get lastAnswer() {
      return state.lastAnswer;
    },
    async sees(answer, deadlineMs) {
      const deadline = AbortSignal.timeout(deadlineMs);
      while (state.lastAnswer !== answer) {
        await once(answered, 'answer', { signal: deadline });
      }
    },
    async stop() {
      stopping.abort();
      await done;
    },
  };
}

async function firstAnswer(host: string, port: number, deadline: number): Promise<string> {
  for (;;) {
    try {
      return await ask(host, port);
    } catch (error) {
      if (performance.now() > deadline) {
        throw error;
      }
      await pause(new AbortController().signal);
    }
  }
}

function ask(host: string, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const call = request({ host, port, path: '/', agent: false, timeout: timeoutMs }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('error', reject);
      response.on('end', () =>
        response.statusCode === 200 ? resolve(text.trim()) : reject(new Error(`HTTP ${response.statusCode}`)),
      );
    });
    call.on('timeout', () => call.destroy(new Error(`no answer within ${timeoutMs} ms`)));
    call.on('error', reject);
    call.end();
  });
}

function pause(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, betweenMs);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
