/**
 * Runs one program of foreign making within bounds: time, output, memory; its whole process group ends with it.
 *
 * Helm goes on rendering after SIGTERM, and a template can take all the memory of the machine, so the end is SIGKILL.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { OperationError } from '../../core/errors.ts';
import { KeptOutput } from './kept-output.ts';

export interface ProgramRun {
  /** For errors, e.g. `helm upgrade`. */
  readonly what: string;
  readonly program: string;
  /** Everybody on the machine can read them: nothing secret. */
  readonly arguments: readonly string[];
  /** The whole environment. */
  readonly environment: Readonly<Record<string, string>>;
  readonly directory: string;
  readonly timeoutMs: number;
  /** Of standard output. */
  readonly maxOutputBytes: number;
  /** What becomes of more of it: the program ends, or its middle is left out. */
  readonly beyondOutput?: 'End' | 'Cut';
  /** Resident memory of the program itself. */
  readonly maxMemoryBytes: number;
}

export interface ProgramResult {
  /** Undefined when it was ended. */
  readonly exitCode: number | undefined;
  readonly output: string;
  /** The end of standard error; says how much of its beginning was cut. */
  readonly errors: string;
  /** Why it was ended, as a sentence; undefined when it ended by itself. */
  readonly ended: string | undefined;
}

const maxErrorBytes = 256 * 1024;
const memoryCheckMs = 100;
const mebibyte = 1024 * 1024;

/** @throws HELM_UNAVAILABLE when the program cannot be started; the signal's reason when that is why it was ended */
export async function runProgram(run: ProgramRun, signal: AbortSignal): Promise<ProgramResult> {
  signal.throwIfAborted();
  const child = spawn(run.program, [...run.arguments], {
    cwd: run.directory,
    env: { ...run.environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const watcher = new Bounds(child, run);
  const onAbort = () => watcher.end('it was no longer wanted');
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    const result = await watcher.finished;
    signal.throwIfAborted();
    return result;
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

class Bounds {
  readonly finished: Promise<ProgramResult>;
  readonly #child: ChildProcess;
  readonly #run: ProgramRun;
  #ended: string | undefined;
  readonly #output: KeptOutput;
  #errors = Buffer.alloc(0);
  #errorBytes = 0;

  constructor(child: ChildProcess, run: ProgramRun) {
    this.#child = child;
    this.#run = run;
    this.#output = new KeptOutput(run.maxOutputBytes);
    child.stdout?.on('data', (chunk: Buffer) => this.#takeOutput(chunk));
    child.stderr?.on('data', (chunk: Buffer) => {
      this.#errorBytes += chunk.length;
      this.#errors = Buffer.concat([this.#errors, chunk]).subarray(-maxErrorBytes);
    });
    const timer = setTimeout(() => this.end(`it took longer than ${run.timeoutMs / 1_000} s`), run.timeoutMs);
    const memory = setInterval(() => void this.#checkMemory(), memoryCheckMs);
    void offerToOomKiller(child.pid);
    this.finished = this.#untilClosed().finally(() => {
      clearTimeout(timer);
      clearInterval(memory);
      // What the program started must not outlive it.
      this.#kill();
    });
  }

  end(reason: string): void {
    this.#ended ??= reason;
    this.#kill();
  }

  #untilClosed(): Promise<ProgramResult> {
    const { promise, resolve, reject } = Promise.withResolvers<ProgramResult>();
    this.#child.once('error', (cause: NodeJS.ErrnoException) => {
      const message = `start ${this.#run.program} for ${this.#run.what}: ${cause.code ?? cause.message}`;
      reject(new OperationError(message, { code: 'HELM_UNAVAILABLE', retry: 'backoff', cause }));
    });
    this.#child.once('close', (exitCode) =>
      resolve({
        exitCode: this.#ended === undefined ? (exitCode ?? undefined) : undefined,
        output: this.#output.text(),
        errors: this.#endOfErrors(),
        ended: this.#ended ?? (exitCode === null ? `it ended by ${this.#child.signalCode}` : undefined),
      }),
    );
    return promise;
  }

  #endOfErrors(): string {
    const cut = this.#errorBytes - this.#errors.length;
    return `${cut > 0 ? `[${cut} bytes before this were cut]\n` : ''}${this.#errors.toString('utf8')}`;
  }

  #takeOutput(chunk: Buffer): void {
    const { maxOutputBytes, beyondOutput } = this.#run;
    if (!this.#output.take(chunk) && beyondOutput !== 'Cut') {
      this.end(`it wrote more than ${maxOutputBytes / mebibyte} MiB`);
    }
  }

  /** Where there is no /proc, the limit of the container remains. */
  async #checkMemory(): Promise<void> {
    const { maxMemoryBytes } = this.#run;
    const used = await residentBytes(this.#child.pid);
    if (used !== undefined && used > maxMemoryBytes && this.#child.exitCode === null) {
      this.end(`it took more than ${maxMemoryBytes / mebibyte} MiB of memory`);
    }
  }

  #kill(): void {
    const { pid } = this.#child;
    if (pid === undefined) {
      return;
    }
    try {
      process.kill(-pid, 'SIGKILL');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') {
        throw error;
      }
    }
  }
}

async function residentBytes(pid: number | undefined): Promise<number | undefined> {
  try {
    const status = await readFile(`/proc/${pid}/status`, 'utf8');
    const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
    return kibibytes === undefined ? undefined : Number(kibibytes) * 1024;
  } catch {
    return undefined;
  }
}

/** Should memory run out between two looks, the kernel is to end the child and not us. */
async function offerToOomKiller(pid: number | undefined): Promise<void> {
  await writeFile(`/proc/${pid}/oom_score_adj`, '1000').catch(() => undefined);
}
